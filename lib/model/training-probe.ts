// The gradient probe: before anything is trained on a device other than the CPU, one small step of that very training is
// computed on both, forward, backward and AdamW. It is made by the function that makes the training's own graph, so that
// it holds every operator that will run.
import { expectAgreement } from '../engine/agreement.ts'
import type { Engine, Tensor, Tensors } from '../engine/engine.ts'
import { below, normal, random } from '../seed/random.ts'
import { rowFeeds } from './batch.ts'
import type { ModelConfig } from './config.ts'
import { type LanguageBatch, languageFeeds, type PreferenceBatch, preferenceFeeds } from './objectives.ts'
import { meanOf, squareOf, type TrainingOptions, trainingGraph } from './training-graph.ts'
import { parametersOf } from './weights.ts'

/**
 * Compares a small step of a training on the engine's device with the CPU's: one layer, two rows of 16 tokens, at most two
 * key heads, 256 tokens and widths of 512.
 * Errors: an operator that differs, by name, with both numbers and what to do.
 */
export async function probeTraining(engine: Engine, config: ModelConfig, options: TrainingOptions): Promise<void> {
  const small = smaller(config)
  const step = { ...options, rows: Math.min(2, options.rows), columns: Math.min(16, options.columns) }
  const specs = parametersOf(small, { valueHead: step.objective === 'preference' })
  const graph = () => trainingGraph(small, specs, step).graph
  const feeds = (): Tensors => ({ ...stateFeeds(specs), ...batchFeeds(small, step) })
  await expectAgreement(engine, graph, feeds, `a training step (${step.objective})`)
}

function smaller(config: ModelConfig): ModelConfig {
  const kvHeads = Math.min(2, config.kvHeads)
  return {
    ...config,
    layers: 1,
    kvHeads,
    heads: (kvHeads * config.heads) / config.kvHeads,
    hiddenSize: Math.min(512, config.hiddenSize),
    intermediateSize: Math.min(512, config.intermediateSize),
    vocabSize: Math.min(256, config.vocabSize),
  }
}

/** Parameters away from their neutral start and moments of a training under way, so that each of them matters. */
function stateFeeds(specs: ReturnType<typeof parametersOf>): Tensors {
  const rng = random(0, 'training probe')
  const feeds: Tensors = {}
  for (const { name, dims, kind } of specs) {
    const filled = (value: () => number): Tensor => ({
      type: 'float32',
      dims,
      data: Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, value),
    })
    const deviation = dims.length > 1 && kind !== 'embedding' ? 1 / Math.sqrt(dims[1]!) : 0.3
    feeds[name] = filled(() => (kind === 'norm' ? 1 : 0) + deviation * normal(rng))
    feeds[meanOf(name)] = filled(() => 0.1 * normal(rng))
    feeds[squareOf(name)] = filled(() => 0.01 + 0.01 * rng())
  }
  // A learning rate of 1, so that the new values show the whole direction of the step.
  const numbers = { learningRate: 1, correction1: 0.5, correction2: 0.25 }
  for (const [name, value] of Object.entries(numbers))
    feeds[name] = { type: 'float32', dims: [], data: Float32Array.of(value) }
  return feeds
}

/** Rows of a prefix and two continuations, each of a third of the columns; the rest is padding. */
function batchFeeds(config: ModelConfig, { rows, columns, objective, dropout = 0 }: TrainingOptions): Tensors {
  const rng = random(1, 'training probe')
  const size = rows * columns
  const length = Math.max(1, Math.floor(columns / 3))
  const filled = (value: (place: number) => number) => Int32Array.from({ length: size }, (_, place) => value(place))
  const part = (place: number) => Math.floor((place % columns) / length)
  const segment = (place: number) => (part(place) > 2 ? 0 : part(place) + 1)
  const positionOf = (place: number) => ((place % columns) % length) + (part(place) > 0 ? length : 0)
  const packed = {
    ids: filled(() => below(rng, config.vocabSize)),
    positions: filled((place) => Math.min(columns - 1, positionOf(place))),
    segments: filled(segment),
    parents: filled((place) => (segment(place) > 1 ? 1 : 0)),
  }
  const feeds = rowFeeds(packed, rows, columns)
  if (objective === 'language') {
    const targets = filled(() => below(rng, config.vocabSize))
    const lossWeights = Float32Array.from({ length: size }, (_, place) => (place % 4) / 2 + (place === 0 ? 1 : 0))
    return { ...feeds, ...languageFeeds({ ...packed, targets, lossWeights } satisfies LanguageBatch) }
  }
  const last = (row: number, sequence: number) => row * columns + Math.min(columns, sequence * length) - 1
  const batch: PreferenceBatch = {
    ...packed,
    chosen: Int32Array.from({ length: rows }, (_, row) => last(row, 2)),
    rejected: Int32Array.from({ length: rows }, (_, row) => last(row, 3)),
    pairWeights: Float32Array.from({ length: rows }, (_, row) => 1 / (row + 1)),
  }
  const dropped = dropout > 0 ? { rate: dropout, rng } : undefined
  return { ...feeds, ...preferenceFeeds(batch, config.hiddenSize, dropped) }
}
