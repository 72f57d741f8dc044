// The graphs that only read: logits after every token of a sequence, and of packed rows the PPM's scores and the
// policy's log-probabilities.
import { maskBlocks } from '../engine/attention.ts'
import { Graph, type Value } from '../engine/graph.ts'
import { rotaryConstants } from '../engine/layers.ts'
import { logProbabilitiesOf } from '../engine/losses.ts'
import { cast, flat, gather, linear } from '../engine/ops.ts'
import { causal, rowInputs } from './batch.ts'
import type { ModelConfig } from './config.ts'
import { bakedParameters, headName, maskWhere, type Parameters, required, rowNetwork } from './network.ts'
import { valueHead } from './objectives.ts'
import type { Weights } from './weights.ts'

/** `ids` [rows, columns] → `logits` [rows, columns, vocabulary]. */
export function logitsGraph(config: ModelConfig, weights: Weights): Graph {
  const g = new Graph()
  const parameters = bakedParameters(g, config, weights)
  const ids = g.input('ids', 'int32', ['rows', 'columns'])
  const mask = maskWhere(g, causal(g, ids))
  const embedded = gather(g, required(parameters, 'model.embed_tokens.weight'), ids)
  const rotary = rotaryConstants(g, config.maxPositions, config.headSize, config.ropeTheta)
  const hidden = rowNetwork(g, config, parameters, embedded, {
    positions: g.ints([0]),
    rotary,
    masks: maskBlocks(g, mask, 1),
  })
  g.output('logits', linear(g, hidden, required(parameters, headName(config))))
  return g
}

/** Packed rows (see batch.ts) and `index` [slots] of places → `scores` [slots, 1], raw. */
export function scoringGraph(config: ModelConfig, weights: Weights): Graph {
  const g = new Graph()
  const parameters = bakedParameters(g, config, weights, { valueHead: true })
  g.output('scores', valueHead(g, readPlaces(g, config, parameters), parameters))
  return g
}

/** Packed rows, `index` [slots] of places and `targets` [slots], the tokens that follow them → `logProbabilities` [slots, 1]. */
export function likelihoodGraph(config: ModelConfig, weights: Weights): Graph {
  const g = new Graph()
  const parameters = bakedParameters(g, config, weights)
  const hidden = readPlaces(g, config, parameters)
  const targets = g.input('targets', 'int32', ['slots'])
  const logits = linear(g, hidden, required(parameters, headName(config)))
  g.output('logProbabilities', logProbabilitiesOf(g, logits, targets).picked)
  return g
}

/** Hidden states at the places `index` [slots] of packed rows. Result: [slots, hidden]. */
function readPlaces(g: Graph, config: ModelConfig, parameters: Parameters): Value {
  const { ids, positions, mask } = rowInputs(g, 'rows', 'columns')
  const index = g.input('index', 'int32', ['slots'])
  const embedded = gather(g, required(parameters, 'model.embed_tokens.weight'), ids)
  return rowNetwork(g, config, parameters, embedded, {
    rotary: rotaryConstants(g, config.maxPositions, config.headSize, config.ropeTheta),
    positions: cast(g, positions, 'int64'),
    masks: maskBlocks(g, mask, 1),
    read: (x) => gather(g, flat(g, x), index),
  })
}
