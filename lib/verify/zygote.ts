// One fork server (zygote.py): starts it, sends it requests, notices its death. Which request goes where is pool.ts's
// matter. The server holds no state between requests, so a dead one is replaced by starting another.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { encodeFrame, FrameReader } from './frames.ts'
import type { Python } from './python.ts'

/** What one execution may use. */
export interface Limits {
  /** CPU time of the earlier steps and the step together, in milliseconds. @default 2000 */
  readonly cpuMs: number
  /** Wall-clock time of the same, in milliseconds: ends code that waits. At least 5 × cpuMs is wise. @default 10000 */
  readonly wallMs: number
  /** Address space, in MiB. The interpreter needs about 30 of it. Not enforced by macOS. @default 512 */
  readonly memoryMb: number
  /** What the step may print, in bytes of UTF-8. @default 65536 */
  readonly outputBytes: number
}

/** Steps that share a namespace, then candidates that each get a copy of it. */
export interface PlainGroup {
  readonly steps: readonly string[]
  readonly candidates: readonly string[]
}

/** Python sources to run in one child: one after the other as they are, or groups of which only plain code is run. */
export type Request = { readonly steps: readonly string[] } | { readonly groups: readonly PlainGroup[] }

/** [type, message, line] of an exception. */
export type PlainError = [string, string, number | null]

/** Per candidate what it printed, its error, or null (run it alone); or which earlier step raised; null: all alone. */
export type PlainResult = (string | PlainError | null)[] | { step: number; error: PlainError } | null

/** What a fork server says of a request. `reachedLast`: all steps but the last have run. */
export type Reply = { readonly cpuMs: number; readonly wallMs: number; readonly reachedLast: boolean } & (
  | { readonly status: 'batch'; readonly results: PlainResult[] }
  | { readonly status: 'ok'; readonly stdout: string }
  | {
      readonly status: 'error' | 'memory'
      readonly type?: string
      readonly message?: string
      readonly line?: number
      readonly module?: string
    }
  | { readonly status: 'timeout'; readonly clock: 'cpu' | 'wall' }
  | { readonly status: 'output' }
  | { readonly status: 'died'; readonly how: string }
  | { readonly status: 'infra'; readonly message: string }
)

/** The fork server ended with requests under way. Says nothing about the code of any of them. */
export class ZygoteDied extends Error {}

const SCRIPT = join(import.meta.dirname, 'zygote.py')
const START_LIMIT_MS = 30_000
const GRACE_MS = 5_000 // a server that is this late after a wall limit is taken for stopped

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

export class Zygote {
  readonly #process: ChildProcess
  readonly #requests: Socket
  readonly #replies: Socket
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<void>
  #nextId = 1
  #stderr = ''
  #death: ZygoteDied | null = null
  #started: { resolve(): void; reject(error: Error): void } | null = null

  /** Called once when the server has ended, after every request under way was rejected. */
  onDeath: () => void = () => undefined

  /** Resolves when the server has said hello; rejects with what it wrote to stderr when it ends before. */
  static async start(python: Python, preload: readonly string[]): Promise<Zygote> {
    const zygote = new Zygote(python, preload)
    const limit = setTimeout(() => zygote.#kill(`it did not start within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS)
    try {
      await new Promise<void>((resolve, reject) => {
        zygote.#started = { resolve, reject }
      })
    } finally {
      clearTimeout(limit)
    }
    zygote.#hold(false)
    return zygote
  }

  private constructor(python: Python, preload: readonly string[]) {
    const isolated = python.version[1] >= 11 ? ['-s', '-P', '-B'] : ['-s', '-B']
    this.#process = spawn(python.path, [...isolated, SCRIPT, JSON.stringify({ preload })], {
      cwd: '/',
      detached: true, // Ctrl-C in a terminal reaches Node only; the end of the request pipe stops the server
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      env: { PYTHONHASHSEED: '0', LANG: 'C.UTF-8', OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    })
    this.#requests = this.#process.stdio[3] as Socket
    this.#replies = this.#process.stdio[4] as Socket
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-2000)
    })
    const reader = new FrameReader()
    this.#replies.on('data', (chunk: Buffer) => {
      try {
        for (const message of reader.push(chunk)) this.#receive(message as Record<string, unknown>)
      } catch (error) {
        this.#kill(`its reply cannot be read (${(error as Error).message})`)
      }
    })
    // A write to, or a read from, a server that has just died: 'exit' tells the same with more detail.
    for (const socket of [this.#requests, this.#replies]) socket.on('error', () => this.#process.kill('SIGKILL'))
    this.#ended = new Promise((resolve) => {
      this.#process.on('error', (error) => {
        this.#die(error.message)
        if (this.#process.pid === undefined) resolve()
      })
      const end = (code: number | null, signal: string | null) => {
        this.#die(signal ? `ended by ${signal}` : `exit ${code}`)
        resolve()
      }
      this.#process.on('exit', (code, signal) => {
        const limit = setTimeout(end, 1_000, code, signal) // in case something still holds its stderr
        this.#process.on('close', () => {
          clearTimeout(limit)
          end(code, signal)
        })
      })
    })
  }

  get pid(): number {
    return this.#process.pid!
  }

  get isAlive(): boolean {
    return this.#death === null
  }

  /** Runs a request in a child of its own. Rejects with ZygoteDied only. */
  ask(request: Request, limits: Limits): Promise<Reply> {
    if (this.#death) return Promise.reject(this.#death)
    const id = this.#nextId++
    const frame = encodeFrame({ id, limits, ...request })
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#kill('it stopped answering'), limits.wallMs + GRACE_MS)
      if (this.#waiting.size === 0) this.#hold(true)
      this.#waiting.set(id, { resolve, reject, timer })
      this.#requests.write(frame)
    })
  }

  /** Ends the server and its children, and resolves when it has ended. Requests under way reject. */
  async dispose(): Promise<void> {
    this.#hold(true)
    this.#die('disposed')
    this.#requests.end()
    const limit = setTimeout(() => this.#process.kill('SIGKILL'), 2_000)
    await this.#ended
    clearTimeout(limit)
  }

  #receive(message: Record<string, unknown>): void {
    if (message.ready === true) {
      this.#started?.resolve()
      return
    }
    const waiting = this.#waiting.get(message.id as number)
    if (!waiting) return
    this.#waiting.delete(message.id as number)
    clearTimeout(waiting.timer)
    if (this.#waiting.size === 0) this.#hold(false)
    waiting.resolve(message as unknown as Reply)
  }

  #kill(reason: string): void {
    this.#die(reason)
    this.#process.kill('SIGKILL')
  }

  #die(reason: string): void {
    if (this.#death) return
    const stderr = this.#stderr.trim()
    this.#death = new ZygoteDied(`The Python fork server is gone: ${reason}${stderr ? `; it wrote: ${stderr}` : ''}`)
    this.#started?.reject(this.#death)
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(this.#death)
    }
    this.#waiting.clear()
    this.onDeath()
  }

  /** Whether this server keeps Node's event loop alive: only while it owes an answer. */
  #hold(held: boolean): void {
    const handles = [this.#process, this.#requests, this.#replies, this.#process.stderr as Socket]
    for (const handle of handles) held ? handle.ref() : handle.unref()
  }
}
