// One fork server (zygote.py): starts it, sends it requests, notices its death. Which request goes where is pool.ts's
// matter. The server holds no state between requests, so a dead one is replaced by starting another.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { encodeFrame, FrameReader } from './frames.ts'
import type { Hello, Launch, Limits, Reply, Request } from './protocol.ts'

/** The machine does not let a fork server isolate its children at the level asked for. */
export class LevelRefused extends Error {}

/** The fork server ended with requests under way. Says nothing about the code of any of them. */
export class ZygoteDied extends Error {}

const SCRIPT = join(import.meta.dirname, 'python', 'zygote.py')
const MODULES = [
  'linux',
  'seccomp',
  'jail',
  'scratch',
  'landlock',
  'readable',
  'isolate',
  'plain',
  'flags/modules',
  'flags/values',
  'flags/introspection',
  'flags/flags',
  'at_rest',
  'steps',
  'watch',
  'child',
  'template',
  'witness',
  'checkpoint',
  'probe',
  'running_child',
  'runs',
  'deadlines',
  'zygote',
]
/** Takes the modules from the first frame: behind a wrapper their files may not exist. */
const BOOTSTRAP = `import json, os, struct, sys, types
def read(size):
    data = b''
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            os._exit(1)
        data += chunk
    return data
sys.path[:] = [entry for entry in sys.path if entry]
for name, source in json.loads(read(struct.unpack('>I', read(4))[0])):
    module = types.ModuleType(name)
    module.__file__ = '/asterism/' + name + '.py'
    sys.modules[name] = module
    exec(compile(source, module.__file__, 'exec'), module.__dict__)
`
/** All that the interpreter finds in its environment: a fixed order of sets, one thread, UTF-8. */
const ENVIRONMENT = { PYTHONHASHSEED: '0', LANG: 'C.UTF-8', OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
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
  #started: { resolve(hello: Hello): void; reject(error: Error): void } | null = null
  #hello: Hello | null = null

  /** Called once when the server has ended, after every request under way was rejected. */
  onDeath: () => void = () => undefined

  /** Resolves when the server has said hello; rejects with LevelRefused, or with what it wrote to stderr when it ends before. */
  static async start(launch: Launch): Promise<Zygote> {
    const zygote = new Zygote(launch)
    const limit = setTimeout(() => zygote.#kill(`it did not start within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS)
    try {
      zygote.#hello = await new Promise<Hello>((resolve, reject) => {
        zygote.#started = { resolve, reject }
      })
    } finally {
      clearTimeout(limit)
    }
    zygote.#hold(false)
    return zygote
  }

  private constructor({ python, level, wrap, preload, warmUp, checkpoints, probe }: Launch) {
    const isWrapped = wrap.length > 0
    const isHere = level !== 'jail' && !isWrapped
    const scratch = isHere ? join(tmpdir(), `asterism-steps-${process.pid}-${randomUUID()}`) : undefined
    const config = JSON.stringify({ level, preload, warmUp, checkpoints, probe, scratch, stdio: isWrapped })
    const isolated = python.version[1] >= 11 ? ['-s', '-P', '-B'] : ['-s', '-B']
    const variables = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`)
    const [command, ...args] = isWrapped
      ? [...wrap, 'env', '-i', `PATH=${USUAL_PATH}`, ...variables, python.path, '-s', '-B', '-c', BOOTSTRAP, config]
      : [python.path, ...isolated, SCRIPT, config]
    this.#process = spawn(command!, args, {
      cwd: '/',
      detached: true, // Ctrl-C in a terminal reaches Node only; the end of the request pipe stops the server
      stdio: isWrapped ? ['pipe', 'pipe', 'pipe'] : ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      env: isWrapped ? process.env : ENVIRONMENT, // a wrapper is the user's own command; the interpreter gets none of it
    })
    this.#requests = this.#process.stdio[isWrapped ? 0 : 3] as Socket
    this.#replies = this.#process.stdio[isWrapped ? 1 : 4] as Socket
    if (isWrapped) {
      const sources = MODULES.map((name) => [
        basename(name),
        readFileSync(join(import.meta.dirname, 'python', `${name}.py`), 'utf8'),
      ])
      this.#requests.write(encodeFrame(sources))
    }
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
        if (scratch) rmSync(scratch, { recursive: true, force: true }) // it does so itself, unless it was killed
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

  get hello(): Hello {
    return this.#hello!
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
      const timer = setTimeout(() => {
        // where it was Node that stood still, the answer is there and is read first
        setImmediate(() => this.#waiting.has(id) && this.#kill('it stopped answering'))
      }, limits.wallMs + GRACE_MS)
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
      this.#started?.resolve(message as unknown as Hello)
      return
    }
    if (typeof message.refused === 'string') {
      this.#started?.reject(new LevelRefused(message.refused))
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
    this.#requests.destroy() // its end stops whatever the process has left behind
    this.onDeath()
  }

  /** Whether this server keeps Node's event loop alive: only while it owes an answer. */
  #hold(held: boolean): void {
    const handles = [this.#process, this.#requests, this.#replies, this.#process.stderr as Socket]
    for (const handle of handles) held ? handle.ref() : handle.unref()
  }
}
