// Keeps training and held-out problems apart, by question.
import { random, shuffled } from '../seed/random.ts'
import type { Problem } from './problem.ts'

export interface SplitOptions {
  /** Decides which questions are held out. */
  readonly seed: number
  /** Share of the distinct questions to hold out, in [0, 1]. Give this or `count`. */
  readonly share?: number
  /** How many distinct questions to hold out. */
  readonly count?: number
}

/** What two spellings of one question have in common: case, blanks and punctuation do not count. */
export const normalizeQuestion = (question: string): string =>
  question
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .replace(/(?<!\d)\.|\.(?!\d)|[^\p{L}\p{N}.+\-*/^=<>%$\\]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()

/**
 * Divides problems so that no question is on both sides: problems with the same normalized question go together.
 * Each side keeps the order of `problems`. Throws a RangeError unless exactly one of `share` and `count` is given and
 * in range.
 */
export function splitHeldOut(
  problems: readonly Problem[],
  options: SplitOptions,
): { train: Problem[]; heldOut: Problem[] } {
  const questions = [...new Set(problems.map((problem) => normalizeQuestion(problem.question)))].sort()
  const wanted = heldOutCount(questions.length, options)
  const held = new Set(shuffled(random(options.seed, 'held-out'), questions).slice(0, wanted))
  const isHeld = (problem: Problem): boolean => held.has(normalizeQuestion(problem.question))
  return { train: problems.filter((problem) => !isHeld(problem)), heldOut: problems.filter(isHeld) }
}

function heldOutCount(questions: number, { share, count }: SplitOptions): number {
  if ((share === undefined) === (count === undefined))
    throw new RangeError('Expected either `share` or `count` of the held-out split, got both or none')
  if (share !== undefined) {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`Expected \`share\` in [0, 1], got ${share}`)
    return Math.round(share * questions)
  }
  if (!Number.isInteger(count) || count! < 0 || count! > questions)
    throw new RangeError(
      `Expected \`count\` to be an integer from 0 to ${questions} (the distinct questions), got ${count}`,
    )
  return count!
}
