// The protocol process's side of the user-code process: starts it, talks to it, ends it, and starts it again. Everything
// that the process says comes as frames in one order; what escapes to its raw stdout and stderr comes as text.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { CommType } from '../protocol/message.ts'
import type { StreamName } from '../protocol/stream-name.ts'
import { killMarked, markOf, signalMarked, signalProcess } from './marked-processes.ts'
import {
  createFrameReader,
  DEBUG_FD,
  FRAME_FD,
  type FrameHead,
  INTERRUPT_FD,
  MARK_BYTES,
  MARK_VARIABLE,
  REQUEST_FD,
  STDIO,
} from './pipes.ts'
import { createRawOrder } from './raw-order.ts'
import { environmentOf, type UserOptions } from './user-options.ts'

/** What is asked of the user-code process. */
export type UserRequest =
  | {
      type: 'execute'
      id: string
      /** The cell's name in stack traces: `cell 3`. */
      name: string
      code: string
      count: number
      silent: boolean
      allowStdin: boolean
      userExpressions: Record<string, string>
    }
  | { type: 'interrupt' }
  | { type: 'answer'; request: string; value: string }
  | {
      type: 'comm'
      /** Message id: the reply comes when all that listen have finished. */
      id: string
      message: CommType
      content: Record<string, unknown>
      metadata: Record<string, unknown>
      /** Base64. */
      buffers: string[]
    }
  | { type: 'look'; id: string; kind: 'complete' | 'inspect'; code: string; cursor: number }
  /** Makes the inspector reachable through `debugPipe`. */
  | { type: 'debug' }
  | { type: 'exit' }

/** What the owner hears. */
export interface UserEvents {
  frame(head: FrameHead, body: Buffer): void
  /** Text that did not go through `process.stdout`: child processes and native code. */
  raw(name: StreamName, text: string): void
  /** The process ended without being asked to. */
  died(how: string): void
}

/** A running user-code process. */
export interface UserProcess {
  readonly pid: number
  /** Inspector messages, after a `debug` request. */
  readonly debugPipe: Duplex
  send(request: UserRequest): void
  /** Stops loops, where the process does not hear a request. */
  stopLoops(): void
  /** Stops the part of a cell before its first await, and asks the commands of these requests to end. */
  signalInterrupt(requests: readonly string[]): void
  /** Ends what these requests started: with an interrupt, and what goes on after that with force. */
  endChildren(requests: readonly string[]): void
  /** Ends it and every process that it started. Resolves when it is gone. */
  end(patienceMs: number): Promise<void>
}

const ENTRY = join(import.meta.dirname, 'user.js')
const FLAGS = [
  '--experimental-vm-modules', // local TypeScript modules that can be loaded again
  '--experimental-import-meta-resolve', // packages are resolved from the notebook's folder
  '--disable-warning=ExperimentalWarning',
  ...['--experimental-wasm-modules'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag)),
]
const OUT_OF_MEMORY = 'out of memory; NODE_OPTIONS=--max-old-space-size=8192 would allow it 8 GB'
const BROKEN = 'a cell closed, or wrote into, one of the pipes between it and the kernel'
/** A command that was interrupted has this long to end by itself, in milliseconds. */
const CHILD_PATIENCE_MS = 500
/** A process that closed one of its pipes may just be ending: it has this long to be gone, in milliseconds. */
const CLOSED_PATIENCE_MS = 200
const ownGroup = process.platform !== 'win32'
/** Where processes cannot be found by their mark, the whole group is interrupted. */
const hasMarks = process.platform === 'linux'
/**
 * What commands and packages ask: a terminal with the sixteen colours that themes of notebooks have. No FORCE_COLOR: it
 * would colour what commands print into pipes.
 */
const TERMINAL = { TERM: 'xterm-color', FORCE_COLOR: undefined }

/** Starts one. */
export function startUserProcess(events: UserEvents, options: UserOptions = {}): UserProcess {
  const mark = randomBytes(MARK_BYTES / 2).toString('hex')
  const child: ChildProcess = spawn(process.execPath, [...FLAGS, ENTRY], {
    stdio: STDIO,
    detached: ownGroup, // its own group, so that it can be ended together with what it started
    cwd: options.cwd,
    env: { ...environmentOf(options), ...TERMINAL, [MARK_VARIABLE]: mark },
  })
  const { pid } = child
  let ending = false
  let hasEnded = false
  let outOfMemory = false
  let isBroken = false
  const describe = (code: number | null, signal: NodeJS.Signals | null): string => {
    if (outOfMemory) return OUT_OF_MEMORY
    if (isBroken) return BROKEN
    return signal === null ? `exit code ${code}` : `signal ${signal}`
  }
  child.once('exit', () => {
    hasEnded = true
    killGroup(pid) // also because what is left may hold the pipes open
    killMarked(mark)
  })
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      hasEnded = true
      if (!ending) events.died(error.message)
      resolve()
    })
    child.once('close', (code, signal) => {
      order.end()
      if (!ending) events.died(describe(code, signal))
      resolve()
    })
  })
  const order = createRawOrder<{ head: FrameHead; body: Buffer }>(({ head, body }) => {
    if (head.type !== 'raw') events.frame(head, body)
  }, events.raw)
  let ready = false
  const giveUp = (): void => {
    if (hasEnded) return
    isBroken = true
    child.kill('SIGKILL')
  }
  const read = createFrameReader(mark, {
    frame(head, body) {
      if (head.type === 'ready') ready = true
      else if (head.type === 'raw') order.frame({ head, body }, head.mark, head.streams)
      else order.frame({ head, body }, null)
    },
    skipped: (bytes) =>
      events.raw('stderr', `${bytes} bytes were dropped: descriptor ${FRAME_FD} is the kernel's own\n`),
    broken: giveUp,
  })
  const pipe = (fd: number): Duplex => (child.stdio as readonly unknown[])[fd] as Duplex
  for (const fd of [FRAME_FD, REQUEST_FD, INTERRUPT_FD]) {
    pipe(fd)
      .on('error', () => undefined) // 'close' follows
      .on('close', () => setTimeout(giveUp, CLOSED_PATIENCE_MS).unref())
      .on('data', (chunk: Buffer) => fd === FRAME_FD && read(chunk))
  }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      const dump = text.indexOf('<--- Last few GCs --->') // V8's farewell, of use to nobody at a notebook
      outOfMemory ||= dump >= 0
      if (!outOfMemory) order.raw(name, text)
      else if (dump > 0 && text.slice(0, dump).trim() !== '') order.raw(name, text.slice(0, dump))
    })
  }
  const send = (request: UserRequest): void => void pipe(REQUEST_FD).write(`${JSON.stringify(request)}\n`)
  const signalChildren = (requests: readonly string[], signal: NodeJS.Signals): void => {
    for (const request of requests) signalMarked(markOf(mark, request), signal, true)
  }
  return {
    pid: pid ?? 0,
    debugPipe: pipe(DEBUG_FD),
    send,
    stopLoops() {
      pipe(INTERRUPT_FD).write('i')
    },
    signalInterrupt(requests) {
      // While it is still starting the signal would end it; no cell computes yet.
      if (!ready || pid === undefined || hasEnded) return
      signalProcess(hasMarks || !ownGroup ? pid : -pid, 'SIGINT')
      signalChildren(requests, 'SIGINT')
    },
    endChildren(requests) {
      signalChildren(requests, 'SIGINT')
      setTimeout(() => signalChildren(requests, 'SIGKILL'), CHILD_PATIENCE_MS).unref()
    },
    async end(patienceMs) {
      ending = true
      send({ type: 'exit' })
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      // A grandchild may hold the pipes open: the process's own exit is enough.
      await Promise.race([gone, new Promise((resolve) => child.once('exit', resolve))])
      clearTimeout(timer)
    },
  }
}

function killGroup(pid: number | undefined): void {
  if (pid !== undefined && ownGroup) signalProcess(-pid, 'SIGKILL')
}
