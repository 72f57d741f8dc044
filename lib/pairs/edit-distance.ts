// Whether two texts differ enough to be worth preferring one over the other.

/**
 * Levenshtein distance of two texts in UTF-16 units: fewest insertions, deletions and replacements.
 * Example: `kitten` and `sitting` are 3 apart.
 */
export function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1))
    }
    above = row
  }
  return above[b.length]!
}
