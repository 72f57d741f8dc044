// Whether memory grows with the number of problems: the first round without a network, at a thousand problems and at ten
// thousand, each in a process tree of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../lib/run/manifest.ts'
import { aimed, type Figure, plain } from './figure.ts'
import { watched } from './process-tree.ts'

export interface MemoryOptions {
  /** Problems of each run, the smallest first. Multiples of 20. @default [1000, 10000] */
  readonly problems?: readonly number[]
  /** Gets a line after each run. @default prints nothing */
  readonly log?: (line: string) => void
}

/** Peaks of the process tree, and how the last one stands to the first. */
export async function memoryFigures(options: MemoryOptions = {}): Promise<Figure[]> {
  const { problems = [1_000, 10_000], log = () => undefined } = options
  const peaks: Figure[] = []
  for (const count of problems) {
    const { peakMb, seconds } = await firstRound(count)
    log(`${count} problems: peak ${peakMb.toFixed(0)} MB, ${seconds.toFixed(0)} s`)
    peaks.push(
      plain({ bench: 'memory', figure: 'peak', of: `${count} problems`, measured: peakMb, unit: 'MB', how: HOW }),
    )
  }
  const ratio = (peaks.at(-1)!.measured as number) / (peaks[0]!.measured as number)
  const growth = {
    bench: 'memory',
    figure: `${problems.at(-1)} beside ${problems[0]} problems`,
    unit: 'ratio',
  } as const
  return [...peaks, aimed({ ...growth, measured: ratio, how: HOW }, 'at most 1.1 ×', (times) => times <= 1.1)]
}

const HOW = 'evolve --rounds 1 without a network, all processes together'

async function firstRound(count: number): Promise<{ peakMb: number; seconds: number }> {
  const runs = mkdtempSync(join(tmpdir(), 'asterism-memory-'))
  const counts = [3, 4, 4, 4, 3, 2].map((share) => (share * count) / 20)
  const set = [`problems=[${counts}]`, 'heldOut=10', 'rounds.0.policyTraining=null', 'rounds.0.ppmTraining=null']
  const args = ['evolve', '--rounds', '1', '--runs', runs, ...set.flatMap((each) => ['--set', each])]
  try {
    return await watched(process.execPath, [join(packageRoot(), 'lib/cli/asterism.mjs'), ...args])
  } finally {
    rmSync(runs, { recursive: true, force: true })
  }
}
