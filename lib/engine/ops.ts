// The operators that every graph uses: arithmetic, shapes, matrix products. Those whose gradients are needed record how
// gradients flow back; each is checked against finite differences in test/engine/gradients.test.ts.
// Shapes follow NumPy broadcasting. Axes may be symbolic where the operator allows it.
import type { Dim, Graph, Value } from './graph.ts'
import type { ElementType } from './protocol.ts'

const MICROSOFT = 'com.microsoft'

/** Shape of `a op b` after broadcasting. Two different symbolic names never meet here: the graphs name equal sizes equally. */
export function broadcast(a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1
    const y = b[b.length - rank + i] ?? 1
    return x === 1 ? y : x
  })
}

const same = (value: Value) => ({ type: value.type, shape: value.shape })
const binary = (g: Graph, operator: string, a: Value, b: Value, type: ElementType = a.type): Value =>
  g.node(operator, [a, b], { type, shape: broadcast(a.shape, b.shape) })

/** Sums a gradient over the axes along which its value was broadcast. */
function unbroadcast(g: Graph, gradient: Value, shape: readonly Dim[]): Value {
  const offset = gradient.shape.length - shape.length
  const axes = gradient.shape.flatMap((dim, i) => (i < offset || (shape[i - offset] === 1 && dim !== 1) ? [i] : []))
  return axes.length === 0 ? gradient : reshape(g, reduceSum(g, gradient, axes), shape)
}

export const identity = (g: Graph, x: Value): Value => g.node('Identity', [x], same(x))

export const add = (g: Graph, a: Value, b: Value): Value =>
  g.record(binary(g, 'Add', a, b), [a, b], (dy) => [unbroadcast(g, dy, a.shape), unbroadcast(g, dy, b.shape)])

export const subtract = (g: Graph, a: Value, b: Value): Value =>
  g.record(binary(g, 'Sub', a, b), [a, b], (dy) => [
    unbroadcast(g, dy, a.shape),
    unbroadcast(g, g.node('Neg', [dy], same(dy)), b.shape),
  ])

export const multiply = (g: Graph, a: Value, b: Value): Value =>
  g.record(binary(g, 'Mul', a, b), [a, b], (dy) => [
    unbroadcast(g, multiply(g, dy, b), a.shape),
    unbroadcast(g, multiply(g, dy, a), b.shape),
  ])

export const divide = (g: Graph, a: Value, b: Value): Value => binary(g, 'Div', a, b)
export const minimum = (g: Graph, a: Value, b: Value): Value => binary(g, 'Min', a, b)
export const equal = (g: Graph, a: Value, b: Value): Value => binary(g, 'Equal', a, b, 'bool')
export const less = (g: Graph, a: Value, b: Value): Value => binary(g, 'Less', a, b, 'bool')
export const greater = (g: Graph, a: Value, b: Value): Value => binary(g, 'Greater', a, b, 'bool')
export const greaterOrEqual = (g: Graph, a: Value, b: Value): Value => binary(g, 'GreaterOrEqual', a, b, 'bool')
export const lessOrEqual = (g: Graph, a: Value, b: Value): Value => binary(g, 'LessOrEqual', a, b, 'bool')
export const or = (g: Graph, a: Value, b: Value): Value => binary(g, 'Or', a, b)
export const and = (g: Graph, a: Value, b: Value): Value => binary(g, 'And', a, b)
export const not = (g: Graph, x: Value): Value => g.node('Not', [x], same(x))
export const exp = (g: Graph, x: Value): Value => g.node('Exp', [x], same(x))
export const sqrt = (g: Graph, x: Value): Value => g.node('Sqrt', [x], same(x))
export const negate = (g: Graph, x: Value): Value => g.node('Neg', [x], same(x))
export const sigmoid = (g: Graph, x: Value): Value => g.node('Sigmoid', [x], same(x))

export const cast = (g: Graph, x: Value, type: ElementType): Value => {
  const code = { float32: 1, int32: 6, int64: 7, bool: 9 }[type]
  return x.type === type ? x : g.node('Cast', [x], { type, shape: x.shape }, { attributes: { to: { int: code } } })
}

/** `condition ? a : b`, element by element. */
export const where = (g: Graph, condition: Value, a: Value, b: Value): Value =>
  g.node('Where', [condition, a, b], {
    type: a.type,
    shape: broadcast(condition.shape, broadcast(a.shape, b.shape)),
  })

/** Sum over axes, which stay with size 1 unless `keep` is false. */
export function reduceSum(g: Graph, x: Value, axes: readonly number[], keep = true): Value {
  const rank = x.shape.length
  const gone = new Set(axes.map((axis) => (axis + rank) % rank))
  const shape = x.shape.flatMap((dim, i) => (gone.has(i) ? (keep ? [1] : []) : [dim]))
  return g.node('ReduceSum', [x, g.ints(axes)], { type: x.type, shape }, { attributes: { keepdims: { int: +keep } } })
}

/**
 * The same elements in another shape. A symbolic axis must stand where it stood before, except for one, which is worked
 * out from the others.
 */
export function reshape(g: Graph, x: Value, shape: readonly Dim[]): Value {
  if (shape.join() === x.shape.join()) return x
  const sizes = shape.map((dim, i) => (typeof dim === 'number' ? dim : x.shape[i] === dim ? 0 : -1))
  if (sizes.filter((size) => size === -1).length > 1) {
    throw new TypeError(`Expected at most one new symbolic axis, got [${x.shape.join(', ')}] → [${shape.join(', ')}]`)
  }
  return g.record(g.node('Reshape', [x, g.ints(sizes)], { type: x.type, shape }), [x], (dy) => [
    reshape(g, dy, x.shape),
  ])
}

/** Axis i of the result is axis `order[i]` of x. Moving only axes of size 1 costs nothing. */
export function transpose(g: Graph, x: Value, order: readonly number[]): Value {
  const shape = order.map((axis) => x.shape[axis]!)
  const moved = order.filter((axis) => x.shape[axis] !== 1)
  const ordered = moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)
  const symbolic = shape.filter((dim, i) => typeof dim === 'string' && x.shape[i] !== dim).length
  if (ordered && symbolic <= 1) return reshape(g, x, shape)
  const inverse = order.map((_, i) => order.indexOf(i))
  const y = g.node('Transpose', [x], { type: x.type, shape }, { attributes: { perm: { ints: order } } })
  return g.record(y, [x], (dy) => [transpose(g, dy, inverse)])
}

/** Puts values behind each other along an axis, which then has the size `total`. */
export function concat(g: Graph, parts: readonly Value[], axis: number, total: Dim): Value {
  const first = parts[0]!
  const at = (axis + first.shape.length) % first.shape.length
  const shape = first.shape.map((dim, i) => (i === at ? total : dim))
  return g.node('Concat', parts, { type: first.type, shape }, { attributes: { axis: { int: axis } } })
}

export interface ProductOptions {
  /** Transpose the last two axes of a. */
  transposeA?: boolean
  /** Transpose the last two axes of b. */
  transposeB?: boolean
  /** Factor of the result. @default 1 */
  scale?: number
}

/** `scale · a b` over the last two axes, the axes before them broadcast. No gradient: see `linear` and attention.ts. */
export function product(g: Graph, a: Value, b: Value, options: ProductOptions = {}): Value {
  const { transposeA = false, transposeB = false, scale = 1 } = options
  const rows = a.shape.at(transposeA ? -1 : -2)!
  const columns = b.shape.at(transposeB ? -2 : -1)!
  const shape = [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns]
  const attributes = {
    transA: { int: +transposeA },
    transB: { int: +transposeB },
    alpha: { float: scale },
  }
  return g.node('FusedMatMul', [a, b], { type: a.type, shape }, { attributes, domain: MICROSOFT })
}

/** `x Wᵀ` with W of shape [out, in], as checkpoints store it. x: [..., in]. Result: [..., out]. */
export function linear(g: Graph, x: Value, weight: Value): Value {
  return g.record(product(g, x, weight, { transposeB: true }), [x, weight], (dy) => [
    product(g, dy, weight),
    product(g, flat(g, dy), flat(g, x), { transposeA: true }),
  ])
}

/** All axes but the last made one. */
export function flat(g: Graph, x: Value): Value {
  if (x.shape.length === 2) return x
  const rows = x.shape.slice(0, -1)
  const known = rows.every((dim) => typeof dim === 'number')
  return reshape(g, x, [known ? rows.reduce<number>((a, b) => a * (b as number), 1) : rows.join('·'), x.shape.at(-1)!])
}

/** Rows of a table: x[index[i]]. x: [n, ...]. No gradient: see `embedding` and `readRows`. */
export function gather(g: Graph, x: Value, index: Value, axis = 0): Value {
  const shape = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)]
  return g.node('Gather', [x, index], { type: x.type, shape }, { attributes: { axis: { int: axis } } })
}

/** The part of x from `start` up to `end` along an axis. Bounds are [1] int64 values; the size gets the name `size`. */
export function slice(g: Graph, x: Value, axis: number, start: Value, end: Value, size: Dim): Value {
  const shape = x.shape.map((dim, i) => (i === axis ? size : dim))
  return g.node('Slice', [x, start, end, g.ints([axis])], { type: x.type, shape })
}

/** Softmax over the last axis; `log` for its logarithm. No gradient: see attention.ts and `crossEntropy`. */
export const softmax = (g: Graph, x: Value, { log = false } = {}): Value =>
  g.node(log ? 'LogSoftmax' : 'Softmax', [x], same(x), { attributes: { axis: { int: -1 } } })

/** Size of one axis when the graph runs, as [1] int64. */
export function lengthOf(g: Graph, x: Value, axis: number): Value {
  const shape = g.node('Shape', [x], { type: 'int64', shape: [x.shape.length] })
  return g.node('Gather', [shape, g.ints([axis])], { type: 'int64', shape: [1] })
}

/** 0, 1, … as int64. count: [1] int64. Result: [length]. */
export function counting(g: Graph, count: Value, length: Dim): Value {
  const end = g.node('Squeeze', [count], { type: 'int64', shape: [] })
  return g.node('Range', [g.scalar(0, 'int64'), end, g.scalar(1, 'int64')], { type: 'int64', shape: [length] })
}
