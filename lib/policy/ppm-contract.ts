// The contract of a process preference model as the search sees it.
import type { Prefix, Step } from '../problem/problem.ts'

/** Asks for the scores of the candidates of one expansion, which share a prefix. */
export interface ScoreRequest {
  readonly prefix: Prefix
  readonly candidates: readonly Step[]
  /** What each candidate printed; null for one that does not end the solution, or printed no answer. @default all null */
  readonly printed?: readonly (string | null)[]
}

/** A process preference model: scores steps by how they will end. */
export interface Ppm {
  readonly name: string
  /** How many requests one call serves best. */
  readonly batchSize: number
  /**
   * For each request, in order, one score in [-1, 1] for each candidate, read after the prefix. Equal requests get equal
   * scores, whatever else is in the batch; what other candidates a request holds changes a score by no more than rounding.
   */
  score(requests: readonly ScoreRequest[]): Promise<number[][]>
  /** Twice is harmless. */
  dispose(): Promise<void>
}
