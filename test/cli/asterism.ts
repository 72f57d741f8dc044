// The `asterism` command as a person starts it: the launcher in a process of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { packageRoot } from '../fixtures.ts'

/** `--set` assignments of a run of seconds: 20 problems, a model of some thousand parameters that learns next to nothing. */
export const TINY_RUN = [
  'problems=[6,6,4,2,1,1]',
  'heldOut=2',
  'evaluation.fromRound=2',
  'model.hiddenSize=32',
  'model.intermediateSize=64',
  'model.layers=2',
  'model.heads=2',
  'model.kvHeads=2',
  'rounds.*.policyTraining.rows=4',
  'rounds.*.policyTraining.maxSteps=40',
  'rounds.*.policyTraining.tail=20',
  'rounds.*.policyTraining.minSteps=20',
  'rounds.*.ppmTraining.rows=4',
  'rounds.*.ppmTraining.steps=20',
]

/** The same as arguments. */
export const tinyRun = (...more: string[]): string[] => [...TINY_RUN, ...more].flatMap((each) => ['--set', each])

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Asterism {
  readonly pid: number
  readonly ended: Promise<Ended>
  kill(signal: NodeJS.Signals): void
}

const launcher = join(packageRoot, 'lib', 'cli', 'asterism.mjs')

/** Starts a command line. `env` replaces variables; one that is undefined is taken away. */
export function startAsterism(args: readonly string[], env: Record<string, string | undefined> = {}): Asterism {
  return startCommand(process.execPath, [launcher, ...args], env)
}

/** The same through `sh`, after a shell command such as `ulimit -f 8`. */
export function startLimited(limit: string, args: readonly string[]): Asterism {
  return startCommand('/bin/sh', ['-c', `${limit}; exec "$@"`, 'sh', process.execPath, launcher, ...args], {})
}

function startCommand(file: string, args: readonly string[], env: Record<string, string | undefined>): Asterism {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ASTERISM_NO_BUILD: '1', ...env },
  })
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk
    })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...text }))
  })
  return { pid: child.pid!, ended, kill: (signal) => void child.kill(signal) }
}

/** Runs a command line to its end. */
export const asterism = (...args: string[]): Promise<Ended> => startAsterism(args).ended

/** A folder for runs that goes away with the test. */
export function runsFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'asterism-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
