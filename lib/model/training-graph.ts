// The graphs of training: from packed rows to the loss, and a whole step with backward pass and AdamW behind it.
import { maskBlocks } from '../engine/attention.ts'
import { gradients } from '../engine/gradients.ts'
import { Graph, type Value } from '../engine/graph.ts'
import { embedding, readRows, rotaryConstants } from '../engine/layers.ts'
import { cast, flat } from '../engine/ops.ts'
import { adamW, type OptimizerOptions } from '../engine/optimizer.ts'
import { rowInputs } from './batch.ts'
import type { ModelConfig } from './config.ts'
import { type Parameters, required, rowNetwork } from './network.ts'
import { type Loss, languageLoss, type Objective, preferenceLoss } from './objectives.ts'
import type { ParameterSpec } from './weights.ts'

/** What decides the graphs of a training, besides the shape of the model. */
export interface TrainingOptions<Kind extends Objective = Objective> {
  /** Rows of a batch. Minimum: 1. */
  rows: number
  /** Tokens of a row. Minimum: 1. */
  columns: number
  objective: Kind
  /** AdamW; see OptimizerOptions for its defaults. */
  optimizer?: OptimizerOptions
  /** Preference only: dropout before the value head while training, in [0, 1). @default 0 */
  dropout?: number
}

/** Blocks of queries in attention. Two measured fastest at 160 and 192 columns: more save work but make it small. */
const ATTENTION_BLOCKS = 2

/** Names of the two moments that AdamW keeps of a parameter. */
export const meanOf = (name: string): string => `${name} mean`
export const squareOf = (name: string): string => `${name} square`

/** From packed rows to the loss. Result: the graph so far, its parameters, and the loss. */
function forward(
  config: ModelConfig,
  specs: readonly ParameterSpec[],
  { rows, columns, objective, dropout }: TrainingOptions,
) {
  const g = new Graph()
  const values = new Map(specs.map(({ name, dims }) => [name, g.input(name, 'float32', dims)]))
  const parameters: Parameters = (name) => values.get(name)
  const { ids, positions, mask } = rowInputs(g, rows, columns)
  const index = g.input('index', 'int32', ['slots'])
  const inverse = g.input('inverse', 'int32', [rows * columns])
  const embedded = embedding(g, required(parameters, 'model.embed_tokens.weight'), ids)
  const hidden = rowNetwork(g, config, parameters, embedded, {
    masks: maskBlocks(g, mask, ATTENTION_BLOCKS),
    positions: cast(g, positions, 'int64'),
    rotary: rotaryConstants(g, columns, config.headSize, config.ropeTheta),
    read: (x) => readRows(g, flat(g, x), index, inverse),
  })
  const loss: Loss =
    objective === 'language'
      ? languageLoss(g, hidden, parameters, config)
      : preferenceLoss(g, hidden, parameters, (dropout ?? 0) > 0)
  g.output('loss', loss.loss)
  if (loss.correct) g.output('correct', loss.correct)
  return { g, values, loss: loss.loss }
}

/** The loss of a batch, without dropout. */
export function evaluationGraph(config: ModelConfig, specs: readonly ParameterSpec[], options: TrainingOptions): Graph {
  return forward(config, specs, { ...options, dropout: 0 }).g
}

/** The whole step. `kept` says which output replaces which held tensor. */
export function trainingGraph(config: ModelConfig, specs: readonly ParameterSpec[], options: TrainingOptions) {
  const { g, values, loss } = forward(config, specs, options)
  const found = gradients(g, loss, [...values.values()])
  const trained = specs.map(({ name, dims, kind }, i) => ({
    value: values.get(name)!,
    gradient: found[i]!,
    mean: g.input(meanOf(name), 'float32', dims),
    square: g.input(squareOf(name), 'float32', dims),
    decays: kind !== 'norm' && kind !== 'bias',
  }))
  const scalar = (name: string) => g.input(name, 'float32', [])
  const inputs = {
    learningRate: scalar('learningRate'),
    correction1: scalar('correction1'),
    correction2: scalar('correction2'),
  }
  const { updated, norm } = adamW(g, trained, inputs, options.optimizer)
  g.output('gradientNorm', norm)
  const kept: Record<string, string> = {}
  const keep = (name: string, value: Value) => {
    g.output(`next ${name}`, value)
    kept[`next ${name}`] = name
  }
  specs.forEach(({ name }, i) => {
    keep(name, updated[i]!.value)
    keep(meanOf(name), updated[i]!.mean)
    keep(squareOf(name), updated[i]!.square)
  })
  return { graph: g, kept }
}
