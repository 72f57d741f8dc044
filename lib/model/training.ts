// Trains a network: forward, backward and AdamW as one graph, its state held by the engine between steps. Two objectives:
// predicting the next token (the policy) and preferring one continuation to another (the PPM). 32-bit numbers throughout.
import type { Engine, Tensor, Tensors } from '../engine/engine.ts'
import { lazySession } from '../engine/lazy-session.ts'
import { random } from '../seed/random.ts'
import { rowFeeds } from './batch.ts'
import type { ModelConfig } from './config.ts'
import {
  type Dropout,
  type LanguageBatch,
  languageFeeds,
  type Objective,
  type PreferenceBatch,
  preferenceFeeds,
} from './objectives.ts'
import { evaluationGraph, meanOf, squareOf, type TrainingOptions, trainingGraph } from './training-graph.ts'
import { probeTraining } from './training-probe.ts'
import { type ParameterSpec, parameter, parametersOf, type Weights } from './weights.ts'

export type { LanguageBatch, PreferenceBatch } from './objectives.ts'

export interface TrainerOptions<Kind extends Objective = Objective> extends TrainingOptions<Kind> {
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

/**
 * Opens a trainer that starts from `weights` (which stay the caller's).
 * Errors: a parameter that is missing or of another shape; a batch of another size than `rows` × `columns`; a device other
 * than the CPU that computes a small step of this training differently, with the operator that does.
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
  if (engine.device !== 'cpu') await probeTraining(engine, config, options)
  const held = await engine.hold(initialState(specs, weights))
  const training = trainingGraph(config, specs, options)
  const session = await engine.session(training.graph, {
    held,
    inputs: names.flatMap((name) => [name, meanOf(name), squareOf(name)]),
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
    state[meanOf(spec.name)] = { type: 'float32', dims: spec.dims, data: new Float32Array(data.length) }
    state[squareOf(spec.name)] = { type: 'float32', dims: spec.dims, data: new Float32Array(data.length) }
  }
  return state
}
