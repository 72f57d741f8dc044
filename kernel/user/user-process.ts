// The protocol process's side of the user-code process: starts it, talks to it, ends it, and starts it again. Everything
// that the process says comes as frames in one order; what escapes to its raw stdout and stderr comes as text.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { CommType } from '../protocol/message.ts'
import type { StreamName } from '../protocol/stream-name.ts'
import { DEBUG_FD, FRAME_FD, type FrameHead, INTERRUPT_FD } from './pipes.ts'
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
  /** Stops the part of a cell before its first await, and the commands that it started. */
  signalInterrupt(): void
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
const ownGroup = process.platform !== 'win32'

/** Starts one. */
export function startUserProcess(events: UserEvents, options: UserOptions = {}): UserProcess {
  const child: ChildProcess = spawn(process.execPath, [...FLAGS, ENTRY], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'ipc'],
    detached: ownGroup, // its own group, so that it can be ended together with what it started
    cwd: options.cwd,
    env: { ...environmentOf(options), FORCE_COLOR: undefined }, // outputs are stored: no colour codes in them
  })
  const { pid } = child
  let ending = false
  let outOfMemory = false
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      if (!ending) events.died(error.message)
      resolve()
    })
    child.once('close', (code, signal) => {
      order.end()
      killGroup(pid)
      if (!ending) events.died(outOfMemory ? OUT_OF_MEMORY : signal === null ? `exit code ${code}` : `signal ${signal}`)
      resolve()
    })
  })
  const order = createRawOrder<{ head: FrameHead; body: Buffer }>(({ head, body }) => {
    if (head.type !== 'raw') events.frame(head, body)
  }, events.raw)
  let ready = false
  readFrames(child.stdio[FRAME_FD] as Readable, (head, body) => {
    if (head.type === 'ready') ready = true
    else order.frame({ head, body }, head.type === 'raw' ? head.mark : null)
  })
  const line = (child.stdio as readonly unknown[])[INTERRUPT_FD] as Writable
  line.on('error', () => undefined) // a dead process is reported by `died`
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      const dump = text.indexOf('<--- Last few GCs --->') // V8's farewell, of use to nobody at a notebook
      outOfMemory ||= dump >= 0
      if (!outOfMemory) order.raw(name, text)
      else if (dump > 0 && text.slice(0, dump).trim() !== '') order.raw(name, text.slice(0, dump))
    })
  }
  return {
    pid: pid ?? 0,
    debugPipe: child.stdio[DEBUG_FD] as Duplex,
    send(request) {
      if (child.connected) child.send(request, () => undefined) // a dead process is reported by `died`
    },
    stopLoops() {
      line.write('i')
    },
    signalInterrupt() {
      // While it is still starting the signal would end it; no cell computes yet. As Ctrl-C does, it reaches the commands
      // that a cell waits for.
      if (ownGroup && ready) signalGroup(pid, 'SIGINT')
    },
    async end(patienceMs) {
      ending = true
      if (child.connected) child.send({ type: 'exit' } satisfies UserRequest, () => undefined)
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      // A grandchild may hold the pipes open: the process's own exit is enough.
      await Promise.race([gone, new Promise((resolve) => child.once('exit', resolve))])
      clearTimeout(timer)
      killGroup(pid)
    },
  }
}

const killGroup = (pid: number | undefined): void => signalGroup(pid, 'SIGKILL')

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || !ownGroup) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // ESRCH: nothing was left
  }
}

/** Cuts the byte stream into frames: two lengths, head as JSON, body. */
function readFrames(stream: Readable, onFrame: UserEvents['frame']): void {
  let chunks: Buffer[] = []
  let size = 0
  let needed = 8
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size < needed) return
    let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks)
    for (needed = 8; bytes.length >= 8; needed = 8) {
      const headEnd = 8 + bytes.readUInt32LE(0)
      needed = headEnd + bytes.readUInt32LE(4)
      if (bytes.length < needed) break
      onFrame(JSON.parse(bytes.toString('utf8', 8, headEnd)) as FrameHead, bytes.subarray(headEnd, needed))
      bytes = bytes.subarray(needed)
    }
    chunks = [bytes]
    size = bytes.length
  })
}
