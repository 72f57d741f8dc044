// Scaled dot-product attention over key/value groups: each key head serves `heads / kvHeads` query heads. One key head
// (multi-query attention) needs no transposition anywhere, which is why the embedded models have one.
import type { Graph, Value } from './graph.ts'
import { add, multiply, product, reduceSum, reshape, subtract, transpose } from './ops.ts'

export interface HeadShape {
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
}

/**
 * Queries by key head: [rows, columns, heads · headSize] → [rows, kvHeads, columns, group, headSize], where group is
 * the number of query heads of one key head.
 */
export function queryGroups(g: Graph, x: Value, { heads, kvHeads, headSize }: HeadShape): Value {
  const [rows, columns] = x.shape as [number, number]
  const group = heads / kvHeads
  return transpose(g, reshape(g, x, [rows, columns, kvHeads, group, headSize]), [0, 2, 1, 3, 4])
}

/** The way back of `queryGroups`: [rows, columns, heads · headSize]. */
export function joinHeads(g: Graph, x: Value, { heads, headSize }: HeadShape): Value {
  const [rows, , columns] = x.shape as [number, number, number]
  return reshape(g, transpose(g, x, [0, 2, 1, 3, 4]), [rows, columns, heads * headSize])
}

/** Keys or values by head: [rows, columns, kvHeads · headSize] → [rows, kvHeads, 1, columns, headSize]. */
export function keyHeads(g: Graph, x: Value, { kvHeads, headSize }: HeadShape): Value {
  const [rows, columns] = x.shape as [number, number]
  return transpose(g, reshape(g, x, [rows, columns, kvHeads, 1, headSize]), [0, 2, 3, 1, 4])
}

/**
 * `softmax(q kᵀ / sqrt(headSize) + mask) v`.
 * q: [rows, kvHeads, queries, group, headSize]; k, v: [rows, kvHeads, 1, keys, headSize]; mask: [rows or 1, 1, queries,
 * 1, keys], 0 where a query sees a key and -Infinity elsewhere. Every query must see a key. Result: as q.
 */
export function attend(g: Graph, q: Value, k: Value, v: Value, mask: Value): Value {
  const [rows, kvHeads, queries, group, headSize] = q.shape as [number, number, number, number, number]
  const keys = k.shape[3]!
  const scale = 1 / Math.sqrt(headSize)
  const many = typeof queries === 'string' ? `${queries}·${group}` : queries * group
  // Queries and their group are one axis for the products, two for the mask.
  const joined = [rows, kvHeads, 1, many]
  const apart = [rows, kvHeads, queries, group]
  const lines = reshape(g, q, [...joined, headSize])
  const scores = reshape(g, product(g, lines, k, { transposeB: true, scale }), [...apart, keys])
  const seen = add(g, scores, mask)
  const weights = g.node(
    'Softmax',
    [seen],
    { type: 'float32', shape: seen.shape },
    { attributes: { axis: { int: -1 } } },
  )
  const weightLines = reshape(g, weights, [...joined, keys])
  const out = product(g, weightLines, v)
  const result = g.record(out, [lines, k, v], (dy) => {
    // The sum over keys in the softmax gradient equals the sum over headSize of dy · out, which is far shorter.
    const rowSum = reduceSum(g, multiply(g, dy, out), [-1])
    const dScores = multiply(g, weightLines, subtract(g, product(g, dy, v, { transposeB: true }), rowSum))
    return [
      product(g, dScores, k, { scale }),
      product(g, dScores, lines, { transposeA: true, scale }),
      product(g, weightLines, dy, { transposeA: true }),
    ]
  })
  return reshape(g, result, [...apart, headSize])
}
