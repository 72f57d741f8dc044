// Kills `asterism evolve` at random moments, resumes it each time, and compares the run folder with that of a run that
// nobody disturbed. Real processes, killed with SIGKILL. Only Linux can tell which processes a killed one left behind.
// `--kills N` sets how often. Prints what was compared.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../lib/run/manifest.ts'
import { random } from '../lib/seed/random.ts'
import { aimed, type Figure, plain } from './figure.ts'

export interface ResumeOptions {
  /** Settings of the run, as `--set` takes them. @default a run of two rounds that takes about half a minute */
  readonly set?: readonly string[]
  /** How often to kill. @default 10 */
  readonly kills?: number
  /** Decides the moments. @default 1 */
  readonly seed?: number
  /** Gets a line after each run. @default prints nothing */
  readonly log?: (line: string) => void
}

export interface ResumeResult {
  /** Where each process was killed, e.g. 'round-1/selection.json + 0.7 s'; fewer when the run was done before. */
  readonly killedAt: readonly string[]
  /** Files of the run folder that were compared byte for byte, reports without their seconds. */
  readonly compared: readonly string[]
  /** Files that differ, or that only one of the two runs has; leftovers of killed writers among them. */
  readonly different: readonly string[]
  /** Processes of killed runs that were still there three seconds later. */
  readonly orphans: number
  readonly undisturbedSeconds: number
  /** All tries together. */
  readonly resumedSeconds: number
}

const LARGER_RUN = [
  'problems=[30,30,20,10,5,5]',
  'heldOut=4',
  'model.hiddenSize=64',
  'model.intermediateSize=128',
  'model.layers=2',
  'model.heads=2',
  'model.kvHeads=2',
  'rounds.*.policyTraining.maxSteps=200',
  'rounds.*.policyTraining.tail=100',
  'rounds.*.policyTraining.minSteps=20',
  'rounds.*.ppmTraining.steps=60',
]

/** Files that say how long something took, how much memory, or draw that. */
const MEASURED = new Set(['timings.json', 'peak-rss.json', 'report.html'])
/** Fields of reports and manifests that differ between two runs of one seed. */
const MEASURED_FIELDS = new Set(['seconds', 'peakRssMb', 'batches', 'meanFill', 'commit'])

/** Runs undisturbed, then with kills, then compares. Errors: a run that fails by itself. */
export async function measureResume(options: ResumeOptions = {}): Promise<ResumeResult> {
  const { set = LARGER_RUN, kills = 10, seed = 1, log = () => undefined } = options
  const folder = mkdtempSync(join(tmpdir(), 'asterism-resume-'))
  const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')]
  const evolve = (runs: string) => start(['evolve', '--runs', runs, '--rounds', '2'], set)
  try {
    const { seconds: undisturbedSeconds, appeared } = await watch(evolve(whole), whole)
    log(`undisturbed: ${undisturbedSeconds.toFixed(1)} s`)
    const rng = random(seed, 'kills')
    const moments = Array.from({ length: kills }, () => rng() * undisturbedSeconds).sort((a, b) => a - b)
    const started = performance.now()
    const killedAt: string[] = []
    let orphans = 0
    for (const moment of moments) {
      const since = appeared.filter(({ seconds }) => seconds <= moment).at(-1) ?? { file: '', seconds: 0 }
      const more = moment - since.seconds
      const left = await killAfter(evolve(killed), join(killed, since.file), more)
      if (left === null) break
      orphans += left
      killedAt.push(`${since.file.replace('default/', '') || 'start'} + ${more.toFixed(2)} s`)
      log(`killed at ${killedAt.at(-1)}`)
    }
    await finish(evolve(killed))
    const resumedSeconds = (performance.now() - started) / 1000
    return { killedAt, ...compare(whole, killed), orphans, undisturbedSeconds, resumedSeconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Waits for the end, and notes when each file appeared, in seconds since the start. */
async function watch(run: Running, folder: string) {
  const started = performance.now()
  const appeared: { file: string; seconds: number }[] = []
  const done = { yet: false }
  const finished = finish(run).finally(() => {
    done.yet = true
  })
  while (!done.yet) {
    const known = new Set(appeared.map(({ file }) => file))
    const seconds = (performance.now() - started) / 1000
    for (const file of filesOf(folder)) if (isMilestone(file) && !known.has(file)) appeared.push({ file, seconds })
    await pause(20)
  }
  await finished
  return { seconds: (performance.now() - started) / 1000, appeared }
}

/** Files that stay once they are there; a checkpoint's own appear in a folder of another name first. */
const isMilestone = (file: string): boolean => /round-\d+\/[\w-]+\.jsonl?$|run\.json$/.test(file)

interface Running {
  readonly child: ChildProcess
  /** Resolves with the exit code, null after a signal. */
  readonly ended: Promise<number | null>
  /** What it has written to stderr. */
  errors(): string
}

function start(args: readonly string[], set: readonly string[]): Running {
  const launcher = join(packageRoot(), 'lib/cli/asterism.mjs')
  const child = spawn(process.execPath, [launcher, ...args, ...set.flatMap((each) => ['--set', each])], {
    detached: true, // a process group of its own, which is killed as a whole
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ASTERISM_NO_BUILD: '1' },
  })
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { child, ended, errors: () => errors }
}

/** Waits for the end. Result: seconds. Errors: a run that failed, with what it wrote. */
async function finish(run: Running): Promise<number> {
  const started = performance.now()
  const code = await run.ended
  if (code !== 0) throw new Error(`Expected \`asterism evolve\` to end with 0, got ${code}: ${run.errors()}`)
  return (performance.now() - started) / 1000
}

/**
 * Kills a run so many seconds after a file is there. Result: how many of its processes outlived it by three seconds;
 * null when it had ended before.
 */
async function killAfter(run: Running, file: string, seconds: number): Promise<number | null> {
  const pid = run.child.pid!
  const done = { yet: false }
  const ended = run.ended.finally(() => {
    done.yet = true
  })
  while (!done.yet && !existsSync(file)) await pause(10)
  await Promise.race([ended, pause(seconds * 1000)])
  if (done.yet) {
    await finish(run)
    return null
  }
  const family = descendants(pid)
  process.kill(-pid, 'SIGKILL')
  await ended
  for (let tries = 0; tries < 60 && family.some(isThere); tries++) await pause(50)
  return family.filter(isThere).length
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Processes below one, found in /proc; none where there is no /proc. */
export function descendants(pid: number): number[] {
  if (!existsSync('/proc')) return []
  const parents = readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null
    return stat === null ? [] : [{ pid: Number(name), parent: stat.parent }]
  })
  const below = (one: number): number[] =>
    parents.filter(({ parent }) => parent === one).flatMap((child) => [child.pid, ...below(child.pid)])
  return below(pid)
}

const isThere = (pid: number): boolean => {
  const stat = statOf(pid)
  return stat !== null && stat.state !== 'Z' // ended, only not yet asked for its exit code
}

function statOf(pid: number): { state: string; parent: number } | null {
  const path = `/proc/${pid}/stat`
  try {
    const [state, parent] = readFileSync(path, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { state: state!, parent: Number(parent) }
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) return null // it has just ended
    throw error
  }
}

/** Two run folders compared file by file. */
function compare(one: string, other: string): Pick<ResumeResult, 'compared' | 'different'> {
  const files = [...new Set([...filesOf(one), ...filesOf(other)])].sort()
  const isMissing = (file: string) => !existsSync(join(one, file)) || !existsSync(join(other, file))
  const compared = files.filter((file) => !MEASURED.has(file.split('/').at(-1)!))
  return {
    compared,
    different: files.filter(
      (file) =>
        isMissing(file) || (compared.includes(file) && contentOf(join(one, file)) !== contentOf(join(other, file))),
    ),
  }
}

/** Every file below a folder that another process may be writing to. */
function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.isFile())
}

function contentOf(path: string): string {
  const content = readFileSync(path, 'latin1')
  if (!/\/(report|run)\.json$/.test(path)) return content
  return JSON.stringify(JSON.parse(content, (key, value) => (MEASURED_FIELDS.has(key) ? undefined : value)))
}

/** The result as lines of text. */
export function resumeText({ killedAt, compared, different, orphans, ...seconds }: ResumeResult): string {
  return [
    `${killedAt.length} kills: ${killedAt.join(', ')}`,
    `${compared.length} files compared: ${different.length === 0 ? 'all identical' : `different: ${different.join(', ')}`}`,
    `${orphans} processes left behind`,
    `undisturbed ${seconds.undisturbedSeconds.toFixed(1)} s, with kills ${seconds.resumedSeconds.toFixed(1)} s`,
  ].join('\n')
}

/** The result as figures: with enough kills, no file may differ and no process may stay behind. */
export async function resumeFigures(options: ResumeOptions = {}): Promise<Figure[]> {
  const { killedAt, compared, different, orphans, ...seconds } = await measureResume(options)
  const none = (measured: number) => measured === 0
  const given = { bench: 'resume', how: `${killedAt.length} kills, ${compared.length} files compared` } as const
  return [
    aimed({ ...given, figure: 'files that differ', measured: different.length, unit: 'count' }, 'none', none),
    aimed({ ...given, figure: 'processes left behind', measured: orphans, unit: 'count' }, 'none', none),
    plain({ ...given, figure: 'undisturbed', measured: seconds.undisturbedSeconds, unit: 's' }),
    plain({ ...given, figure: 'with kills', measured: seconds.resumedSeconds, unit: 's' }),
  ]
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '10' } } })
  const result = await measureResume({ kills: Number(values.kills), log: console.log })
  console.log(resumeText(result))
  process.exitCode = result.different.length > 0 || result.orphans > 0 ? 1 : 0
}
