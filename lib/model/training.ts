// Trains a network: forward, backward and AdamW as one graph, its state held by the engine between steps. Two objectives:
// predicting the next token (the policy) and preferring one continuation to another (the PPM). 32-bit numbers throughout.
import { maskBlocks } from '../engine/attention.ts'
import type { Engine, Tensor, Tensors } from '../engine/engine.ts'
import { gradients } from '../engine/gradients.ts'
import { Graph, type Value } from '../engine/graph.ts'
import { embedding, readRows, rotaryConstants } from '../engine/layers.ts'
import { lazySession } from '../engine/lazy-session.ts'
import { cast, flat } from '../engine/ops.ts'
import { adamW, type OptimizerOptions } from '../engine/optimizer.ts'
import { random } from '../seed/random.ts'
import { rowFeeds, rowInputs } from './batch.ts'
import type { ModelConfig } from './config.ts'
import { type Parameters, required, rowNetwork } from './network.ts'
import {
  type Dropout,
  type LanguageBatch,
  type Loss,
  languageFeeds,
  languageLoss,
  type Objective,
  type PreferenceBatch,
  preferenceFeeds,
  preferenceLoss,
} from './objectives.ts'
import { type ParameterSpec, parameter, parametersOf, type Weights } from './weights.ts'

export type { LanguageBatch, PreferenceBatch } from './objectives.ts'

export interface TrainerOptions<Kind extends Objective = Objective> {
  /** Rows of a batch. Minimum: 1. */
  rows: number
  /** Tokens of a row. Minimum: 1. */
  columns: number
  objective: Kind
  /** AdamW; see OptimizerOptions for its defaults. */
  optimizer?: OptimizerOptions
  /** Preference only: dropout before the value head while training, in [0, 1). @default 0 */
  dropout?: number
  /** Decides the dropout. @default 0 */
  seed?: number
}

export interface StepResult {
  /** Mean loss of the batch before the step. */
  readonly loss: number
  /** Norm of all gradients before clipping. */
  readonly gradientNorm: number
  /** Preference only: share of pairs whose better continuation scored higher, before the step. */
  readonly correct?: number
}

/** The batch that an objective is trained on. */
export type BatchOf<Kind extends Objective> = Kind extends 'language' ? LanguageBatch : PreferenceBatch

export interface Trainer<Batch = LanguageBatch | PreferenceBatch> {
  /** One optimizer step. */
  step(batch: Batch, learningRate: number): Promise<StepResult>
  /** Loss of a batch without a step and without dropout. */
  evaluate(batch: Batch): Promise<Omit<StepResult, 'gradientNorm'>>
  /** A copy of the current parameters. */
  weights(): Promise<Weights>
  /** Starts again from other parameters, with a fresh optimizer. */
  reset(weights: Weights): Promise<void>
  dispose(): Promise<void>
}

/** Blocks of queries in attention. Two measured fastest at 160 and 192 columns: more save work but make it small. */
const ATTENTION_BLOCKS = 2

const mean = (name: string) => `${name} mean`
const square = (name: string) => `${name} square`

/**
 * Opens a trainer that starts from `weights` (which stay the caller's).
 * Errors: a parameter that is missing or of another shape; a batch of another size than `rows` × `columns`.
 */
export async function openTrainer<Kind extends Objective>(
  engine: Engine,
  config: ModelConfig,
  weights: Weights,
  options: TrainerOptions<Kind>,
): Promise<Trainer<BatchOf<Kind>>> {
  const { rows, columns, objective, dropout = 0, seed = 0 } = options
  const specs = parametersOf(config, { valueHead: objective === 'preference' })
  const names = specs.map(({ name }) => name)
  const held = await engine.hold(initialState(specs, weights))
  const training = trainingGraph(config, specs, options)
  const session = await engine.session(training.graph, {
    held,
    inputs: names.flatMap((name) => [name, mean(name), square(name)]),
    outputs: training.kept,
  })
  const evaluation = lazySession(engine, () => evaluationGraph(config, specs, options), { held, inputs: names })
  let steps = 0
  const { beta1 = 0.9, beta2 = 0.95 } = options.optimizer ?? {}

  const feedsOf = (batch: LanguageBatch | PreferenceBatch, dropped: Dropout | undefined): Tensors => ({
    ...rowFeeds(batch, rows, columns),
    ...(objective === 'language'
      ? languageFeeds(batch as LanguageBatch)
      : preferenceFeeds(batch as PreferenceBatch, config.hiddenSize, dropped)),
  })
  return {
    step: async (batch, learningRate) => {
      const dropped = dropout > 0 ? { rate: dropout, rng: random(seed, 'dropout', steps) } : undefined
      const feeds = feedsOf(batch, dropped)
      steps++
      const result = await session.run({
        ...feeds,
        learningRate: number(learningRate),
        correction1: number(1 - beta1 ** steps),
        correction2: number(1 - beta2 ** steps),
      })
      return { loss: read(result.loss!), gradientNorm: read(result.gradientNorm!), ...correctOf(result) }
    },
    evaluate: async (batch) => {
      const result = await evaluation.run(feedsOf(batch, undefined))
      return { loss: read(result.loss!), ...correctOf(result) }
    },
    weights: async () => {
      const tensors = await held.read(names)
      return new Map(specs.map(({ name, dims }) => [name, { dims, data: tensors[name]!.data as Float32Array }]))
    },
    reset: async (fresh) => {
      steps = 0
      await held.write(initialState(specs, fresh))
    },
    dispose: async () => {
      await session.dispose()
      await evaluation.dispose()
      await held.dispose()
    },
  }
}

const number = (value: number): Tensor => ({ type: 'float32', dims: [], data: new Float32Array([value]) })
const read = (tensor: Tensor): number => Number(tensor.data[0])
const correctOf = ({ correct }: Tensors) => (correct ? { correct: read(correct) } : {})

function initialState(specs: readonly ParameterSpec[], weights: Weights): Tensors {
  const state: Tensors = {}
  for (const spec of specs) {
    const data = parameter(weights, spec)
    state[spec.name] = { type: 'float32', dims: spec.dims, data: data.slice() }
    state[mean(spec.name)] = { type: 'float32', dims: spec.dims, data: new Float32Array(data.length) }
    state[square(spec.name)] = { type: 'float32', dims: spec.dims, data: new Float32Array(data.length) }
  }
  return state
}

type GraphOptions = Pick<TrainerOptions, 'rows' | 'columns' | 'objective' | 'dropout' | 'optimizer'>

/** From packed rows to the loss. Result: the graph so far, its parameters, and the loss. */
function forward(
  config: ModelConfig,
  specs: readonly ParameterSpec[],
  { rows, columns, objective, dropout }: GraphOptions,
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

function evaluationGraph(config: ModelConfig, specs: readonly ParameterSpec[], options: GraphOptions): Graph {
  return forward(config, specs, { ...options, dropout: 0 }).g
}

/** The whole step. `kept` says which output replaces which held tensor. */
function trainingGraph(config: ModelConfig, specs: readonly ParameterSpec[], options: GraphOptions) {
  const { g, values, loss } = forward(config, specs, options)
  const found = gradients(g, loss, [...values.values()])
  const trained = specs.map(({ name, dims, kind }, i) => ({
    value: values.get(name)!,
    gradient: found[i]!,
    mean: g.input(mean(name), 'float32', dims),
    square: g.input(square(name), 'float32', dims),
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
    keep(mean(name), updated[i]!.mean)
    keep(square(name), updated[i]!.square)
  })
  return { graph: g, kept }
}
