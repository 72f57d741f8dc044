// Keeps training and held-out problems apart, by question.
import { random, shuffled } from '../seed/random.ts'
import type { Problem } from './problem.ts'

/** How many questions `splitHeldOut` holds out, and which. */
export interface SplitOptions {
  /** Decides which questions are held out. Integer, of which 32 bits count. */
  readonly seed: number
  /** Share of the distinct questions to hold out, in [0, 1]. Give this or `count`. */
  readonly share?: number
  /** How many distinct questions to hold out. Integer from 0 to the number of distinct questions. */
  readonly count?: number
}

/**
 * What two spellings of one question have in common: case, blanks, most punctuation and thousands' commas do not count;
 * signs of arithmetic and decimal points do.
 * @example
 * normalizeQuestion('Mia has 1,200 shells.  How many?') // 'mia has 1200 shells how many'
 */
export const normalizeQuestion = (question: string): string =>
  question
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .replace(/(?<!\d)\.|\.(?!\d)|[^\p{L}\p{N}.+\-*/^=<>%$\\]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()

/**
 * Divides problems so that no question is on both sides: problems with the same normalized question go together. Each
 * side keeps the order of `problems`. The split depends on the seed and the set of questions, not on their order.
 * Errors: a RangeError unless exactly one of `share` and `count` is given and in range.
 * @example
 * const problems = generateProblems({ seed: 1, counts: [10] })
 * splitHeldOut(problems, { seed: 1, share: 0.2 }).heldOut.length // 2
 * splitHeldOut(problems, { seed: 1 }) // RangeError: Expected either `share` or `count` of the held-out split…
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
