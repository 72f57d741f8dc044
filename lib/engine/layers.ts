// The parts of a transformer that are more than one operator's gradient: normalization, rotary positions, the gate,
// table lookups. attention.ts and losses.ts have the rest.
import type { Graph, Value } from './graph.ts'
import { add, cast, concat, divide, flat, gather, multiply, product, reshape, sigmoid, sqrt, subtract } from './ops.ts'

/**
 * `x / sqrt(mean(x²) + epsilon) · weight` over the last axis (Zhang and Sennrich, RMSNorm). weight: [width].
 * The operator's second output, the inverse deviation, is not used: WebGPU puts the mean of x there.
 */
export function rmsNorm(g: Graph, x: Value, weight: Value, epsilon: number): Value {
  const attributes = { axis: { int: -1 }, epsilon: { float: epsilon } }
  const y = g.node('SimplifiedLayerNormalization', [x, weight], { type: x.type, shape: x.shape }, { attributes })
  return g.record(y, [x, weight], (dy) => {
    const width = x.shape.at(-1) as number
    const inverse = inverseDeviation(g, x, epsilon)
    const both = multiply(g, dy, x)
    const rows = product(g, flat(g, inverse), flat(g, both), { transposeA: true })
    // mean(dy · weight · x) of each row as one matrix product.
    const mean = product(g, both, reshape(g, weight, [width, 1]), { scale: 1 / width })
    const along = multiply(g, mean, multiply(g, inverse, multiply(g, inverse, inverse)))
    const dx = subtract(g, multiply(g, multiply(g, dy, weight), inverse), multiply(g, x, along))
    return [dx, reshape(g, rows, [width])]
  })
}

/** `1 / sqrt(mean(x²) + epsilon)` of each row, [..., 1]. No gradient. */
function inverseDeviation(g: Graph, x: Value, epsilon: number): Value {
  const [width, rows] = [x.shape.at(-1) as number, [...x.shape.slice(0, -1), 1]]
  const attributes = { axes: { ints: [-1] } }
  const squares = g.node('ReduceSumSquare', [x], { type: x.type, shape: rows }, { attributes })
  const mean = multiply(g, squares, g.scalar(1 / width))
  return divide(g, g.scalar(1), sqrt(g, add(g, mean, g.scalar(epsilon))))
}

/** Cosines and sines of the rotary positions 0 … positions-1, each [positions, headSize / 2]. */
export function rotaryTables(positions: number, headSize: number, theta: number) {
  const half = headSize / 2
  const cosines = new Float32Array(positions * half)
  const sines = new Float32Array(positions * half)
  for (let i = 0; i < half; i++) {
    // Frequency and angle are rounded to 32 bits one after the other, as the reference implementations do.
    const frequency = Math.fround(1 / theta ** (i / half))
    for (let position = 0; position < positions; position++) {
      const angle = Math.fround(position * frequency)
      cosines[position * half + i] = Math.cos(angle)
      sines[position * half + i] = Math.sin(angle)
    }
  }
  return { dims: [positions, half], cosines, sines }
}

/** Rotary positions as values of a graph. `back` turns the other way, which is the gradient. */
export interface Rotary {
  readonly cosines: Value
  readonly sines: Value
  readonly back: Value
}

export function rotaryConstants(g: Graph, positions: number, headSize: number, theta: number): Rotary {
  const { dims, cosines, sines } = rotaryTables(positions, headSize, theta)
  const table = (data: Float32Array) => g.constant({ type: 'float32', dims, data })
  return { cosines: table(cosines), sines: table(sines), back: table(sines.map((sine) => -sine)) }
}

/**
 * Turns each head of x by its position (Su et al., RoFormer; dimension i is paired with i + headSize / 2).
 * x: [rows, columns, heads · headSize], positions: [rows, columns] int64.
 */
export function rotate(g: Graph, x: Value, positions: Value, { cosines, sines, back }: Rotary): Value {
  const turn = (value: Value, table: Value) =>
    g.node(
      'RotaryEmbedding',
      [value, positions, cosines, table],
      { type: value.type, shape: value.shape },
      { domain: 'com.microsoft' },
    )
  return g.record(turn(x, sines), [x], (dy) => [turn(dy, back)])
}

/** `x · sigmoid(x)`. */
export function silu(g: Graph, x: Value): Value {
  const open = sigmoid(g, x)
  const y = g.node('Mul', [x, open], { type: x.type, shape: x.shape })
  // sigmoid + y · (1 - sigmoid) = sigmoid · (1 + x - y)
  return g.record(y, [x], (dy) => [multiply(g, dy, multiply(g, open, add(g, subtract(g, x, y), g.scalar(1))))])
}

/** Rows of the token table. table: [vocabulary, width], ids: [...] int. Result: [..., width]. */
export function embedding(g: Graph, table: Value, ids: Value): Value {
  return g.record(gather(g, table, ids), [table], (dy) => {
    const [width] = table.shape.slice(1)
    const rows = flat(g, dy)
    // ScatterND adds rows of one token in whatever order its threads meet them; ScatterElements keeps one order.
    const column = reshape(g, ids, [rows.shape[0]!, 1])
    const index = g.node('Expand', [column, g.ints([1, width as number])], { type: ids.type, shape: rows.shape })
    const zeros = g.node('ConstantOfShape', [g.ints(table.shape as number[])], table)
    const attributes = { axis: { int: 0 }, reduction: { text: 'add' } }
    return [g.node('ScatterElements', [zeros, index, rows], table, { attributes })]
  })
}

/**
 * Rows of x at some positions. x: [n, width], index: [c]. `inverse` [n] says for each row of x where it went, and c
 * where it is not read; with it the gradient is a lookup too. A row that is read twice must not carry gradient twice.
 */
export function readRows(g: Graph, x: Value, index: Value, inverse: Value): Value {
  return g.record(gather(g, x, index), [x], (dy) => {
    const nothing = g.constant({
      type: 'float32',
      dims: [1, x.shape[1] as number],
      data: new Float32Array(x.shape[1] as number),
    })
    return [gather(g, concat(g, [dy, nothing], 0, `${dy.shape[0]}+1`), inverse)]
  })
}

/** Rows of a short table, each as often as wanted. table: [n, width], index: [m] int32. Result: [m, width]. */
export function pick(g: Graph, table: Value, index: Value): Value {
  return g.record(gather(g, table, index), [table], (dy) => {
    // A row picked k times gets the sum of k gradients: one-hot rows times gradients, in a fixed order of addition.
    const order = g.node('Shape', [table], { type: 'int64', shape: [2] })
    const rows = gather(g, order, g.scalar(0, 'int64'))
    const zeroOne = g.constant({ type: 'float32', dims: [2], data: new Float32Array([0, 1]) })
    const hot = g.node('OneHot', [cast(g, index, 'int64'), rows, zeroOne], {
      type: 'float32',
      shape: [index.shape[0]!, table.shape[0]!],
    })
    return [product(g, hot, dy, { transposeA: true })]
  })
}
