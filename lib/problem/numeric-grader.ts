// The grader of numbers: reads them as people, LaTeX and Python write them, and compares them exactly. Other answers are equal
// only as text. A richer grader (sets, intervals, LaTeX, symbolic) fills the same contract.
import type { Grader } from './grader.ts'
import { add, divide, isInteger, multiply, negate, parseRational, type Rational, subtract } from './rational.ts'

/** Relative difference that rounding in floating point explains, as 1 / 10^10; beside 0 an absolute one. */
const FLOAT_TOLERANCE = 10_000_000_000n
/** Largest relative difference of a decimal that was written shorter than it is, as 1 / 10^6 … */
const ROUNDED_TOLERANCE = 1_000_000n
/** … and its fewest digits: 0.333333 stands for 1/3, 0.5 for nothing else. */
const ROUNDED_DIGITS = 6
/** Whole numbers below it are exact in floating point. */
const EXACT_FLOAT = 2n ** 53n

/**
 * Numbers are equal when the noise of floating point explains their difference (10^-10 of the larger, 10^-10 beside 0),
 * or when one is the other rounded to six digits or more; whole numbers are nobody's rounding, and two of them are equal
 * only when they are the same. `50%` is 50, not 0.5. Infinity and NaN equal nothing. What is no number is equal to the
 * same text, blanks aside. The released code accepts more (x / 100, 100 x, arguments the other way round).
 * @example
 * numericGrader.equivalent('$1,200.00', '1200') // true
 * numericGrader.equivalent('1 1/2', '1.5') // true
 * numericGrader.equivalent('18 dollars', '18') // true
 * numericGrader.equivalent('\\frac{3}{4}', '0.75') // true
 * numericGrader.equivalent('50%', '0.5') // false
 */
export const numericGrader: Grader = {
  name: 'numeric',
  equivalent(answer, reference) {
    if (NOT_FINITE.test(answer) || NOT_FINITE.test(reference)) return false
    if (answer === reference) return answer.trim() !== ''
    const got = parseNumber(answer)
    const expected = parseNumber(reference)
    if (got && expected) return sameNumber(got, expected)
    return !got && !expected && compact(answer) === compact(reference) && compact(answer) !== ''
  },
}

/** A number as written: its value, and whether it was written as a whole number (`12`, not `12.0`). */
export interface WrittenNumber {
  readonly value: Rational
  readonly whole: boolean
}

const NOT_FINITE = /^\s*[+-]?(?:inf|infinity|nan|∞)\s*$/i
const NUMBER = String.raw`(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?`
const PLAIN = new RegExp(`^([+-]?)(${NUMBER})$`)
const MIXED = /^([+-]?)(\d+)\s+(\d+)\/(\d+)$/
const FRACTION = new RegExp(String.raw`^([+-]?)(${NUMBER})\s*/\s*([+-]?)(${NUMBER})$`)
const CURRENCY = String.raw`(?:\\?\$|€|£|¥|USD|EUR)`
/** A unit after a number: words of letters, perhaps `per` something or a power; never a bare `e` or a formula. */
const UNIT = /(?<=[\d.])\s*(?:\\?%|°|[a-zA-Z][a-zA-Z.]*(?:(?:\s+|\/|-)[a-zA-Z][a-zA-Z.]*){0,3}(?:\^?[23]|[²³])?)$/

/** Reads integers, decimals, fractions, mixed numbers and scientific notation, with commas, currency, % or a unit. */
export function parseNumber(text: string): WrittenNumber | null {
  let rest = text.trim()
  if (rest.length > 2000) return null
  const simple = /^[+-]?\d+$/.test(rest)
  if (simple) return { value: { numerator: BigInt(rest), denominator: 1n }, whole: true }
  rest = plainText(rest)
  return written(rest) ?? (UNIT.test(rest) ? written(rest.replace(UNIT, '')) : null)
}

function written(text: string): WrittenNumber | null {
  const plain = PLAIN.exec(text)
  if (plain) {
    const value = magnitude(plain[2]!)
    return value && { value: signed(plain[1]!, value), whole: !/[.eE]/.test(text) }
  }
  const mixed = MIXED.exec(text)
  if (mixed) {
    const part = divide(magnitude(mixed[3]!)!, magnitude(mixed[4]!)!)
    return part && { value: signed(mixed[1]!, add(magnitude(mixed[2]!)!, part)), whole: false }
  }
  const fraction = FRACTION.exec(text)
  if (!fraction) return null
  const top = magnitude(fraction[2]!)
  const bottom = magnitude(fraction[4]!)
  const value = top && bottom && divide(signed(fraction[1]!, top), signed(fraction[3]!, bottom))
  return value && { value, whole: false }
}

/** LaTeX and typographic spellings of a number brought to plain ones. */
function plainText(text: string): string {
  return text
    .replace(/^\\?\((.*)\\?\)$/, '$1')
    .replace(/^\$(.*)\$$/, '$1')
    .replace(/[−–]/g, '-')
    .replace(/\\[,!; ]/g, '')
    .replace(/\^\{?\\circ\}?/g, '')
    .replace(/\\[dt]?frac\{?(\d+)\}?\{?(\d+)\}?/g, ' $1/$2')
    .replace(/^([+-])\s+/, '$1')
    .replace(/\\(?:text|mathrm|mbox)\{([^}]*)\}/g, ' $1')
    .replace(new RegExp(String.raw`^([+-]?)\s*${CURRENCY}\s*([+-]?)`), '$1$2')
    .trim()
    .replace(/\.$/, '')
}

const magnitude = (text: string): Rational | null => parseRational(text.replace(/,/g, ''))
const signed = (sign: string, value: Rational): Rational => (sign === '-' ? negate(value) : value)
const compact = (text: string): string => text.replace(/\s+/g, '')

function sameNumber(a: WrittenNumber, b: WrittenNumber): boolean {
  const exact = (x: WrittenNumber): boolean =>
    isInteger(x.value) && (x.whole || absolute(x.value.numerator) < EXACT_FLOAT)
  if (exact(a) && exact(b)) return a.value.numerator === b.value.numerator
  const difference = size(subtract(a.value, b.value))
  const largest = atMost(size(a.value), size(b.value)) ? size(b.value) : size(a.value)
  const isZero = a.value.numerator === 0n || b.value.numerator === 0n
  const within = (tolerance: bigint): boolean =>
    atMost(multiply(difference, { numerator: tolerance, denominator: 1n }), isZero ? ONE : largest)
  if (within(FLOAT_TOLERANCE)) return true
  if (isZero || isInteger(a.value) || isInteger(b.value)) return false
  return within(ROUNDED_TOLERANCE) && (isRounding(a.value, difference) || isRounding(b.value, difference))
}

/** Whether a decimal has digits enough to stand for what is that far from it: half a unit of its last place. */
function isRounding({ numerator, denominator }: Rational, difference: Rational): boolean {
  let unit = 1n
  while (unit % denominator !== 0n && unit < LAST_PLACE) unit *= 10n
  const digits = String(absolute((numerator * unit) / denominator)).length
  return (
    unit % denominator === 0n && digits >= ROUNDED_DIGITS && 2n * unit * difference.numerator <= difference.denominator
  )
}

const ONE: Rational = { numerator: 1n, denominator: 1n }
/** Places after which a decimal is not looked at: floats have fewer unless they are tiny. */
const LAST_PLACE = 10n ** 400n

const absolute = (x: bigint): bigint => (x < 0n ? -x : x)
const size = (x: Rational): Rational => ({ numerator: absolute(x.numerator), denominator: x.denominator })
const atMost = (a: Rational, b: Rational): boolean => a.numerator * b.denominator <= b.numerator * a.denominator
