// The contract of a process preference model as the search sees it.
import type { Prefix, Step } from '../problem/problem.ts'

/** Asks for the scores of the candidates of one expansion, which share a prefix. */
export interface ScoreRequest {
  readonly prefix: Prefix
  readonly candidates: readonly Step[]
  /** What each candidate printed; null for one that does not end the solution, or printed no answer. @default all null */
  readonly printed?: readonly (string | null)[]
}

export interface Ppm {
  readonly name: string
  /** How many requests one call serves best. */
  readonly batchSize: number
  /** For each request one score in [-1, 1] for each candidate, read after the prefix. A score does not depend on the rest of the batch. */
  score(requests: readonly ScoreRequest[]): Promise<number[][]>
  dispose(): Promise<void>
}
