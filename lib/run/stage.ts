// A stage of a round: search, policy training, PPM training, evaluation. One process at a time works on a run.
import { claim } from '../file/claim.ts'
import { writeJson } from '../file/json.ts'
import { notePeak } from './peak-memory.ts'
import type { Run } from './run.ts'
import { readTimings } from './timings.ts'

/** Runs at work in this process. */
const busy = new Set<string>()

/**
 * Runs a stage and adds its seconds to the round's timings, also when it fails: a resumed stage counts all its tries
 * that ended by themselves. Errors: those of the work; another living process, or a call of this one that has not ended
 * yet, works on the run.
 */
export async function runStage<T>(run: Run, round: number, stage: string, work: () => Promise<T>): Promise<T> {
  const path = run.path('in-use')
  if (busy.has(path))
    throw new Error(
      `${run.path()}: expected no other stage of this run under way in this process. Await the call before this one`,
    )
  const release = claim(path)
  busy.add(path)
  const started = performance.now()
  const [outcome] = await Promise.allSettled([work()])
  const failed = outcome.status === 'rejected'
  try {
    const file = run.roundPath(round, 'timings.json')
    const timings = readTimings(file)
    timings.seconds[stage] = (timings.seconds[stage] ?? 0) + (performance.now() - started) / 1000
    writeJson(file, timings, 2)
    notePeak(run)
  } catch (error) {
    if (!failed) throw error // else the stage's own failure says more, e.g. which file a full disk left unwritten
  } finally {
    busy.delete(path)
    release()
  }
  if (failed) throw outcome.reason
  return outcome.value
}
