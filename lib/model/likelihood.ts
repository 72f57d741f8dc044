// How likely a policy is to write given continuations. Packed as for scoring; each token's log-probability is read where
// it is predicted, at the token before it.
import type { Engine } from '../engine/engine.ts'
import type { ModelConfig } from './config.ts'
import { type ContinuationRequest, openReader } from './continuations.ts'
import { likelihoodGraph } from './reading.ts'
import type { Weights } from './weights.ts'

export interface LikelihoodReader {
  /** For each request the log-probability of each candidate after the prefix, at temperature 1, natural log: at most 0. */
  logProbabilities(requests: readonly ContinuationRequest[]): Promise<number[][]>
  dispose(): Promise<void>
}

/** Most logits of one run: with a large vocabulary they, not the tokens, fill the memory. */
const RUN_LOGITS = 1 << 22

/** Opens a reader for weights with an LM head. Errors: a parameter that is missing. */
export async function openLikelihood(engine: Engine, config: ModelConfig, weights: Weights): Promise<LikelihoodReader> {
  const reader = await openReader(engine, config, {
    graph: likelihoodGraph(config, weights),
    output: 'logProbabilities',
    runTokens: Math.floor(RUN_LOGITS / config.vocabSize),
    slots: (candidates) => ({
      // The first token is predicted at the end of the prefix, every other one by the token before it.
      index: candidates.flatMap(({ prefixEnd, start, tokens }) =>
        tokens.map((_, i) => (i === 0 ? prefixEnd : start + i - 1)),
      ),
      targets: candidates.flatMap(({ tokens }) => tokens),
    }),
    numbers: (logProbabilities, candidates) => {
      let slot = 0
      return candidates.map(({ tokens }) => tokens.reduce((sum) => sum + Number(logProbabilities[slot++]), 0))
    },
  })
  return { logProbabilities: reader.read, dispose: reader.dispose }
}
