// A tensor as text: what it is, and its numbers, nested by axis.
import { inspect } from 'node:util'

/** At most this many parts of each axis, the first and the last; fewer where it has many axes. */
const MAX_AXIS = 8

/** What is known of a tensor. */
export interface TensorFacts {
  /** As its package calls it, e.g. `float32`. */
  readonly type: string
  readonly dims: readonly number[]
  /** Its elements in order; text: why there are none. */
  readonly data: ArrayLike<unknown> | string
}

/** `Tensor float32 [2, 3]`, and below it the numbers. */
export function tensorText({ type, dims, data }: TensorFacts): string {
  const head = `Tensor ${type} [${dims.join(', ')}]`
  if (typeof data === 'string') return `${head} (${data})`
  const element = elementText(type, data)
  const most = dims.length <= 3 ? MAX_AXIS : 3
  const edge = Math.floor((most - 1) / 2)
  const shown = (size: number): (number | null)[] => {
    if (size <= most) return Array.from({ length: size }, (_, i) => i)
    const ends = Array.from({ length: edge }, (_, i) => i)
    return [...ends, null, ...ends.map((i) => size - edge + i)]
  }
  const nested = (axis: number, offset: number): string => {
    const size = dims[axis]
    if (size === undefined) return element(offset)
    const stride = dims.slice(axis + 1).reduce((product, one) => product * one, 1)
    const parts = shown(size).map((i) => (i === null ? '…' : nested(axis + 1, offset + i * stride)))
    const isLast = axis === dims.length - 1
    return `[${parts.join(isLast ? ', ' : `,\n${' '.repeat(axis + 1)}`)}]`
  }
  return `${head}\n${nested(0, 0)}`
}

/** The text of element i. Packages keep some types in arrays of another kind. */
function elementText(type: string, data: ArrayLike<unknown>): (i: number) => string {
  if (type === 'bool') return (i) => String(Boolean(data[i]))
  if (type === 'float16' && data instanceof Uint16Array) return (i) => digits(half(data[i] as number))
  if (type === 'complex64')
    return (i) => {
      const [real, imaginary] = [Number(data[2 * i]), Number(data[2 * i + 1])]
      return `${digits(real)}${imaginary < 0 ? '-' : '+'}${digits(Math.abs(imaginary))}i`
    }
  return (i) => {
    const one = data[i]
    return typeof one === 'number' ? digits(one) : typeof one === 'string' ? inspect(one) : String(one)
  }
}

const digits = (value: number): string => String(Number(value.toPrecision(6)))

/** The number that 16 bits are in IEEE 754. Example: 0x3c00 is 1. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = (bits & 0x3ff) / 1024
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction)
}
