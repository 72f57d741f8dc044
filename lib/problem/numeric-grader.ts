// The grader: numbers, formulas, lists and words as people, LaTeX, Python and sympy write them, compared by value (answer/).
// Not covered: equations by their solutions, conversions of units, rounding.
import { sameAnswer } from './answer/compare.ts'
import { readAnswer } from './answer/read-answer.ts'
import type { Grader } from './grader.ts'

const NOT_FINITE = /^\s*[+-]?(?:inf|infinity|nan|∞)\s*$/i
const WHOLE = /^[+-]?\d+$/

/**
 * Whole numbers and fractions are equal only when they are the same; a printed float when the noise of floating point explains
 * the difference (10^-10 of the larger), or when it is the other rounded to six digits or more, beside a whole number never. `50%` is 0.5 and not 50. A unit may be missing on one side, else both must be the same;
 * letters that are part of a formula are none. Brackets count, order counts within them but for sets. Infinity and NaN
 * equal nothing. What is no mathematics is equal to the same words, blanks and case aside.
 * The released code accepts more (x / 100, 100 x, arguments the other way round).
 * @example
 * numericGrader.equivalent('$1,200.00', '1200') // true
 * numericGrader.equivalent('1 1/2', '1.5') // true
 * numericGrader.equivalent('18', '18 dollars') // true
 * numericGrader.equivalent('5 cm', '5 m') // false
 * numericGrader.equivalent('2', '2x') // false
 * numericGrader.equivalent('sqrt(2)/2', '\\frac{\\sqrt{2}}{2}') // true
 */
export const numericGrader: Grader = {
  name: 'numeric',
  equivalent(answer, reference) {
    const got = answer.trim()
    const expected = reference.trim()
    if (got === expected) return got !== '' && !NOT_FINITE.test(got)
    if (WHOLE.test(got) && WHOLE.test(expected)) return sameWhole(got, expected)
    if (NOT_FINITE.test(got) || NOT_FINITE.test(expected)) return false
    return sameAnswer(readAnswer(got), readAnswer(expected))
  },
}

const sameWhole = (a: string, b: string): boolean => digitsOf(a) === digitsOf(b)
const digitsOf = (whole: string): string =>
  whole
    .replace(/^\+/, '')
    .replace(/^(-?)0+(?=\d)/, '$1')
    .replace(/^-0$/, '0')
