// Runs a command and watches the memory of the process and all its descendants. Linux tells through /proc, other systems
// through `ps`. What two processes share is counted in both, so the sum is an upper bound.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface WatchedRun {
  /** Wall seconds. */
  readonly seconds: number
  /** Largest sum of the resident memory of the tree, in MB. */
  readonly peakMb: number
}

export interface WatchOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Gets each line that the command prints. @default drops them */
  readonly onLine?: (line: string) => void
  /** Milliseconds between two looks. @default 500 */
  readonly everyMs?: number
}

/** Runs to the end. Errors: a command that fails, with what it wrote to stderr. */
export async function watched(
  command: string,
  args: readonly string[],
  options: WatchOptions = {},
): Promise<WatchedRun> {
  const { cwd, env, onLine = () => undefined, everyMs = 500 } = options
  const started = performance.now()
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [errors, rest, peakMb] = ['', '', 0]
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000)
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line)
  })
  const look = () => {
    peakMb = Math.max(peakMb, treeMb(child.pid!))
  }
  const timer = setInterval(look, everyMs)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    if (code !== 0)
      throw new Error(`Expected \`${[command, ...args].join(' ')}\` to end with 0, got ${code}: ${errors}`)
  } finally {
    clearInterval(timer)
  }
  return { seconds: (performance.now() - started) / 1000, peakMb }
}

/** Resident memory of a process and all below it, in MB; 0 when it has gone. */
export function treeMb(root: number): number {
  const all = existsSync('/proc/self/status') ? fromProc() : fromPs()
  const below = (pid: number): number => {
    const own = all.find((entry) => entry.pid === pid)?.kb ?? 0
    return all.reduce((sum, entry) => (entry.parent === pid ? sum + below(entry.pid) : sum), own)
  }
  return below(root) / 1024
}

/** CPU time that a process and all below it have used, those that have ended included, in milliseconds; null without /proc. */
export function treeCpuMs(root: number): number | null {
  if (!existsSync('/proc/self/stat')) return null
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(name) : []))
  const below = (pid: number): number =>
    all.reduce((sum, entry) => (entry.parent === pid ? sum + below(entry.pid) : sum), 0) +
    (all.find((entry) => entry.pid === pid)?.ticks ?? 0)
  return below(root) * TICK_MS
}

const TICK_MS = 10 // USER_HZ is 100 on every Linux that Node runs on

function statOf(pid: string): { pid: number; parent: number; ticks: number }[] {
  const fields = told(`/proc/${pid}/stat`).split(') ').at(-1)!.split(' ')
  if (fields.length < 15) return []
  return [{ pid: Number(pid), parent: Number(fields[1]), ticks: fields.slice(11, 15).reduce((sum, n) => sum + +n, 0) }]
}

interface Entry {
  readonly pid: number
  readonly parent: number
  readonly kb: number
}

function fromProc(): Entry[] {
  return readdirSync('/proc').flatMap((name) => {
    const status = /^\d+$/.test(name) ? told(`/proc/${name}/status`) : ''
    const number = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
    return status === '' ? [] : [{ pid: Number(name), parent: number('PPid'), kb: number('VmRSS') }]
  })
}

function told(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) return '' // it has just ended
    throw error
  }
}

function fromPs(): Entry[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((line) => {
    const [pid, parent, kb] = line.trim().split(/\s+/).map(Number)
    return { pid: pid!, parent: parent!, kb: kb! }
  })
}
