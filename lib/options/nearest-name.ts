// What a person may have meant who misspelt a name.

/** The known name that is nearest to a given one; null where none is near. */
export function nearestName(known: readonly string[], given: string): string | null {
  const [nearest] = known.map((name) => ({ name, d: distance(name, given) })).sort((a, b) => a.d - b.d)
  return nearest && nearest.d <= Math.max(3, given.length / 2) ? nearest.name : null
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}
