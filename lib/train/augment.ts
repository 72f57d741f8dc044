// What keeps a small model from memorising a few hundred problems: every example gets fresh numbers each time it is
// drawn, and once copying is learned some of the question's words are blanked. Pure.
import type { Tokenizer } from '../model/tokenizer.ts'
import type { Random } from '../seed/random.ts'

/** What keeps a small model from memorising: how each example is told anew whenever it is drawn. */
export interface AugmentOptions {
  /** Draw every example with fresh numbers. @default true */
  readonly renumber?: boolean
  /** Sizes of the fresh numbers: as many digits as the number they replace, or any mix; see `renumber`. @default 'alike' */
  readonly sizes?: 'alike' | 'mixed'
  /** Share of the examples whose middle sentences, with their steps, are put in another order. Range: 0 to 1. @default 0.5 */
  readonly shuffle?: number
  /** Share of the examples that get a part of another story that asks the same. Range: 0 to 1. @default 0.3 */
  readonly splice?: number
  /** Share of the question's word tokens replaced by the blank token once the decay has begun. Range: 0 to 1. @default 0.15 */
  readonly blank?: number
}

/** Replaces a random share of the tokens that are words (not digits, not markers) by the blank token. */
export function blankWords(
  ids: readonly number[],
  { share, blankId, isWord, rng }: { share: number; blankId: number; isWord: (id: number) => boolean; rng: Random },
): number[] {
  return ids.map((id) => (isWord(id) && rng() < share ? blankId : id))
}

/** Which token ids are words: they hold a letter and are no marker such as `<code>`. */
export function wordTokens(tokenizer: Tokenizer): (id: number) => boolean {
  const words = new Uint8Array(tokenizer.vocabSize)
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const text = tokenizer.decode([id])
    words[id] = /\p{L}/u.test(text) && !/^<.*>$/.test(text) ? 1 : 0
  }
  return (id) => words[id] === 1
}
