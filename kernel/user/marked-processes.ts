// Every process that a cell starts, and what that starts in turn, carries a mark in its environment: that of the user-code
// process, and the request that it was started for. By it they are found again whatever they did since: left their group
// (`detached`), lost their parent, or ignore an interrupt. Found on Linux, through /proc; elsewhere the process group of
// the user code is all that is reached.
import { readdirSync, readFileSync } from 'node:fs'
import { MARK_VARIABLE } from './pipes.ts'

/** The value of the variable for what a request starts. */
export const markOf = (mark: string, request: string): string => `${mark}/${Buffer.from(request).toString('hex')}`

/** What was signalled may have started others meanwhile: so often they are looked for. */
const ROUNDS = 10

/** Sends a signal to all that carry the mark, or a mark that begins so. Result: whether there was any. */
export function signalMarked(mark: string, signal: NodeJS.Signals, isWhole = false): boolean {
  const wanted = `\0${MARK_VARIABLE}=${mark}${isWhole ? '\0' : ''}`
  const pids = processes().filter((pid) => pid !== process.pid && `\0${environment(pid)}`.includes(wanted))
  for (const pid of pids) signalProcess(pid, signal)
  return pids.length > 0
}

/** Ends all that carry the mark, or one that begins so, at once. */
export function killMarked(mark: string): void {
  for (let round = 0; round < ROUNDS && signalMarked(mark, 'SIGKILL'); round++);
}

/** Ends this process, its group, and all that carry its mark. */
export function endAll(mark: string): void {
  killMarked(mark)
  signalProcess(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL')
}

/** Sends a signal to a process, or to a group (`-pid`), unless it has gone or become somebody else's. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) throw error
  }
}

function processes(): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function environment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return '' // it has ended, or is another user's
  }
}
