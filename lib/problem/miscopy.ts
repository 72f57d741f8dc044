// Wrong copies of a number, made again for another number. A small model that copies digit by digit drops, adds or
// changes one; the same slip in a fresh number keeps a wrong step as hard to tell from the right one as it was. Pure.

/** One step from a source to its wrong copy. */
type Edit = 'keep' | 'drop' | { readonly shift: number } | { readonly insert: string }

/**
 * The number among `sources` that `wrong` most likely miscopies, or null where none shares at least half of its digits.
 * Ties go to the first. Example: 41 of [219, 43] is a slip of 43.
 */
export function slipOf(wrong: string, sources: readonly string[]): string | null {
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const source of sources) {
    const slips = edits(source, wrong).filter((edit) => edit !== 'keep').length
    if (slips < least && slips * 2 <= Math.max(source.length, wrong.length)) [best, least] = [source, slips]
  }
  return best
}

/**
 * What the slip that made `wrong` of `source` makes of `fresh`, a number with as many digits as `source`: the same
 * places are dropped or changed, and digits that came in come in again. Never with a leading zero. Where that gives
 * `fresh` itself the result is `wrong`, so `wrong` must not be `fresh`.
 * Example: 219 → 29 applied to 583 gives 53.
 */
export function slipAgain(source: string, wrong: string, fresh: string): string {
  let at = 0
  let result = ''
  for (const edit of edits(source, wrong)) {
    if (edit === 'drop') at++
    else if (edit === 'keep') result += fresh[at++]!
    else if ('insert' in edit) result += edit.insert
    else result += String((Number(fresh[at++]) + edit.shift) % 10)
  }
  const plain = result.replace(/^0/, '9')
  return plain === fresh || plain === '' ? wrong : plain
}

/** A shortest way from one string of digits to another (Levenshtein), from left to right. */
function edits(from: string, to: string): readonly Edit[] {
  type Way = { readonly slips: number; readonly edits: readonly Edit[] }
  const go = ({ slips, edits }: Way, edit: Edit): Way => ({
    slips: slips + (edit === 'keep' ? 0 : 1),
    edits: [...edits, edit],
  })
  // ways[j]: from the digits of `from` read so far to the first j of `to`.
  let ways: Way[] = [{ slips: 0, edits: [] }]
  for (const digit of to) ways.push(go(ways.at(-1)!, { insert: digit }))
  for (const source of from) {
    const next: Way[] = [go(ways[0]!, 'drop')]
    for (const [j, target] of [...to].entries()) {
      const shift = (Number(target) - Number(source) + 10) % 10
      const choices = [
        go(ways[j]!, shift === 0 ? 'keep' : { shift }),
        go(ways[j + 1]!, 'drop'),
        go(next[j]!, { insert: target }),
      ]
      next.push(choices.reduce((best, way) => (way.slips < best.slips ? way : best)))
    }
    ways = next
  }
  return ways[to.length]!.edits
}
