// Packed rows: several token sequences behind each other in one row, each seeing only itself and the sequence it
// continues. Checks them and builds the part of a graph that reads them.
import type { Graph, Value } from '../engine/graph.ts'
import { and, counting, equal, greaterOrEqual, lengthOf, or, reshape } from '../engine/ops.ts'
import type { Tensors } from '../engine/protocol.ts'
import { maskWhere } from './network.ts'

/** Rows × columns tokens, row by row, each array of that length. */
export interface PackedRows {
  /** Token ids in [0, vocabulary). */
  readonly ids: Int32Array
  /** Rotary position of each token, in [0, columns). A continuation goes on from the end of its prefix. */
  readonly positions: Int32Array
  /** Which sequence of its row a token belongs to, from 1 up; 0 is padding. */
  readonly segments: Int32Array
  /** The segment that a token's sequence continues, and therefore sees; 0 for none. */
  readonly parents: Int32Array
}

/** Feeds of the packed rows. The arrays are copied: the caller keeps his. Errors: an array of another length. */
export function rowFeeds(batch: PackedRows, rows: number, columns: number): Tensors {
  const feed = (name: keyof PackedRows) => {
    const array = batch[name]
    if (array.length !== rows * columns) {
      throw new RangeError(`Expected \`${name}\` of ${rows} × ${columns} numbers, got ${array.length}`)
    }
    return { type: 'int32' as const, dims: [rows, columns], data: array.slice() }
  }
  const parents = feed('parents')
  // No parent must not mean the padding, which has segment 0.
  const none = { ...parents, data: parents.data.map((parent) => (parent === 0 ? -1 : parent)) }
  return { ids: feed('ids'), positions: feed('positions'), segments: feed('segments'), parents: none }
}

/** The inputs of packed rows and the mask of who sees whom, [rows, 1, columns, 1, columns], made once for all layers. */
export function rowInputs(g: Graph, rows: number | string, columns: number | string) {
  const input = (name: string) => g.input(name, 'int32', [rows, columns])
  const ids = input('ids')
  const positions = input('positions')
  const segments = input('segments')
  const parents = input('parents')
  const asQuery = (x: Value) => reshape(g, x, [rows, 1, columns, 1, 1])
  const asKey = (x: Value) => reshape(g, x, [rows, 1, 1, 1, columns])
  const own = equal(g, asQuery(segments), asKey(segments))
  const inherited = equal(g, asQuery(parents), asKey(segments))
  return { ids, positions, mask: maskWhere(g, and(g, causal(g, ids), or(g, own, inherited))) }
}

/** Whether a query stands at or after a key, [1, 1, columns, 1, columns]. ids: [rows, columns]. */
export function causal(g: Graph, ids: Value): Value {
  const columns = ids.shape[1]!
  const order = counting(g, lengthOf(g, ids, 1), columns)
  return greaterOrEqual(g, reshape(g, order, [1, 1, columns, 1, 1]), reshape(g, order, [1, 1, 1, 1, columns]))
}
