// A run of seconds for the tests of round, eval and cli: few problems, a model that learns next to nothing.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRun } from '../../lib/round/start-run.ts'
import type { Run } from '../../lib/run/run.ts'
import { TINY_RUN } from '../cli/asterism.ts'

/** A folder for runs; `remove` it when the tests are done. */
export function runsRoot(): { root: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'asterism-runs-'))
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}

/** Opens the tiny run under a name; the same name goes on with it. */
export const tinyRun = (root: string, name: string, ...set: string[]): Run =>
  startRun({ root, name, set: [...TINY_RUN, ...set] })
