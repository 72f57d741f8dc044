// The graphs that only read: logits after every token of a sequence, and the PPM's scores of packed rows.
import { attend, joinHeads, keyHeads, queryGroups } from '../engine/attention.ts'
import { Graph, type Value } from '../engine/graph.ts'
import { rotaryConstants } from '../engine/layers.ts'
import { cast, flat, gather, linear } from '../engine/ops.ts'
import { causal, rowInputs } from './batch.ts'
import type { ModelConfig } from './config.ts'
import { bakedParameters, headName, headShape, maskWhere, network, type Parameters } from './network.ts'
import { valueHead } from './objectives.ts'
import type { Weights } from './weights.ts'

interface Reading {
  readonly ids: Value
  readonly positions: Value
  readonly mask: Value
  readonly read?: (x: Value) => Value
}

function hiddenStates(
  g: Graph,
  config: ModelConfig,
  parameters: Parameters,
  { ids, positions, mask, read }: Reading,
): Value {
  const shape = headShape(config)
  return network(g, config, parameters, gather(g, parameters.value('model.embed_tokens.weight'), ids), {
    positions,
    rotary: rotaryConstants(g, config.maxPositions, config.headSize, config.ropeTheta),
    attend: (_layer, q, k, v) =>
      joinHeads(g, attend(g, queryGroups(g, q, shape), keyHeads(g, k, shape), keyHeads(g, v, shape), mask), shape),
    read,
  })
}

/** `ids` [rows, columns] → `logits` [rows, columns, vocabulary]. */
export function logitsGraph(config: ModelConfig, weights: Weights): Graph {
  const g = new Graph()
  const parameters = bakedParameters(g, weights)(g)
  const ids = g.input('ids', 'int32', ['rows', 'columns'])
  const mask = maskWhere(g, causal(g, ids))
  const hidden = hiddenStates(g, config, parameters, { ids, positions: g.ints([0]), mask })
  g.output('logits', linear(g, hidden, parameters.value(`${headName(config)}.weight`)))
  return g
}

/** Packed rows (see batch.ts) and `index` [slots] of places → `scores` [slots, 1], raw. */
export function scoringGraph(config: ModelConfig, weights: Weights): Graph {
  const g = new Graph()
  const parameters = bakedParameters(g, weights)(g)
  const { ids, positions, mask } = rowInputs(g, 'rows', 'columns')
  const index = g.input('index', 'int32', ['slots'])
  const hidden = hiddenStates(g, config, parameters, {
    ids,
    positions: cast(g, positions, 'int64'),
    mask,
    read: (x) => gather(g, flat(g, x), index),
  })
  g.output('scores', valueHead(g, hidden, parameters))
  return g
}
