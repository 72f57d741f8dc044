// A stage of a round: search, policy training, PPM training, evaluation. One process at a time works on a run.
import { claim } from '../file/claim.ts'
import { writeJson } from '../file/json.ts'
import type { Run } from './run.ts'
import { readTimings } from './timings.ts'

/**
 * Runs a stage and adds its seconds to the round's timings, also when it fails: a resumed stage counts all its tries
 * that ended by themselves. Errors: those of the work; another living process works on the run.
 */
export async function runStage<T>(run: Run, round: number, stage: string, work: () => Promise<T>): Promise<T> {
  const release = claim(run.path('in-use'))
  const started = performance.now()
  const [outcome] = await Promise.allSettled([work()])
  const failed = outcome.status === 'rejected'
  try {
    const path = run.roundPath(round, 'timings.json')
    const timings = readTimings(path)
    timings.seconds[stage] = (timings.seconds[stage] ?? 0) + (performance.now() - started) / 1000
    writeJson(path, timings, 2)
  } catch (error) {
    if (!failed) throw error // else the stage's own failure says more, e.g. which file a full disk left unwritten
  } finally {
    release()
  }
  if (failed) throw outcome.reason
  return outcome.value
}
