// Scores continuations with a PPM: one expansion is one row, its prefix computed once and its candidates packed behind
// it. A score is decided by the weights, the prefix and the candidates of its own request, to the last bit.
import type { Engine, Tensors } from '../engine/engine.ts'
import { type PackedRows, rowFeeds } from './batch.ts'
import type { ModelConfig } from './config.ts'
import { scoringGraph } from './reading.ts'
import type { Weights } from './weights.ts'

export interface ScoringRequest {
  /** Tokens that all candidates continue, at least one. */
  readonly prefix: readonly number[]
  /** Tokens of each candidate, at least one each. */
  readonly candidates: readonly (readonly number[])[]
}

export interface Scorer {
  /** For each request the raw score (before tanh) of each candidate, read at its last token. */
  score(requests: readonly ScoringRequest[]): Promise<number[][]>
  dispose(): Promise<void>
}

/** Rows are padded to a multiple of this many tokens; only rows of one length share a run. */
const PAD = 32
/** Most tokens of one run. */
const RUN_TOKENS = 16384

/** Opens a scorer for weights with a value head. Errors: weights without `value_head.weight`. */
export async function openScorer(engine: Engine, config: ModelConfig, weights: Weights): Promise<Scorer> {
  const session = await engine.session(scoringGraph(config, weights))
  return {
    score: async (requests) => {
      const scores: number[][] = requests.map(() => [])
      for (const { columns, members } of runs(requests, config)) {
        const rows = members.map((member) => requests[member]!)
        const output = await session.run(feeds(rows, columns))
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

const tokensOf = ({ prefix, candidates }: ScoringRequest): number =>
  candidates.reduce((sum, candidate) => sum + candidate.length, prefix.length)

/** Requests of equal padded length, as many as fit a run. A request without candidates is in none. */
function runs(requests: readonly ScoringRequest[], config: ModelConfig): { columns: number; members: number[] }[] {
  const lengths = new Map<number, number[]>()
  requests.forEach((request, i) => {
    if (request.candidates.length === 0) return
    check(request, config)
    const columns = Math.ceil(tokensOf(request) / PAD) * PAD
    lengths.set(columns, [...(lengths.get(columns) ?? []), i])
  })
  return [...lengths].flatMap(([columns, members]) => {
    const size = Math.max(1, Math.floor(RUN_TOKENS / columns))
    const count = Math.ceil(members.length / size)
    return Array.from({ length: count }, (_, run) => ({
      columns,
      members: members.slice(run * size, (run + 1) * size),
    }))
  })
}

function check({ prefix, candidates }: ScoringRequest, config: ModelConfig): void {
  if (prefix.length === 0 || candidates.some((candidate) => candidate.length === 0)) {
    throw new RangeError('Expected a prefix and candidates of at least one token, got an empty one')
  }
  const longest = prefix.length + Math.max(...candidates.map((candidate) => candidate.length))
  if (longest > config.maxPositions) {
    throw new RangeError(
      `Expected prefix and candidate to fit the model's ${config.maxPositions} positions, got ${longest}`,
    )
  }
}

function feeds(requests: readonly ScoringRequest[], columns: number): Tensors {
  const size = requests.length * columns
  const rows: PackedRows = {
    ids: new Int32Array(size),
    positions: new Int32Array(size),
    segments: new Int32Array(size),
    parents: new Int32Array(size),
  }
  const index: number[] = []
  requests.forEach(({ prefix, candidates }, row) => {
    let place = row * columns
    const write = (tokens: readonly number[], start: number, segment: number, parent: number) => {
      tokens.forEach((token, i) => {
        rows.ids[place] = token
        rows.positions[place] = start + i
        rows.segments[place] = segment
        rows.parents[place] = parent
        place++
      })
    }
    write(prefix, 0, 1, 0)
    candidates.forEach((candidate, i) => {
      write(candidate, prefix.length, i + 2, 1)
      index.push(place - 1)
    })
  })
  // Two slots at least: one row alone takes another path through the matrix product, with other last bits.
  while (index.length < 2) index.push(0)
  return {
    ...rowFeeds(rows, requests.length, columns),
    index: { type: 'int32', dims: [index.length], data: Int32Array.from(index) },
  }
}
