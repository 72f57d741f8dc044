// What the readers of continuations share: a prefix is one row, computed once, its candidates packed behind it, none of
// which sees another. What comes of a request is decided by the weights and the request, to the last bit.
import type { Engine, Tensor, Tensors } from '../engine/engine.ts'
import type { Graph } from '../engine/graph.ts'
import { type PackedRows, rowFeeds } from './batch.ts'
import type { ModelConfig } from './config.ts'

export interface ContinuationRequest {
  /** Tokens that all candidates continue, at least one. */
  readonly prefix: readonly number[]
  /** Tokens of each candidate, at least one each. */
  readonly candidates: readonly (readonly number[])[]
}

/** Requests that are read in one run. */
interface ReadingRun {
  /** Tokens of a padded row. */
  readonly columns: number
  /** Positions of the requests in the list. */
  readonly members: readonly number[]
}

/** Where the tokens of one candidate stand in a run: `row · columns + column`. */
export interface CandidatePlace {
  /** Place of the last token of its prefix. */
  readonly prefixEnd: number
  /** Place of its first token; the others follow. */
  readonly start: number
  readonly tokens: readonly number[]
}

/** Rows are padded to a multiple of this many tokens; only rows of one length share a run. */
const PAD = 32

/** How a graph of packed rows (reading.ts) reads candidates. */
export interface Reading {
  readonly graph: Graph
  /** The graph's output: one number for each slot. */
  readonly output: string
  /** Most tokens of one run. */
  readonly runTokens: number
  /** What stands in the slots for the candidates of a run, by input name: lists of one length. */
  slots(candidates: readonly CandidatePlace[]): Readonly<Record<string, number[]>>
  /** The number of each candidate, given the numbers of the slots. */
  numbers(slots: Tensor['data'], candidates: readonly CandidatePlace[]): readonly number[]
}

/** A network that gives one number for each continuation. */
export interface ContinuationReader {
  /**
   * For each request the number of each candidate.
   * Errors: an empty prefix or candidate, or one that does not fit the model's positions.
   */
  read(requests: readonly ContinuationRequest[]): Promise<number[][]>
  dispose(): Promise<void>
}

/** Opens a reading. */
export async function openReader(engine: Engine, config: ModelConfig, reading: Reading): Promise<ContinuationReader> {
  const session = await engine.session(reading.graph)
  return {
    read: async (requests) => {
      const results: number[][] = requests.map(() => [])
      for (const { columns, members } of readingRuns(requests, config, reading.runTokens)) {
        const { feeds, candidates } = packContinuations(
          members.map((member) => requests[member]!),
          columns,
        )
        const output = await session.run({ ...feeds, ...slotFeeds(reading.slots(candidates)) })
        const numbers = reading.numbers(output[reading.output]!.data, candidates)
        let next = 0
        for (const member of members) results[member] = requests[member]!.candidates.map(() => numbers[next++]!)
      }
      return results
    },
    dispose: () => session.dispose(),
  }
}

function slotFeeds(slots: Readonly<Record<string, readonly number[]>>): Tensors {
  const feeds: Tensors = {}
  for (const [name, places] of Object.entries(slots)) {
    // Two slots at least: one row alone takes another path through the matrix product, with other last bits.
    const data = Int32Array.from({ length: Math.max(2, places.length) }, (_, slot) => places[slot] ?? 0)
    feeds[name] = { type: 'int32', dims: [data.length], data }
  }
  return feeds
}

/** Requests of equal padded length, as many as fit a run. A request without candidates is in none. */
function readingRuns(requests: readonly ContinuationRequest[], config: ModelConfig, runTokens: number): ReadingRun[] {
  const lengths = new Map<number, number[]>()
  requests.forEach((request, i) => {
    if (request.candidates.length === 0) return
    check(request, config)
    const columns = Math.ceil(tokensOf(request) / PAD) * PAD
    lengths.set(columns, [...(lengths.get(columns) ?? []), i])
  })
  return [...lengths].flatMap(([columns, members]) => {
    const size = Math.max(1, Math.floor(runTokens / columns))
    const count = Math.ceil(members.length / size)
    return Array.from({ length: count }, (_, run) => ({
      columns,
      members: members.slice(run * size, (run + 1) * size),
    }))
  })
}

/** The rows of a run as feeds, and where each candidate stands, in the order of the requests and their candidates. */
function packContinuations(
  requests: readonly ContinuationRequest[],
  columns: number,
): { feeds: Tensors; candidates: CandidatePlace[] } {
  const size = requests.length * columns
  const rows: PackedRows = {
    ids: new Int32Array(size),
    positions: new Int32Array(size),
    segments: new Int32Array(size),
    parents: new Int32Array(size),
  }
  const places: CandidatePlace[] = []
  requests.forEach(({ prefix, candidates }, row) => {
    let place = row * columns
    const write = (tokens: readonly number[], from: number, segment: number, parent: number) => {
      tokens.forEach((token, i) => {
        rows.ids[place] = token
        rows.positions[place] = from + i
        rows.segments[place] = segment
        rows.parents[place] = parent
        place++
      })
    }
    write(prefix, 0, 1, 0)
    const prefixEnd = place - 1
    candidates.forEach((tokens, i) => {
      places.push({ prefixEnd, start: place, tokens })
      write(tokens, prefix.length, i + 2, 1)
    })
  })
  return { feeds: rowFeeds(rows, requests.length, columns), candidates: places }
}

const tokensOf = ({ prefix, candidates }: ContinuationRequest): number =>
  candidates.reduce((sum, candidate) => sum + candidate.length, prefix.length)

function check({ prefix, candidates }: ContinuationRequest, config: ModelConfig): void {
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
