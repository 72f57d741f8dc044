// The largest resident memory of the processes that did a run's stages. A process that only reads the run is not among them.
import { existsSync } from 'node:fs'
import { readJson, writeJson } from '../file/json.ts'
import type { Run } from './run.ts'

type Place = Pick<Run, 'path'>

const fileOf = (run: Place): string => run.path('peak-rss.json')

/** Notes what this process, which has just done a stage of the run, has needed so far. */
export function notePeak(run: Place): void {
  const mine = process.resourceUsage().maxRSS / 1024
  writeJson(fileOf(run), { peakRssMb: Math.max(mine, peakOf(run) ?? 0) })
}

/** In MB; undefined where no stage has noted any. */
export const peakOf = (run: Place): number | undefined =>
  existsSync(fileOf(run)) ? readJson<{ peakRssMb: number }>(fileOf(run)).peakRssMb : undefined
