// What a formula is worth: exactly where fractions do, in double precision where they do not. The work is bounded by digits,
// not by a clock, so that a verdict never depends on the machine.
import { add, divide, isInteger, multiply, negate, type Rational, rational, subtract } from '../rational.ts'
import { CONSTANTS, type Formula } from './formula.ts'

/** A value: exact where it is rational and not too long, and the nearest double. */
export interface Value {
  readonly exact: Rational | null
  readonly approximate: number
}

/** Longest exact result, in bits: beyond it only the nearest double is known. */
const MOST_BITS = 12_000
/** Largest whole number whose factorial is taken. */
const LARGEST_FACTORIAL = 170

/** Functions of one argument by name, in the spelling of LaTeX or Python. */
const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  ln: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  cot: (x) => 1 / Math.tan(x),
  sec: (x) => 1 / Math.cos(x),
  csc: (x) => 1 / Math.sin(x),
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  arcsin: Math.asin,
  arccos: Math.acos,
  arctan: Math.atan,
}
/**
 * What a formula is worth. `numbers` gives its variables their values; results of more than `mostBits` bits (from 1 up, by
 * default 12,000) are no longer exact. Null where it is undefined.
 */
export function evaluate(formula: Formula, numbers: ReadonlyMap<string, Rational>, mostBits = MOST_BITS): Value | null {
  if (formula.kind === 'literal') return exactly(formula.value)
  if (formula.kind === 'name') {
    const given = numbers.get(formula.name)
    if (given !== undefined) return exactly(given)
    const constant = CONSTANTS[formula.name]
    return constant === undefined ? null : { exact: null, approximate: constant }
  }
  const of: Value[] = []
  for (const each of formula.of) {
    const value = evaluate(each, numbers, mostBits)
    if (value === null) return null
    of.push(value)
  }
  const result = operate(formula.name, of, mostBits)
  return result !== null && Number.isNaN(result.approximate) ? null : result
}

function operate(name: string, [a, b]: readonly Value[], mostBits: number): Value | null {
  if (a === undefined) return null
  switch (name) {
    case '+':
      return combine(a, b!, mostBits, add, a.approximate + b!.approximate)
    case '-':
      return combine(a, b!, mostBits, subtract, a.approximate - b!.approximate)
    case '*':
      return combine(a, b!, mostBits, multiply, a.approximate * b!.approximate)
    case '/':
      return isZero(b!) ? null : combine(a, b!, mostBits, divide, a.approximate / b!.approximate)
    case 'negate':
      return { exact: a.exact && negate(a.exact), approximate: -a.approximate }
    case 'abs':
      return a.approximate < 0 ? operate('negate', [a], mostBits) : a
    case '^':
      return raise(a, b!, mostBits)
    case 'sqrt':
      return root(a)
    case '!':
      return factorial(a)
    default:
      return { exact: null, approximate: FUNCTIONS[name]?.(a.approximate) ?? Number.NaN }
  }
}

type Operation = (a: Rational, b: Rational) => Rational | null

function combine(a: Value, b: Value, mostBits: number, operation: Operation, approximate: number): Value | null {
  const exact = a.exact && b.exact && bitsOf(a.exact) + bitsOf(b.exact) < mostBits ? operation(a.exact, b.exact) : null
  return exact === null ? { exact, approximate } : exactly(exact)
}

function raise(base: Value, exponent: Value, mostBits: number): Value | null {
  if (exponent.exact === null) return { exact: null, approximate: base.approximate ** exponent.approximate }
  const { numerator, denominator } = exponent.exact
  const approximate = base.approximate ** exponent.approximate
  if (denominator === 2n && base.exact !== null) {
    const rooted = root(base)
    return rooted && raise(rooted, exactly({ numerator, denominator: 1n }), mostBits)
  }
  const size = numerator < 0n ? -numerator : numerator
  const isShort = base.exact !== null && BigInt(bitsOf(base.exact)) * size < BigInt(mostBits)
  if (denominator !== 1n || !isShort) return { exact: null, approximate }
  const { numerator: top, denominator: bottom } = base.exact!
  if (numerator < 0n && top === 0n) return null
  return exactly(numerator < 0n ? rational(bottom ** size, top ** size)! : rational(top ** size, bottom ** size)!)
}

function root(value: Value): Value | null {
  if (value.approximate < 0) return null
  const approximate = Math.sqrt(value.approximate)
  const top = value.exact && squareRoot(value.exact.numerator)
  const bottom = value.exact && squareRoot(value.exact.denominator)
  return top !== null && bottom !== null ? exactly(rational(top, bottom)!) : { exact: null, approximate }
}

/** The whole square root; null where there is none. Newton's steps from above. */
function squareRoot(square: bigint): bigint | null {
  if (square < 2n) return square
  let guess = 1n << BigInt((square.toString(2).length + 1) >> 1)
  for (let next = guess; ; guess = next) {
    next = (guess + square / guess) >> 1n
    if (next >= guess) return guess * guess === square ? guess : null
  }
}

function factorial(value: Value): Value | null {
  const { exact } = value
  if (exact === null || !isInteger(exact) || exact.numerator < 0n) return null
  if (exact.numerator > BigInt(LARGEST_FACTORIAL)) return null
  let product = 1n
  for (let i = 2n; i <= exact.numerator; i++) product *= i
  return exactly({ numerator: product, denominator: 1n })
}

const isZero = (value: Value): boolean => (value.exact ? value.exact.numerator === 0n : value.approximate === 0)

/** Bits of numerator and denominator together, those of a long one rounded up to a few. */
const bitsOf = ({ numerator, denominator }: Rational): number =>
  bits(numerator) + (denominator === 1n ? 0 : bits(denominator))

function bits(whole: bigint): number {
  const near = Math.abs(Number(whole))
  return near < 2 ** 53 ? Math.ceil(Math.log2(near + 1)) : 4 * whole.toString(16).length
}

const exactly = (exact: Rational): Value => ({ exact, approximate: nearestDouble(exact) })

/** A quotient that also works where numerator and denominator are beyond doubles. */
export function nearestDouble({ numerator, denominator }: Rational): number {
  const quotient = Number(numerator) / Number(denominator)
  if (Number.isFinite(quotient) && quotient !== 0) return quotient
  if (numerator === 0n) return 0
  const shift = numerator.toString(2).length - denominator.toString(2).length - 64
  const scaled = shift > 0 ? numerator / (denominator << BigInt(shift)) : (numerator << BigInt(-shift)) / denominator
  return Number(scaled) * 2 ** shift
}
