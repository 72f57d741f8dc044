// Scaled dot-product attention over key/value groups: each key head serves `heads / kvHeads` query heads. One key head
// (multi-query attention) needs no transposition anywhere.
import type { Dim, Graph, Value } from './graph.ts'
import { add, concat, multiply, product, reduceSum, reshape, slice, softmax, subtract, transpose } from './ops.ts'

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
 * What a mask adds to the score of a key that is not seen: its weight is 0. Not -Infinity, which WebGPU's language lets a
 * device leave out of account.
 */
export const UNSEEN = -1e30

/** Who sees whom: for some consecutive queries, the mask over the keys that any of them can see. */
export interface MaskBlock {
  /** First query of the block, and the one after its last. */
  readonly from: number
  readonly to: Dim
  /** [rows or 1, 1, to - from, 1, to]: 0 where a query sees a key and `UNSEEN` elsewhere. Each query sees a key. */
  readonly mask: Value
}

/**
 * Cuts a causal mask [rows or 1, 1, columns, 1, columns] into blocks of queries. Keys behind a block's last query are
 * seen by none of them and left out: two blocks save a quarter of the work, many save nearly half. Columns must be known
 * if there is more than one.
 */
export function maskBlocks(g: Graph, mask: Value, count: number): MaskBlock[] {
  const columns = mask.shape[2]!
  if (typeof columns === 'string') return [{ from: 0, to: columns, mask }]
  const bounds = Array.from({ length: count + 1 }, (_, i) => Math.round((i * columns) / count))
  return bounds.slice(1).map((to, i) => {
    const from = bounds[i]!
    return { from, to, mask: part(g, part(g, mask, 2, from, to), 4, 0, to) }
  })
}

/** From `from` up to `to` along an axis; all of x is x itself. */
function part(g: Graph, x: Value, axis: number, from: number, to: Dim): Value {
  if (typeof to === 'string' || (from === 0 && to === x.shape[axis])) return x
  return slice(g, x, axis, g.ints([from]), g.ints([to]), to - from)
}

/** The softmax of one block of queries and what its gradient needs. */
interface Block {
  readonly weights: Value
  readonly keys: Value
  readonly values: Value
  readonly lines: Value
  readonly out: Value
}

/**
 * `softmax(q kᵀ / sqrt(headSize) + mask) v`.
 * q: [rows, kvHeads, columns, group, headSize]; k, v: [rows, kvHeads, 1, columns, headSize]. Result: as q.
 */
export function attend(g: Graph, q: Value, k: Value, v: Value, masks: readonly MaskBlock[]): Value {
  const [rows, kvHeads, columns, group, headSize] = q.shape as [number, number, number, number, number]
  const scale = 1 / Math.sqrt(headSize)
  // Queries and their group are one axis for the products, two for the mask.
  const joined = (queries: Dim) => [
    rows,
    kvHeads,
    1,
    typeof queries === 'string' ? `${queries}·${group}` : queries * group,
  ]
  const lines = reshape(g, q, [...joined(columns), headSize])
  const blocks = masks.map(({ from, to, mask }): Block => {
    const queries = typeof to === 'string' ? to : to - from
    const own = part(g, lines, 3, from * group, typeof to === 'string' ? to : to * group)
    const keys = part(g, k, 3, 0, to)
    const values = part(g, v, 3, 0, to)
    const scores = product(g, own, keys, { transposeB: true, scale })
    const masked = add(g, reshape(g, scores, [rows, kvHeads, queries, group, to]), mask)
    const weights = reshape(g, softmax(g, masked), [...joined(queries), to])
    return { weights, keys, values, lines: own, out: product(g, weights, values) }
  })
  const joinBlocks = (parts: readonly Value[]) =>
    parts.length === 1 ? parts[0]! : concat(g, parts, 3, lines.shape[3]!)
  const out = g.record(joinBlocks(blocks.map((block) => block.out)), [lines, k, v], (dy) => {
    const parts = blocks.map(({ weights, keys, values, lines: own, out: y }, i) => {
      const first = (masks[i]!.from as number) * group
      const dOut = blocks.length === 1 ? dy : part(g, dy, 3, first, first + (own.shape[3] as number))
      // The sum over keys in the softmax gradient equals the sum over headSize of dy · y, which is far shorter.
      const rowSum = reduceSum(g, multiply(g, dOut, y), [-1])
      const dScores = multiply(g, weights, subtract(g, product(g, dOut, values, { transposeB: true }), rowSum))
      return {
        lines: product(g, dScores, keys, { scale }),
        keys: product(g, dScores, own, { transposeA: true, scale }),
        values: product(g, weights, dOut, { transposeA: true }),
      }
    })
    const total = (gradients: readonly Value[]) =>
      gradients.map((gradient) => widened(g, gradient, k.shape)).reduce((sum, more) => add(g, sum, more))
    return [
      joinBlocks(parts.map((gradient) => gradient.lines)),
      total(parts.map((gradient) => gradient.keys)),
      total(parts.map((gradient) => gradient.values)),
    ]
  })
  return reshape(g, out, q.shape)
}

/** Zeros behind the last key that a block sees. */
function widened(g: Graph, gradient: Value, shape: readonly Dim[]): Value {
  if (gradient.shape[3] === shape[3]) return gradient
  const behind = (shape[3] as number) - (gradient.shape[3] as number)
  return g.node('Pad', [gradient, g.ints([0, 0, 0, 0, 0, 0, 0, 0, behind, 0])], { type: 'float32', shape })
}
