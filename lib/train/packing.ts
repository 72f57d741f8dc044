// Several examples in each row of a batch, so that almost no padding is computed. A segment number tells whose token
// is whose; a segment may have a parent that it also reads (a pair's two continuations share one prefix).
// Pure; knows nothing of text.
import type { PackedRows } from '../model/batch.ts'
import type { LanguageBatch, PreferenceBatch } from '../model/objectives.ts'

export interface BatchShape {
  /** Rows of a batch. Minimum: 1. */
  readonly rows: number
  /** Tokens of a row. */
  readonly columns: number
}

/** An example of the language objective: read the prefix, predict the solution. */
export interface LanguageExample {
  readonly prefix: readonly number[]
  readonly solution: readonly number[]
}

const emptyRows = ({ rows, columns }: BatchShape): PackedRows => ({
  ids: new Int32Array(rows * columns),
  positions: new Int32Array(rows * columns),
  segments: new Int32Array(rows * columns),
  parents: new Int32Array(rows * columns),
})

/**
 * Fills a batch with examples from an endless source, row after row; an example that does not fit the rest of a row
 * is given back through `putBack` and comes first in the next row or batch. The loss counts on the solution alone.
 * Errors: an example longer than a row.
 */
export function packLanguage(
  next: () => LanguageExample,
  putBack: (e: LanguageExample) => void,
  shape: BatchShape,
): LanguageBatch {
  const { rows, columns } = shape
  const batch = {
    ...emptyRows(shape),
    targets: new Int32Array(rows * columns),
    lossWeights: new Float32Array(rows * columns),
  }
  for (let row = 0; row < rows; row++) {
    let used = 0
    for (let segment = 1; ; segment++) {
      const example = next()
      const tokens = [...example.prefix, ...example.solution]
      const length = tokens.length - 1
      if (length > columns)
        throw new RangeError(`Expected examples of at most ${columns + 1} tokens, got ${tokens.length}`)
      if (used + length > columns) {
        putBack(example)
        break
      }
      for (let i = 0; i < length; i++) {
        const at = row * columns + used + i
        batch.ids[at] = tokens[i]!
        batch.positions[at] = i
        batch.segments[at] = segment
        batch.parents[at] = segment
        if (i >= example.prefix.length - 1) {
          batch.targets[at] = tokens[i + 1]!
          batch.lossWeights[at] = 1
        }
      }
      used += length
    }
  }
  return batch
}

/** A pair of the preference objective: two continuations of one prefix. */
export interface PreferenceExample {
  readonly prefix: readonly number[]
  readonly chosen: readonly number[]
  readonly rejected: readonly number[]
  readonly weight: number
}

/**
 * Compared are the scores at the last token of each continuation, followed by those at the first that differs where that
 * is neither side's last. A comparison that is not in use has the weight 0.
 */
export interface PreferenceRows extends PreferenceBatch {
  readonly pairWeights: Float32Array
  /** Comparisons in use. */
  readonly used: number
}

/** Fills a batch with pairs, as `packLanguage` does with examples. Each takes its prefix once. `pairs`: room for comparisons. */
export function packPreferences(
  next: () => PreferenceExample | null,
  putBack: (e: PreferenceExample) => void,
  shape: BatchShape & { readonly pairs: number },
): PreferenceRows {
  const { rows, columns, pairs } = shape
  const batch = {
    ...emptyRows(shape),
    chosen: new Int32Array(pairs),
    rejected: new Int32Array(pairs),
    pairWeights: new Float32Array(pairs),
  }
  let used = 0
  for (let row = 0; row < rows && used < pairs; row++) {
    let column = 0
    for (let segment = 1; used < pairs; segment += 3) {
      const example = next()
      if (example === null) return { ...batch, used }
      const { prefix, chosen, rejected, weight } = example
      const length = prefix.length + chosen.length + rejected.length
      if (length > columns) throw new RangeError(`Expected pairs of at most ${columns} tokens, got ${length}`)
      if (column + length > columns) {
        putBack(example)
        break
      }
      const place = (tokens: readonly number[], from: number, number: number) => {
        for (const [i, token] of tokens.entries()) {
          const at = row * columns + column + i
          batch.ids[at] = token
          batch.positions[at] = from + i
          batch.segments[at] = number
          batch.parents[at] = segment
        }
        column += tokens.length
        return row * columns + column - 1
      }
      place(prefix, 0, segment)
      batch.chosen[used] = place(chosen, prefix.length, segment + 1)
      batch.rejected[used] = place(rejected, prefix.length, segment + 2)
      batch.pairWeights[used] = weight
      used++
      // Where the sides part, both have been read the same way: the one place where a wrong digit stands alone.
      const parting = chosen.findIndex((token, i) => token !== rejected[i])
      if (used < pairs && parting >= 0 && parting < Math.min(chosen.length, rejected.length) - 1) {
        batch.chosen[used] = batch.chosen[used - 1]! - (chosen.length - 1 - parting)
        batch.rejected[used] = batch.rejected[used - 1]! - (rejected.length - 1 - parting)
        batch.pairWeights[used] = weight
        used++
      }
    }
  }
  return { ...batch, used }
}
