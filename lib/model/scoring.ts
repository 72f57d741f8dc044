// Scores continuations with a PPM: one expansion is one row, its prefix computed once and its candidates packed behind
// it. A score is decided by the weights, the prefix and the candidates of its own request, to the last bit.
import type { Engine } from '../engine/engine.ts'
import type { ModelConfig } from './config.ts'
import { type ContinuationRequest, packContinuations, readingRuns } from './continuations.ts'
import { scoringGraph } from './reading.ts'
import type { Weights } from './weights.ts'

export interface Scorer {
  /** For each request the raw score (before tanh) of each candidate, read at its last token. */
  score(requests: readonly ContinuationRequest[]): Promise<number[][]>
  dispose(): Promise<void>
}

/** Most tokens of one run. */
const RUN_TOKENS = 8192

/** Opens a scorer for weights with a value head. Errors: weights without `value_head.weight`. */
export async function openScorer(engine: Engine, config: ModelConfig, weights: Weights): Promise<Scorer> {
  const session = await engine.session(scoringGraph(config, weights))
  return {
    score: async (requests) => {
      const scores: number[][] = requests.map(() => [])
      for (const { columns, members } of readingRuns(requests, config, RUN_TOKENS)) {
        const { feeds, candidates } = packContinuations(
          members.map((member) => requests[member]!),
          columns,
        )
        const index = candidates.map(({ start, tokens }) => start + tokens.length - 1)
        // Two slots at least: one row alone takes another path through the matrix product, with other last bits.
        while (index.length < 2) index.push(0)
        const output = await session.run({
          ...feeds,
          index: { type: 'int32', dims: [index.length], data: Int32Array.from(index) },
        })
        const raw = output.scores!.data
        let slot = 0
        for (const member of members) {
          scores[member] = requests[member]!.candidates.map(() => Number(raw[slot++]))
        }
      }
      return scores
    },
    dispose: () => session.dispose(),
  }
}
