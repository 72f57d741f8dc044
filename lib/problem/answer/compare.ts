// Whether two answers mean the same: value by value, exactly where both are exact; lists item by item.
import { isInteger, multiply, type Rational, rational, subtract } from '../rational.ts'
import { evaluate, type Value } from './evaluate.ts'
import { decimalDigits, type Formula, variablesOf } from './formula.ts'
import type { Answer, Reading } from './read-answer.ts'

/** Relative difference that rounding in floating point explains, as 1 / 10^10; beside 0 an absolute one. */
const NOISE = 10_000_000_000n
const NOISE_BESIDE_ZERO: Rational = { numerator: 1n, denominator: NOISE }
/** Largest relative difference of a decimal that was written shorter than it is, as 1 / 10^6 … */
const ROUNDED = 1_000_000n
/** … and its fewest digits: 0.333333 stands for 1/3, 0.5 for nothing else. */
const ROUNDED_DIGITS = 6
/** Places after which a decimal is not looked at: floats have fewer unless they are tiny. */
const LAST_PLACE = 10n ** 400n
/** Decimals of up to so many digits are exact as written. */
const EXACT_DIGITS = 10
/** Whole numbers below it are exact in floating point. */
const EXACT_FLOAT = 2n ** 53n
/** Relative difference of two doubles computed from exact formulas. */
const ROUNDING = 1e-12
/** The same where one of them is a printed float. */
const PRINTED = 1e-10
/** The same for formulas with variables, which may cancel. */
const ROUNDING_AT_POINTS = 1e-9
/** Above it a double is no proof that an irrational formula is a whole number. */
const PROVABLE = 1e9
/** Points at which formulas with variables are compared, and how many must be defined. */
const POINTS = 7
const FEWEST_POINTS = 4
/** Longest exact value at a point, in bits. */
const BITS_AT_POINTS = 1500
/** Most items of a list without order. */
const MOST_UNORDERED = 64

/** Whether two answers are equal. */
export function sameAnswer(a: Reading, b: Reading): boolean {
  const verdict = sameMeaning(a.meaning, b.meaning)
  return verdict ?? (a.words === b.words && a.words !== '')
}

/** Null where meaning does not decide. */
function sameMeaning(a: Answer, b: Answer): boolean | null {
  if (a.kind === 'choice' && b.kind === 'choice') return a.letter === b.letter
  if (a.kind === 'list' && b.kind === 'list') return sameList(a, b)
  if (a.kind === 'text' || b.kind === 'text') return null
  if (a.kind !== 'value' || b.kind !== 'value') return false
  if (a.name !== null && b.name !== null && a.name !== b.name) return false
  if (a.unit !== null && b.unit !== null && a.unit !== b.unit) return false
  return sameFormula(a.formula, b.formula)
}

type List = Extract<Answer, { kind: 'list' }>

function sameList(a: List, b: List): boolean | null {
  if (a.brackets !== b.brackets || a.items.length !== b.items.length) return false
  const isUnordered = ['', '{}', '∪'].includes(a.brackets)
  if (!isUnordered) return all(a.items.map((item, i) => sameMeaning(item, b.items[i]!)))
  if (a.items.length > MOST_UNORDERED) return null
  const left = [...b.items]
  return all(
    a.items.map((item) => {
      const verdicts = left.map((other) => sameMeaning(item, other))
      const at = verdicts.indexOf(true)
      if (at >= 0) left.splice(at, 1)
      return at >= 0 || (verdicts.includes(null) ? null : false)
    }),
  )
}

/** Whether all are true; null where that is open. */
const all = (verdicts: readonly (boolean | null)[]): boolean | null =>
  verdicts.includes(false) ? false : verdicts.includes(null) ? null : true

function sameFormula(a: Formula, b: Formula): boolean | null {
  const names = [...new Set([...variablesOf(a), ...variablesOf(b)])]
  if (names.length > 0) return sameAtPoints(a, b, names)
  const left = evaluate(a, new Map())
  const right = evaluate(b, new Map())
  return left && right && sameValue(left, decimalDigits(a), right, decimalDigits(b))
}

/** Two numbers. `digits`: significant digits of their decimals, null where they have none. */
function sameValue(a: Value, digitsOfA: number | null, b: Value, digitsOfB: number | null): boolean | null {
  if (a.exact === null || b.exact === null) return sameDoubles(a, b, digitsOfA !== null || digitsOfB !== null)
  const isExact = (value: Rational, digits: number | null): boolean =>
    digits === null || digits <= EXACT_DIGITS || (isInteger(value) && absolute(value.numerator) < EXACT_FLOAT)
  const { numerator, denominator } = subtract(a.exact, b.exact)
  if (numerator === 0n) return true
  if (digitsOfA === null && digitsOfB === null) return false
  const areWhole = isInteger(a.exact) && isInteger(b.exact)
  if (
    isExact(a.exact, digitsOfA) &&
    isExact(b.exact, digitsOfB) &&
    (areWhole || (digitsOfA !== null && digitsOfB !== null))
  )
    return false
  const difference = { numerator: absolute(numerator), denominator }
  if (a.exact.numerator === 0n || b.exact.numerator === 0n) {
    const other = a.exact.numerator === 0n ? digitsOfB : digitsOfA
    return other !== null && atMost(difference, NOISE_BESIDE_ZERO)
  }
  const sizes = [a.exact, b.exact].map((each) => ({ ...each, numerator: absolute(each.numerator) })) as [
    Rational,
    Rational,
  ]
  const larger = atMost(sizes[0], sizes[1]) ? sizes[1] : sizes[0]
  const within = (noise: bigint): boolean => atMost(multiply(difference, { numerator: noise, denominator: 1n }), larger)
  if (within(NOISE)) return true
  if (areWhole || isInteger(a.exact) || isInteger(b.exact)) return false // a whole number is nobody's rounding
  const standsFor = (value: Rational, digits: number | null): boolean =>
    digits !== null && isRounding(value, difference)
  return within(ROUNDED) && (standsFor(a.exact, digitsOfA) || standsFor(b.exact, digitsOfB))
}

/** Whether a decimal has digits enough to stand for what is that far from it: half a unit of its last place. */
function isRounding({ numerator, denominator }: Rational, difference: Rational): boolean {
  let unit = 1n
  while (unit % denominator !== 0n && unit < LAST_PLACE) unit *= 10n
  const digits = String(absolute((numerator * unit) / denominator)).length
  const isHalfAUnit = 2n * unit * difference.numerator <= difference.denominator
  return unit % denominator === 0n && digits >= ROUNDED_DIGITS && isHalfAUnit
}

/** At least one is irrational: in doubles, loosely only where the other is a printed float. */
function sameDoubles(a: Value, b: Value, isPrinted: boolean): boolean | null {
  const difference = Math.abs(a.approximate - b.approximate)
  const larger = Math.max(Math.abs(a.approximate), Math.abs(b.approximate))
  if (!Number.isFinite(larger)) return null
  if (larger > PROVABLE && !isPrinted) return difference > larger * ROUNDING ? false : null
  return difference <= larger * (isPrinted ? PRINTED : ROUNDING)
}

/** Formulas with variables: equal wherever both are defined, at points of either sign. */
function sameAtPoints(a: Formula, b: Formula, names: readonly string[]): boolean | null {
  let usable = 0
  for (let point = 0; point < POINTS; point++) {
    const numbers = new Map(names.map((name, i) => [name, coordinate(point, i)]))
    const left = evaluate(a, numbers, BITS_AT_POINTS)
    const right = evaluate(b, numbers, BITS_AT_POINTS)
    if (left === null && right === null) continue
    if (left === null || right === null) return false
    if (!Number.isFinite(left.approximate) || !Number.isFinite(right.approximate)) continue
    const same =
      left.exact !== null && right.exact !== null && decimalDigits(a) === null && decimalDigits(b) === null
        ? subtract(left.exact, right.exact).numerator === 0n
        : Math.abs(left.approximate - right.approximate) <=
          ROUNDING_AT_POINTS * Math.max(Math.abs(left.approximate), Math.abs(right.approximate))
    if (!same) return false
    usable++
  }
  return usable >= FEWEST_POINTS ? true : null
}

/** A fraction between -8 and 8, another for each point and variable. */
const coordinate = (point: number, variable: number): Rational =>
  rational(BigInt(((point * 37 + variable * 101 + 17) % 97) - 48) || 5n, BigInt(7 + ((point * 3 + variable) % 5)))!

const absolute = (x: bigint): bigint => (x < 0n ? -x : x)
const atMost = (a: Rational, b: Rational): boolean => a.numerator * b.denominator <= b.numerator * a.denominator
