// The two training objectives: what a batch of each holds, how it is fed, and its loss in the graph.
import type { Tensors } from '../engine/engine.ts'
import type { Graph, Value } from '../engine/graph.ts'
import { pick } from '../engine/layers.ts'
import { crossEntropy, pairLoss } from '../engine/losses.ts'
import { add, cast, divide, greater, linear, multiply, reduceSum, reshape } from '../engine/ops.ts'
import type { Random } from '../seed/random.ts'
import type { PackedRows } from './batch.ts'
import type { ModelConfig } from './config.ts'
import { headName, type Parameters, required } from './network.ts'

export type Objective = 'language' | 'preference'

/** Rows whose tokens predict their successors. */
export interface LanguageBatch extends PackedRows {
  /** [rows · columns] token that follows each one; any number where the weight is 0. */
  readonly targets: Int32Array
  /** [rows · columns] weight of each prediction, from 0 up, not all 0. Nothing is computed at the head where it is 0. */
  readonly lossWeights: Float32Array
}

/** Rows that hold both continuations of each pair, and where their scores are read. */
export interface PreferenceBatch extends PackedRows {
  /** [pairs] place of the better continuation's last token: `row · columns + column`. */
  readonly chosen: Int32Array
  /** [pairs] place of the worse continuation's last token. */
  readonly rejected: Int32Array
  /** [pairs] weight of each pair, from 0 up, not all 0. @default all 1 */
  readonly pairWeights?: Float32Array
}

export interface Loss {
  readonly loss: Value
  /** Preference only: share of pairs, among those with a weight, whose better continuation scores higher. */
  readonly correct?: Value
}

/** Sizes that depend on the batch are rounded up to multiples of this, so that few different shapes occur. */
const BUCKET = 64
const roundUp = (count: number): number => Math.max(BUCKET, Math.ceil(count / BUCKET) * BUCKET)

/** Which of `size` places are read, padded to a bucket with place 0, and the way back: place → slot, or slots for none. */
function reading(places: readonly number[], size: number): { slots: number; feeds: Tensors } {
  const slots = roundUp(places.length)
  const index = new Int32Array(slots)
  const inverse = new Int32Array(size).fill(slots)
  places.forEach((place, slot) => {
    if (!(place >= 0 && place < size)) throw new RangeError(`Expected a place in [0, ${size}), got ${place}`)
    index[slot] = place
    inverse[place] = slot
  })
  const feeds: Tensors = {
    index: { type: 'int32', dims: [slots], data: index },
    inverse: { type: 'int32', dims: [size], data: inverse },
  }
  return { slots, feeds }
}

export function languageFeeds(batch: LanguageBatch): Tensors {
  const size = batch.ids.length
  if (batch.targets.length !== size || batch.lossWeights.length !== size) {
    throw new RangeError(
      `Expected ${size} targets and lossWeights, got ${batch.targets.length} and ${batch.lossWeights.length}`,
    )
  }
  const places = Array.from(batch.lossWeights.keys()).filter((place) => batch.lossWeights[place]! > 0)
  if (places.length === 0) throw new RangeError('Expected a batch with at least one lossWeight above 0, got none')
  const { slots, feeds } = reading(places, size)
  const targets = new Int32Array(slots)
  const weights = new Float32Array(slots)
  places.forEach((place, slot) => {
    targets[slot] = batch.targets[place]!
    weights[slot] = batch.lossWeights[place]!
  })
  return {
    ...feeds,
    targets: { type: 'int32', dims: [slots], data: targets },
    weights: { type: 'float32', dims: [slots], data: weights },
  }
}

/** hidden: [slots, hidden] states of the places that are read. */
export function languageLoss(g: Graph, hidden: Value, parameters: Parameters, config: ModelConfig): Loss {
  const targets = g.input('targets', 'int32', ['slots'])
  const weights = g.input('weights', 'float32', ['slots'])
  const logits = linear(g, hidden, required(parameters, headName(config)))
  return { loss: crossEntropy(g, logits, targets, weights) }
}

/** Dropout before the value head: each hidden number is 0 with probability `rate`, otherwise divided by 1 - rate. */
export interface Dropout {
  readonly rate: number
  readonly rng: Random
}

export function preferenceFeeds(batch: PreferenceBatch, hiddenSize: number, dropout?: Dropout): Tensors {
  const { chosen, rejected } = batch
  const pairWeights = batch.pairWeights ?? new Float32Array(chosen.length).fill(1)
  if (rejected.length !== chosen.length || pairWeights.length !== chosen.length) {
    const lengths = `${chosen.length}, ${rejected.length} and ${pairWeights.length}`
    throw new RangeError(`Expected chosen, rejected and pairWeights of one length, got ${lengths}`)
  }
  if (!pairWeights.some((weight) => weight > 0)) {
    throw new RangeError('Expected a batch with at least one pair of weight above 0, got none')
  }
  // A continuation may be in several pairs; it is scored once.
  const places = [...new Set([...chosen, ...rejected])]
  const slotOf = new Map(places.map((place, slot) => [place, slot]))
  const { slots, feeds } = reading(places, batch.ids.length)
  const pairs = roundUp(chosen.length)
  const slotsOf = (side: Int32Array): Int32Array => {
    const out = new Int32Array(pairs)
    side.forEach((place, pair) => {
      out[pair] = slotOf.get(place)!
    })
    return out
  }
  const weights = new Float32Array(pairs)
  weights.set(pairWeights)
  const all: Tensors = {
    ...feeds,
    chosen: { type: 'int32', dims: [pairs], data: slotsOf(chosen) },
    rejected: { type: 'int32', dims: [pairs], data: slotsOf(rejected) },
    weights: { type: 'float32', dims: [pairs], data: weights },
  }
  if (!dropout) return all
  const kept = new Float32Array(slots * hiddenSize).map(() =>
    dropout.rng() < dropout.rate ? 0 : 1 / (1 - dropout.rate),
  )
  return { ...all, kept: { type: 'float32', dims: [slots, hiddenSize], data: kept } }
}

export function preferenceLoss(g: Graph, hidden: Value, parameters: Parameters, dropout: boolean): Loss {
  const chosen = g.input('chosen', 'int32', ['pairs'])
  const rejected = g.input('rejected', 'int32', ['pairs'])
  const weights = g.input('weights', 'float32', ['pairs'])
  const read = dropout ? multiply(g, hidden, g.input('kept', 'float32', hidden.shape)) : hidden
  const scores = valueHead(g, read, parameters)
  const better = pick(g, scores, chosen)
  const worse = pick(g, scores, rejected)
  const counted = reshape(g, cast(g, greater(g, weights, g.scalar(0)), 'float32'), ['pairs', 1])
  const right = multiply(g, cast(g, greater(g, better, worse), 'float32'), counted)
  const correct = divide(g, reduceSum(g, right, [0, 1], false), reduceSum(g, counted, [0, 1], false))
  return { loss: pairLoss(g, better, worse, weights), correct }
}

/** Raw score of each row of hidden states: [n, hidden] → [n, 1]. */
export function valueHead(g: Graph, hidden: Value, parameters: Parameters): Value {
  return add(g, linear(g, hidden, required(parameters, 'value_head.weight')), required(parameters, 'value_head.bias'))
}
