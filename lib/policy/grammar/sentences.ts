// How the grammar policy reads a question: as a row of slots. A slot is a place that may give rise to one step: a number
// with the words around it, or a sentence without a number. Nothing here knows what any word means.
// Not covered: numbers in words ("three"), tables, formulas.
import { literalsOf } from '../../problem/literals.ts'

/** One place of a question. */
export interface Slot {
  /** The whole sentence, as the comment of a step quotes it. */
  readonly sentence: string
  /** The number as a Python literal; null for a sentence without one. */
  readonly literal: string | null
  /** The distinct words of the sentence, or of the part around the number where a sentence has several. Lower case. */
  readonly words: readonly string[]
}

/** Ends of sentences; not the point of `3.50` or of a title. */
const SENTENCE_END = /(?<!\b(?:Mr|Mrs|Ms|Dr|St|vs)\.)(?<=[.?!]["')]?)\s+/

/** The sentences of a question, blanks collapsed. */
export const sentencesOf = (question: string): string[] =>
  question
    .replace(/\s+/g, ' ')
    .trim()
    .split(SENTENCE_END)
    .filter((sentence) => sentence !== '')

/** How long a question is: what "easy first" sorts by where no level is known. */
export const sentenceCount = (question: string): number => sentencesOf(question).length

/** The slots of a question in reading order. A closing question without a number gives none: it asks, it tells nothing. */
export function slotsOf(question: string): Slot[] {
  const sentences = sentencesOf(question)
  return sentences.flatMap((sentence, index): Slot[] => {
    const literals = literalsOf(sentence)
    const asks = index === sentences.length - 1 && index > 0 && sentence.endsWith('?')
    if (literals.length === 0) return asks ? [] : [{ sentence, literal: null, words: wordsOf(sentence) }]
    const parts = partsOf(
      sentence,
      literals.map((literal) => literal.at),
    )
    return literals.map(({ code }, i) => ({ sentence, literal: code, words: wordsOf(parts[i]!) }))
  })
}

/** What identifies a sentence when a step quotes it: letters and digits only. */
export const sentenceKey = (sentence: string): string => sentence.toLowerCase().replace(/[^a-z0-9]+/g, '')

const wordsOf = (text: string): string[] => [...new Set(text.toLowerCase().match(/[a-z]+/g) ?? [])].sort()

/**
 * Cuts a sentence into one part around each number: at the last comma, semicolon or conjunction between two numbers,
 * where there is one, else before the later number.
 */
function partsOf(sentence: string, numbersAt: readonly number[]): string[] {
  const cuts = numbersAt.slice(1).map((at, i) => {
    const between = sentence.slice(numbersAt[i]!, at)
    const joint = Math.max(
      ...[...between.matchAll(/[,;]\s|\b(?:and|but|then|while)\b/g)].map((match) => match.index),
      -1,
    )
    return joint < 0 ? at : numbersAt[i]! + joint
  })
  return numbersAt.map((_, i) => sentence.slice(i === 0 ? 0 : cuts[i - 1]!, cuts[i] ?? sentence.length))
}
