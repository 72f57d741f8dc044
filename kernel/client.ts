// A client of our own: starts a kernel as a real process, or joins one through its connection file, and speaks ZeroMQ to
// it. Used by `asterism run` and by the tests. One reply for each request; outputs in the order in which they came.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Dealer, Subscriber } from 'zeromq'
import { type Channel, type Connection, connectionText, endpoint } from './connection.ts'
import { header, type Incoming, type Input, type Output, type RequestType } from './message.ts'
import { decode, encode } from './wire.ts'

/** A published message, with the id of the request that it belongs to. */
export interface Published {
  readonly type: string
  readonly parent: string
  readonly content: Record<string, unknown>
  readonly message: Incoming
}

/** A connection to a kernel. */
export interface Client {
  /** Sends a request; resolves with its reply. Interrupt and shutdown travel on control. */
  request<T extends RequestType>(type: T, content: Input<T>, options?: { channel?: 'shell' | 'control' }): Reply<T>
  /** Runs code; resolves when the reply has come and the kernel is idle again, so that all output has come too. */
  execute(code: string, options?: ExecuteOptions): Promise<Output<'execute_request'>>
  /** Hears everything that is published. Returns a function that stops it. */
  onPublished(listener: (published: Published) => void): () => void
  /** Answers input requests. */
  onQuestion(answer: (prompt: string, password: boolean) => string | Promise<string>): void
  /** Sends raw frames on shell, for tests of what must be dropped. */
  sendFrames(frames: Buffer[]): Promise<void>
  /** Resolves with true when the heartbeat answers within the time. */
  isAlive(timeoutMs: number): Promise<boolean>
  close(): void
}

type Reply<T extends RequestType> = Promise<Output<T>> & { readonly id: string }

export interface ExecuteOptions extends Omit<Input<'execute_request'>, 'code'> {
  onOutput?: (published: Published) => void
}

/** Joins a kernel. Resolves when it answers and its publications arrive. */
export async function connectClient(connection: Connection): Promise<Client> {
  const { key } = connection
  const session = header('', '').msg_id
  const routingId = session
  const sockets = {
    shell: new Dealer({ routingId }),
    control: new Dealer({ routingId }),
    stdin: new Dealer({ routingId }),
  }
  const iopub = new Subscriber({ receiveHighWaterMark: 0 })
  for (const [channel, socket] of Object.entries(sockets)) {
    socket.linger = 0
    socket.connect(endpoint(connection, channel as Channel))
  }
  iopub.connect(endpoint(connection, 'iopub'))
  iopub.subscribe()

  const waiting = new Map<string, (message: Incoming) => void>()
  const listeners = new Set<(published: Published) => void>()
  const idle = new Map<string, () => void>()
  let question: (prompt: string, password: boolean) => string | Promise<string> = () => ''
  let welcomed: () => void = () => undefined
  const welcome = new Promise<void>((resolve) => {
    welcomed = resolve
  })
  let sending: Promise<unknown> = Promise.resolve()
  const send = (socket: Dealer, frames: Buffer[]): Promise<void> => {
    const sent = sending.then(() => (socket.closed ? undefined : socket.send(frames)))
    sending = sent.catch(() => undefined)
    return sent
  }

  const read = async (socket: Dealer | Subscriber, handle: (message: Incoming) => void): Promise<void> => {
    for await (const frames of socket) {
      const message = decode(key, frames)
      if (!('refused' in message)) handle(message)
    }
  }
  const failed = (error: Error): void => {
    if (!iopub.closed) process.stderr.write(`asterism client: ${error.message}\n`)
  }
  const onReply = (message: Incoming): void => waiting.get(message.parent.msg_id ?? '')?.(message)
  read(sockets.shell, onReply).catch(failed)
  read(sockets.control, onReply).catch(failed)
  read(sockets.stdin, (message) => {
    const { prompt, password } = message.content
    Promise.resolve(question(String(prompt), password === true)).then((value) => {
      const reply = { header: header('input_reply', session), parent: message.header, metadata: {}, content: { value } }
      return send(sockets.stdin, encode(key, reply))
    }, failed)
  }).catch(failed)
  read(iopub, (message) => {
    const { msg_type: type } = message.header
    const parent = message.parent.msg_id ?? ''
    if (type === 'iopub_welcome') welcomed()
    for (const listener of listeners) listener({ type, parent, content: message.content, message })
    if (type === 'status' && message.content.execution_state === 'idle') {
      idle.get(parent)?.()
      idle.delete(parent)
    }
  }).catch(failed)

  const request: Client['request'] = (type, content, { channel } = {}) => {
    const isControl = type === 'interrupt_request' || type === 'shutdown_request'
    const socket = sockets[channel ?? (isControl ? 'control' : 'shell')]
    const message = { header: header(type, session, 'client'), parent: {}, metadata: {}, content: { ...content } }
    const id = message.header.msg_id
    const reply = new Promise<Output<typeof type>>((resolve, reject) => {
      waiting.set(id, (answer) => {
        waiting.delete(id)
        resolve(answer.content as unknown as Output<typeof type>)
      })
      send(socket, encode(key, message)).catch(reject)
    })
    return Object.assign(reply, { id })
  }

  const client: Client = {
    request,
    async execute(code, { onOutput, ...content } = {}) {
      const reply = request('execute_request', { code, ...content })
      const settled = new Promise<void>((resolve) => idle.set(reply.id, resolve))
      const stop = client.onPublished((published) => {
        if (published.parent === reply.id) onOutput?.(published)
      })
      try {
        const [result] = await Promise.all([reply, settled])
        return result
      } finally {
        stop()
      }
    },
    onPublished(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onQuestion(answer) {
      question = answer
    },
    sendFrames: (frames) => send(sockets.shell, frames),
    isAlive: (timeoutMs) => heartbeat(connection, timeoutMs),
    close() {
      iopub.close()
      for (const socket of Object.values(sockets)) socket.close()
    },
  }
  await Promise.all([request('kernel_info_request', {}), welcome])
  return client
}

async function heartbeat(connection: Connection, timeoutMs: number): Promise<boolean> {
  const socket = new Dealer({ linger: 0, receiveTimeout: timeoutMs })
  socket.connect(endpoint(connection, 'hb'))
  try {
    await socket.send([Buffer.alloc(0), Buffer.from('ping')])
    await socket.receive()
    return true
  } catch {
    return false // no answer in time
  } finally {
    socket.close()
  }
}

/** A kernel that this process started. */
export interface StartedKernel {
  readonly client: Client
  readonly connection: Connection
  readonly pid: number
  /** Resolves with the exit code when the process has ended; null: by a signal. */
  readonly exited: Promise<number | null>
  /** Asks the kernel to shut down and waits for its end; ends it after 5 s. */
  dispose(): Promise<void>
}

export interface StartOptions {
  /** Working directory of the cells. @default that of this process */
  cwd?: string
  /** Notebook that the cells belong to: imports are resolved from its folder. @default one in `cwd` */
  notebook?: string
  /** Environment variables beside those of this process. */
  env?: Record<string, string>
}

const ENTRY = join(import.meta.dirname, 'main.js')
/** Another process may take a free port before the kernel does. */
const ATTEMPTS = 3

/** Starts `kernel/main.js` with a fresh connection file: random key, free loopback ports. */
export async function startKernelProcess(options: StartOptions = {}): Promise<StartedKernel> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (attempt === ATTEMPTS || !/Cannot bind/.test((error as Error).message)) throw error
    }
  }
}

async function startOnce({ cwd = process.cwd(), notebook, env = {} }: StartOptions): Promise<StartedKernel> {
  const connection: Connection = {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports: await freePorts(),
    key: randomBytes(32).toString('hex'),
  }
  const folder = mkdtempSync(join(tmpdir(), 'asterism-kernel-'))
  const file = join(folder, 'connection.json')
  writeFileSync(file, connectionText(connection), { mode: 0o600 })
  const child: ChildProcess = spawn(process.execPath, [ENTRY, file], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: process.platform !== 'win32', // Ctrl-C reaches the client, which decides
    env: {
      ...process.env,
      JPY_PARENT_PID: String(process.pid),
      ...(notebook === undefined ? {} : { ASTERISM_NOTEBOOK: notebook }),
      ...env,
    },
  })
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4000)
  })
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
  const clean = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const died = exited.then((code) => {
      throw new Error(complaint.trim() || `The kernel ended at once, exit code ${code}`)
    })
    const client = await Promise.race([connectClient(connection), died])
    died.catch(() => undefined)
    return {
      client,
      connection,
      pid: child.pid as number,
      exited,
      async dispose() {
        const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
        if (child.exitCode === null && child.signalCode === null) {
          client.request('shutdown_request', { restart: false }).catch(() => undefined)
          await exited
        }
        clearTimeout(timer)
        client.close()
        clean()
      },
    }
  } catch (error) {
    child.kill('SIGKILL')
    clean()
    throw error
  }
}

async function freePorts(): Promise<Connection['ports']> {
  const channels: readonly Channel[] = ['shell', 'control', 'iopub', 'stdin', 'hb']
  // All are held until all are known, so that no two are the same.
  const servers = await Promise.all(channels.map(() => listen()))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return Object.fromEntries(channels.map((channel, i) => [channel, ports[i]])) as unknown as Connection['ports']
}

const listen = (): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
