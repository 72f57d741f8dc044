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
 * What two spellings of one question have in common: case, blanks, thousands' commas and the punctuation of sentences do
 * not count. Signs of mathematics do: brackets, bars, primes, factorials, powers and decimal points.
 * @example
 * normalizeQuestion('Mia has 1,200 shells.  How many?') // 'mia has 1200 shells how many'
 * normalizeQuestion('Is (2-3) negative?') // 'is (2-3) negative'
 */
export const normalizeQuestion = (question: string): string =>
  question
    .replace(/[\u2070\u00b9\u00b2\u00b3\u2074-\u207b]+/g, (power) => `^${power}`) // else x² would be x2
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[‐‑–−]/g, '-')
    .replace(/[’‘ʼ]/g, "'")
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .replace(/(?<!(?<![\p{L}\p{N}])\p{L}|[)\]}'])'|'(?=\p{L})/gu, ' ') // what is no prime
    .replace(/(?<!\d|[)\]}!]|(?<![\p{L}\p{N}])\p{L})!/gu, ' ') // what is no factorial
    .replace(/\.(?!\d)|[,;:](?!\d)|,|[?¿¡"“”„«»…—]/g, ' ')
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
