// How likely it is that programs which know nothing of a question's meaning hit its answer. Nothing is learned for it and
// no word is read: what the programs of a problem printed beside the answer tells how large and how round such values are.
import { exactNumber } from '../problem/answer/exact-number.ts'
import { numericGrader } from '../problem/numeric-grader.ts'
import type { Rational } from '../problem/rational.ts'

/** What a seen value counts beside unseen ones: all values of an order of magnitude, or the round ones among them. */
const [UNSEEN, UNSEEN_ROUND] = [1, 0.5]
/** Bounds of the result: nothing is certain. */
const [LEAST, MOST] = [1e-6, 0.9999]
/** Relative difference of numbers that are called the same here. */
const SAME = 1e-9

/**
 * Probability that at least one of so many programs prints the reference by chance, `1 - (1 - q)^n`. `answers`: what
 * each distinct program of the problem printed, n in all, right ones included. q is estimated from the values beside the
 * reference: the share between its half and its double, over the fractions with its denominator there; or the same of
 * round values alone, for a round reference. An answer that is no number is one of the other texts.
 * @example
 * chanceOfHit('4', ['4', '3', '5', '6', '12', '9']) // 0.358…
 * chanceOfHit('377', ['377', '300', '512', '12', '9', '4']) // 0.003…
 */
export function chanceOfHit(reference: string, answers: readonly string[]): number {
  const number = exactNumber(reference)
  const q = number === null ? oneOfTexts(reference, answers) : oneOfNumbers(number, answers)
  return Math.min(MOST, Math.max(LEAST, 1 - (1 - q) ** answers.length))
}

function oneOfTexts(reference: string, answers: readonly string[]): number {
  const others = answers.filter((answer) => !numericGrader.equivalent(answer, reference))
  return (others.length + UNSEEN) / (answers.length + 2) / (new Set(others).size + 1)
}

function oneOfNumbers(reference: Rational, answers: readonly string[]): number {
  const target = asNumber(reference)
  if (!Number.isFinite(target)) return 0
  const others = answers.flatMap((answer) => {
    const value = exactNumber(answer)
    const ratio = value === null ? Number.NaN : asNumber(value) / target
    return ratio >= 0.5 && ratio <= 2 && Math.abs(ratio - 1) > SAME ? [ratio] : []
  })
  // In units of its denominator: 4 is the 4th whole number, 0.35 the 7th of the twentieths.
  const place = Math.abs(Number(reference.numerator))
  const tens = 10 ** trailingZeros(reference.numerator)
  const round = others.filter((ratio) => isWhole((ratio * place) / tens))
  const share = (list: readonly number[], unseen: number): number => (list.length + unseen) / (answers.length + 2)
  return Math.max(share(others, UNSEEN) / near(place), share(round, UNSEEN_ROUND) / near(place / tens))
}

/** Whole numbers from half of `place` to its double. */
const near = (place: number): number => (place === 0 ? 1 : Math.floor(2 * place) - Math.ceil(place / 2) + 1)

const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < SAME * Math.max(1, value)

/** NaN or infinite where doubles end. */
const asNumber = ({ numerator, denominator }: Rational): number => Number(numerator) / Number(denominator)

function trailingZeros(value: bigint): number {
  const [zeros] = value === 0n ? [''] : /0*$/.exec(String(value))!
  return zeros.length
}
