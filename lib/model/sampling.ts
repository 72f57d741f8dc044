// Choosing the next token in the graph: from logits and one uniform number a sequence to a token and its
// log-probability. Inverse of the cumulative distribution, so the uniform numbers decide everything.
import type { Graph, Value } from '../engine/graph.ts'
import {
  add,
  and,
  cast,
  divide,
  gather,
  less,
  lessOrEqual,
  minimum,
  multiply,
  reduceSum,
  reshape,
  softmax,
  subtract,
  where,
} from '../engine/ops.ts'

/**
 * How tokens are chosen: `greedy` the most probable one (the first of equals), `plain` from the whole distribution,
 * `filtered` from its top-k and top-p part. A graph is built for one of them: the others' work is not done.
 */
export type Choice = 'greedy' | 'plain' | 'filtered'

/** Inputs of the sampler; each a number without axes. */
export interface SamplingInputs {
  readonly temperature: Value
  readonly topP: Value
  /** int64, at most the vocabulary. */
  readonly topK: Value
}

export interface Chosen {
  /** [rows, group] int32. */
  readonly tokens: Value
  /** [rows, group] natural logarithm of the token's probability at temperature 1, whatever the choice. */
  readonly logProbabilities: Value
}

/** logits: [rows, group, vocabulary], uniforms: [rows, group] in [0, 1 - 2^-23]. */
export function choose(g: Graph, choice: Choice, logits: Value, uniforms: Value, inputs: SamplingInputs): Chosen {
  const tokens =
    choice === 'greedy'
      ? mostProbable(g, logits)
      : choice === 'plain'
        ? inverse(g, softmax(g, divide(g, logits, inputs.temperature)), uniforms)
        : filtered(g, softmax(g, divide(g, logits, inputs.temperature)), uniforms, inputs)
  const log = softmax(g, logits, { log: true })
  const [rows, group] = uniforms.shape
  const picked = pickLast(g, log, tokens)
  return { tokens, logProbabilities: reshape(g, picked, [rows!, group!]) }
}

/** values: [rows, group, n] at index [rows, group]. Result: [rows, group, 1]. */
function pickLast(g: Graph, values: Value, index: Value): Value {
  const [rows, group] = index.shape
  const column = reshape(g, index, [rows!, group!, 1])
  return g.node(
    'GatherElements',
    [values, column],
    { type: values.type, shape: column.shape },
    { attributes: { axis: { int: 2 } } },
  )
}

function mostProbable(g: Graph, logits: Value): Value {
  const result = { type: 'int64', shape: logits.shape.slice(0, 2) } as const
  const attributes = { axis: { int: 2 }, keepdims: { int: 0 } }
  return cast(g, g.node('ArgMax', [logits], result, { attributes }), 'int32')
}

/** Running sums over the last of three axes; `exclusive` leaves each entry itself out. */
const cumulative = (g: Graph, x: Value, exclusive = false): Value =>
  g.node('CumSum', [x, g.scalar(2, 'int64')], x, { attributes: { exclusive: { int: +exclusive } } })

/** How many entries of `sums` [rows, group, n] are at most `threshold` [rows, group, 1]. Result: [rows, group] int32. */
function countUpTo(g: Graph, sums: Value, threshold: Value): Value {
  return cast(g, reduceSum(g, cast(g, lessOrEqual(g, sums, threshold), 'float32'), [2], false), 'int32')
}

/** Tokens are searched block by block, since a running sum over the whole vocabulary is the slowest operator of all. */
const BLOCK = 32
/** Below 1 by one unit of the last place: a number times this is smaller than the number. */
const JUST_BELOW_ONE = 1 - 2 ** -23

/**
 * The first index whose cumulative probability exceeds `uniform · total`: first its block, then its place there. An
 * index or block of probability 0 does not raise a sum and is never chosen; that the threshold stays below the sum of
 * what it is searched in, also after rounding, is what 23 bits of uniform and JUST_BELOW_ONE are for.
 */
function inverse(g: Graph, probabilities: Value, uniforms: Value): Value {
  const [rows, group, vocabulary] = probabilities.shape as [number, number, number]
  const blocks = Math.ceil(vocabulary / BLOCK)
  const padding = g.ints([0, 0, 0, 0, 0, blocks * BLOCK - vocabulary])
  const full = { type: 'float32', shape: [rows, group, blocks * BLOCK] } as const
  const padded = full.shape[2] === vocabulary ? probabilities : g.node('Pad', [probabilities, padding], full)
  const table = reshape(g, padded, [rows, group, blocks, BLOCK])
  const blockSums = reduceSum(g, table, [3], false)
  const sums = cumulative(g, blockSums)
  const threshold = multiply(g, reshape(g, uniforms, [rows, group, 1]), gather(g, sums, g.ints([blocks - 1]), 2))
  const block = countUpTo(g, sums, threshold)

  const place = reshape(g, cast(g, block, 'int64'), [rows, group, 1])
  const attributes = { batch_dims: { int: 2 } }
  const inBlock = cumulative(
    g,
    g.node('GatherND', [table, place], { type: 'float32', shape: [rows, group, BLOCK] }, { attributes }),
  )
  const before = pickLast(g, cumulative(g, blockSums, true), block)
  const total = gather(g, inBlock, g.ints([BLOCK - 1]), 2)
  const rest = minimum(g, subtract(g, threshold, before), multiply(g, total, g.scalar(JUST_BELOW_ONE)))
  return add(g, multiply(g, block, g.scalar(BLOCK, 'int32')), countUpTo(g, inBlock, rest))
}

function filtered(g: Graph, probabilities: Value, uniforms: Value, { topP, topK }: SamplingInputs): Value {
  const vocabulary = probabilities.shape[2] as number
  const [sorted, order] = g.nodeOf(
    'TopK',
    [probabilities, g.ints([vocabulary])],
    [
      { type: 'float32', shape: probabilities.shape },
      { type: 'int64', shape: probabilities.shape },
    ],
  )
  // A token stays while those before it hold less than top-p, so the first one always does.
  const before = subtract(g, cumulative(g, sorted!), sorted!)
  const ranks = g.ints(Array.from({ length: vocabulary }, (_, rank) => rank))
  const kept = and(g, less(g, before, topP), less(g, ranks, topK))
  const rank = inverse(g, where(g, kept, sorted!, g.scalar(0)), uniforms)
  const [rows, group] = uniforms.shape
  return cast(g, reshape(g, pickLast(g, order!, rank), [rows!, group!]), 'int32')
}
