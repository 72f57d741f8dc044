// Choosing the next token in the graph: from logits and one uniform number a sequence to a token and its
// log-probability. Inverse of the cumulative distribution, so the uniform numbers decide everything.
import type { Graph, Value } from '../engine/graph.ts'
import {
  and,
  cast,
  divide,
  gather,
  less,
  lessOrEqual,
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

const cumulative = (g: Graph, x: Value): Value =>
  g.node('CumSum', [x, g.scalar(2, 'int64')], { type: x.type, shape: x.shape })

/**
 * The first index whose cumulative probability exceeds `uniform · total`. An index of probability 0 does not raise the
 * sum and is never chosen, and 23 bits of uniform keep the product below the total after rounding.
 */
function inverse(g: Graph, probabilities: Value, uniforms: Value): Value {
  const [rows, group, vocabulary] = probabilities.shape as [number, number, number]
  const sums = cumulative(g, probabilities)
  const total = gather(g, sums, g.ints([vocabulary - 1]), 2)
  const threshold = multiply(g, reshape(g, uniforms, [rows, group, 1]), total)
  const passed = cast(g, lessOrEqual(g, sums, threshold), 'float32')
  return cast(g, reduceSum(g, passed, [2], false), 'int32')
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
