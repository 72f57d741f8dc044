// Exact fractions of integers of any size: what references and counterfactual answers are computed with.
// No rounding, no infinities; a division by zero is null.

/** A fraction in lowest terms. The denominator is positive. */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Longest exponent of ten that `parseRational` writes out; beyond it a text is no number. */
const MAX_EXPONENT = 400

/** `numerator / denominator` in lowest terms; null when the denominator is zero. */
export function rational(numerator: bigint, denominator = 1n): Rational | null {
  if (denominator === 0n) return null
  if (denominator === 1n) return { numerator, denominator }
  const divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n)
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

/** Exact value of a number of JavaScript: 0.1 is one tenth here, as written, not the nearest binary fraction. */
export function rationalOf(value: number): Rational | null {
  return Number.isSafeInteger(value) ? { numerator: BigInt(value), denominator: 1n } : parseRational(String(value))
}

/** Reads `-12`, `3.50` or `1.2e-3`. Null for anything else. */
export function parseRational(text: string): Rational | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null) return null
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return null
  const shift = Number(exponent) - fraction.length
  if (Math.abs(shift) > MAX_EXPONENT) return null
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n)
  return shift >= 0 ? rational(digits * 10n ** BigInt(shift)) : rational(digits, 10n ** BigInt(-shift))
}

export const add = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)!

export const negate = (a: Rational): Rational => ({ numerator: -a.numerator, denominator: a.denominator })

export const subtract = (a: Rational, b: Rational): Rational => add(a, negate(b))

export const multiply = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.numerator, a.denominator * b.denominator)!

/** Null when `b` is zero. */
export const divide = (a: Rational, b: Rational): Rational | null =>
  rational(a.numerator * b.denominator, a.denominator * b.numerator)

export const isInteger = (a: Rational): boolean => a.denominator === 1n

/** `12` or `-7/3`. */
export const rationalText = (a: Rational): string =>
  isInteger(a) ? String(a.numerator) : `${a.numerator}/${a.denominator}`

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a
  let y = b < 0n ? -b : b
  while (y !== 0n) [x, y] = [y, x % y]
  return x === 0n ? 1n : x
}
