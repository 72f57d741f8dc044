// Small networks for tests of training, generation and scoring.
import type { ModelConfig } from '../../lib/model/config.ts'
import type { ContinuationRequest } from '../../lib/model/continuations.ts'
import { initialWeights, type Weights } from '../../lib/model/weights.ts'
import { below, normal, type Random, random } from '../../lib/seed/random.ts'

export const tiny: ModelConfig = {
  vocabSize: 61,
  hiddenSize: 32,
  intermediateSize: 52,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  ropeTheta: 10000,
  rmsNormEps: 1e-6,
  tied: true,
  maxPositions: 256,
}

/** The shape of the embedded policy. */
export const embedded: ModelConfig = {
  ...tiny,
  vocabSize: 768,
  hiddenSize: 96,
  intermediateSize: 256,
  layers: 3,
  heads: 6,
  kvHeads: 6,
  headSize: 16,
  tied: false,
  maxPositions: 512,
}

/** As many query as key heads. */
export const multiHead: ModelConfig = { ...tiny, heads: 2, kvHeads: 2, headSize: 16, tied: false }

/** Random weights with every parameter away from its neutral start, so that each of them matters. */
export function livelyWeights(config: ModelConfig, seed: number, options: { valueHead?: boolean } = {}): Weights {
  const rng = random(seed, 'lively')
  return new Map(
    [...initialWeights(config, seed, options)].map(([name, { dims, data }]) => {
      const scale = name.startsWith('value_head') ? 1 : 0.1
      return [name, { dims, data: data.map((value) => value + scale * normal(rng)) }]
    }),
  )
}

export const tokens = (rng: Random, length: number, config: ModelConfig): number[] =>
  Array.from({ length }, () => below(rng, config.vocabSize))

/** Requests with prefixes and candidates of many lengths; some have no candidates. */
export const continuationRequests = (config: ModelConfig): ContinuationRequest[] => {
  const rng = random(6, 'requests')
  return Array.from({ length: 12 }, (_, i) => ({
    prefix: tokens(rng, 1 + below(rng, 60), config),
    candidates: Array.from({ length: i % 5 }, () => tokens(rng, 1 + below(rng, 20), config)),
  }))
}
