// What differs between two runs of the same seed, and nothing else: seconds of each stage, how full the policy's batches
// were, and how the machine kept the steps from itself. Kept apart from every other file of a round.
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { readJson, writeJson } from '../file/json.ts'
import type { SearchStatistics } from '../search/statistics.ts'
import type { Isolation } from '../verify/level.ts'

export interface Timings {
  /** Wall seconds by stage, all tries of a stage added up, e.g. `{ search: 21.4, policyTraining: 62.0 }`. */
  readonly seconds: Record<string, number>
  /** How the seconds of the search divide, and its policy batches: `requests` filled so many of their `places`. Activities overlap. */
  readonly search: {
    policy: number
    ppm: number
    python: number
    other: number
    batches: number
    requests: number
    places: number
  }
  /** How the search ran its steps, and by which Python and sympy: each way once, the first one first. */
  readonly isolation: IsolationRecord[]
}

export type IsolationRecord = Pick<Isolation, 'level' | 'inner' | 'wrap' | 'ownUid' | 'python' | 'sympy'>

export function readTimings(path: string): Timings {
  const none = { policy: 0, ppm: 0, python: 0, other: 0, batches: 0, requests: 0, places: 0 }
  return { seconds: {}, search: none, isolation: [], ...(existsSync(path) && readJson<Partial<Timings>>(path)) }
}

/** Notes how steps are run, unless it is noted. */
export function addIsolation(path: string, { level, inner, wrap, ownUid, python, sympy }: Isolation): void {
  const timings = readTimings(path)
  const record: IsolationRecord = { level, inner, wrap, ownUid, python, sympy }
  if (timings.isolation.some((known) => isDeepStrictEqual(known, record))) return
  timings.isolation.push(record)
  writeJson(path, timings, 2)
}

/** Adds what one search took. */
export function addSearch(path: string, statistics: SearchStatistics): void {
  const timings = readTimings(path)
  const { search } = timings
  search.policy += statistics.policySeconds
  search.ppm += statistics.ppmSeconds
  search.python += statistics.verifySeconds
  search.other += statistics.otherSeconds
  search.batches += statistics.policy.batches
  search.requests += statistics.policy.requests
  search.places += statistics.policy.meanFill ? statistics.policy.requests / statistics.policy.meanFill : 0
  writeJson(path, timings, 2)
}
