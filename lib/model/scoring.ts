// Scores continuations with a PPM: one expansion is one row, its prefix computed once and its candidates packed behind
// it. A score is decided by the weights, the prefix and the candidates of its own request, to the last bit.
import type { Engine } from '../engine/engine.ts'
import type { ModelConfig } from './config.ts'
import { type ContinuationRequest, openReader } from './continuations.ts'
import { scoringGraph } from './reading.ts'
import type { Weights } from './weights.ts'

/** Scores from one set of weights. It owns a graph of the engine: `dispose()` frees it, not the engine. */
export interface Scorer {
  /**
   * For each request the raw score (before tanh, any real number) of each candidate, read at its last token:
   * [requests][candidates]. Errors: a request longer than the model's positions, an engine that was disposed.
   */
  score(requests: readonly ContinuationRequest[]): Promise<number[][]>
  dispose(): Promise<void>
}

/** Most tokens of one run. */
const RUN_TOKENS = 8192

/**
 * Opens a scorer for weights with a value head: one linear layer from the last hidden layer to a number (released code,
 * whose inference puts tanh(score / 5) behind it; `localPpm` puts tanh(score / scale)).
 * Errors: weights without `value_head.weight`, or another tensor that is missing.
 */
export async function openScorer(engine: Engine, config: ModelConfig, weights: Weights): Promise<Scorer> {
  const reader = await openReader(engine, config, {
    graph: scoringGraph(config, weights),
    output: 'scores',
    runTokens: RUN_TOKENS,
    slots: (candidates) => ({ index: candidates.map(({ start, tokens }) => start + tokens.length - 1) }),
    numbers: (scores, candidates) => candidates.map((_, slot) => Number(scores[slot])),
  })
  return { score: reader.read, dispose: reader.dispose }
}
