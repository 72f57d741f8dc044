// A client of our own: one reply for each request, outputs in the order in which they came. Speaks over any link; starts
// a kernel as a real process and speaks ZeroMQ to it. Used by `asterism run` and by the tests.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Channel, type Connection, connectionText } from './connection.ts'
import type { Typecheck } from './language/typecheck.ts'
import type { Output, RequestType } from './message.ts'
import { type CommMessages, type CommType, header, type Incoming, type Input, type Message } from './message.ts'
import { within } from './patience.ts'
import type { RequestChannel } from './transport.ts'
import { environmentOf } from './user-options.ts'
import { linkZeromq, type ZeromqLink } from './zeromq-link.ts'

/** A published message, with the id of the request that it belongs to. */
export interface Published {
  readonly type: string
  readonly parent: string
  readonly content: Record<string, unknown>
  readonly message: Incoming
}

/** A connection to a kernel. */
export interface Client {
  /** Sends a request; resolves with its reply. Interrupts, shutdown and subshells travel on control. */
  request<T extends RequestType>(type: T, content: Input<T>, options?: RequestOptions): Reply<T>
  /** Runs code; resolves when the reply has come and the kernel is idle again, so that all output has come too. */
  execute(code: string, options?: ExecuteOptions): Promise<Output<'execute_request'>>
  /** Hears everything that is published. Returns a function that stops it. */
  onPublished(listener: (published: Published) => void): () => void
  /** Sends a message on a comm; resolves when the kernel has dealt with it. */
  sendComm<T extends CommType>(type: T, content: CommMessages[T], options?: SendOptions): Promise<void>
  /** Answers input requests; null: no answer. */
  onQuestion(answer: (prompt: string, password: boolean) => Answer | Promise<Answer>): void
  close(): void
}

type Answer = string | null

export interface RequestOptions {
  channel?: 'shell' | 'control'
  /** Id of a subshell. @default the main shell */
  subshell?: string | undefined
}

export interface SendOptions {
  subshell?: string | undefined
  metadata?: Record<string, unknown>
  buffers?: readonly Buffer[]
}

type Reply<T extends RequestType> = Promise<Output<T>> & { readonly id: string }

export interface ExecuteOptions extends Omit<Input<'execute_request'>, 'code'> {
  onOutput?: (published: Published) => void
  subshell?: string
}

/** How a client reaches its kernel. */
export interface ClientLink {
  send(channel: RequestChannel, message: Message): Promise<void>
  onMessage(listener: (channel: RequestChannel | 'iopub', message: Incoming) => void): void
  close(): void
}

const ON_CONTROL: readonly string[] = [
  'interrupt_request',
  'shutdown_request',
  'create_subshell_request',
  'delete_subshell_request',
  'list_subshell_request',
] satisfies RequestType[]

/** A publication comes within this time once the subscription holds, in milliseconds. */
const HEAR_MS = 500

/** Speaks over a link. Resolves when the kernel answers and its publications arrive. */
export async function createClient(link: ClientLink): Promise<Client> {
  const session = header('', '').msg_id
  const waiting = new Map<string, (message: Incoming) => void>()
  const listeners = new Set<(published: Published) => void>()
  const idle = new Map<string, () => void>()
  let question: (prompt: string, password: boolean) => Answer | Promise<Answer> = () => ''
  let welcomed: () => void = () => undefined
  const welcome = new Promise<true>((resolve) => {
    welcomed = () => resolve(true)
  })
  const becomesIdle = (id: string): Promise<void> => new Promise((resolve) => idle.set(id, resolve))
  const messageOf = (
    type: string,
    content: object,
    { subshell, metadata = {}, buffers = [] }: SendOptions,
  ): Message => ({
    header: { ...header(type, session, 'client'), ...(subshell === undefined ? {} : { subshell_id: subshell }) },
    parent: {},
    metadata,
    content: { ...content },
    buffers,
  })

  const ask = async (message: Incoming): Promise<void> => {
    const value = await question(String(message.content.prompt), message.content.password === true)
    if (value === null) return
    const head = header('input_reply', session)
    await link.send('stdin', { header: head, parent: message.header, metadata: {}, content: { value } })
  }
  const hear = (message: Incoming): void => {
    const { msg_type: type } = message.header
    const parent = message.parent.msg_id ?? ''
    welcomed()
    for (const listener of listeners) listener({ type, parent, content: message.content, message })
    if (type === 'status' && message.content.execution_state === 'idle') {
      idle.get(parent)?.()
      idle.delete(parent)
    }
  }
  link.onMessage((channel, message) => {
    if (channel === 'iopub') hear(message)
    else if (channel === 'stdin') void ask(message)
    else waiting.get(message.parent.msg_id ?? '')?.(message)
  })

  const request: Client['request'] = (type, content, { channel, subshell } = {}) => {
    const message = messageOf(type, content, { subshell })
    const id = message.header.msg_id
    const reply = new Promise<Output<typeof type>>((resolve, reject) => {
      waiting.set(id, (answer) => {
        waiting.delete(id)
        resolve(answer.content as unknown as Output<typeof type>)
      })
      link.send(channel ?? (ON_CONTROL.includes(type) ? 'control' : 'shell'), message).catch(reject)
    })
    return Object.assign(reply, { id })
  }

  const client: Client = {
    request,
    async execute(code, { onOutput, subshell, ...content } = {}) {
      const { silent = false } = content
      // In full, because some kernels know no defaults.
      const defaults = { silent, store_history: !silent, user_expressions: {}, allow_stdin: false, stop_on_error: true }
      const reply = request('execute_request', { code, ...defaults, ...content }, { subshell })
      const settled = becomesIdle(reply.id)
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
    async sendComm(type, content, options = {}) {
      const message = messageOf(type, content, options)
      const settled = becomesIdle(message.header.msg_id)
      await link.send('shell', message)
      await settled
    },
    onPublished(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onQuestion(answer) {
      question = answer
    },
    close: link.close,
  }
  // Kernels without a welcome publish only what they are asked for, and at first nobody may hear it.
  do await request('kernel_info_request', {})
  while ((await within(HEAR_MS, welcome)) === null)
  return client
}

/** A kernel that this process started. */
export interface StartedKernel {
  readonly client: Client
  /** The sockets below the client. */
  readonly link: ZeromqLink
  readonly connection: Connection
  readonly pid: number
  /** Resolves with the exit code when the process has ended; null: by a signal. */
  readonly exited: Promise<number | null>
  /** Asks the kernel to shut down and waits for its end; ends it after 5 s. */
  dispose(): Promise<void>
}

export interface StartOptions {
  /** Command of a kernelspec, with `{connection_file}`. @default this package's kernel on this Node */
  argv?: readonly string[]
  /** Working directory of the cells. @default that of this process */
  cwd?: string
  /** Notebook that the cells belong to: imports are resolved from its folder. @default one in `cwd` */
  notebook?: string
  /** Keeps what is run in the person's history. @default false */
  history?: boolean
  /** What happens to cells with type errors. @default ASTERISM_TYPECHECK, else `warn` */
  typecheck?: Typecheck
  /** Environment variables beside those of this process. */
  env?: Record<string, string>
  /** A kernel that has not answered by then is ended, in milliseconds. @default waits as long as its process lives */
  patienceMs?: number
}

const OWN = [process.execPath, join(import.meta.dirname, 'main.js'), '{connection_file}']
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

async function startOnce({
  argv = OWN,
  cwd = process.cwd(),
  notebook,
  typecheck,
  history = false,
  env = {},
  patienceMs,
}: StartOptions): Promise<StartedKernel> {
  const connection: Connection = {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports: await freePorts(),
    key: randomBytes(32).toString('hex'),
  }
  const folder = mkdtempSync(join(tmpdir(), 'asterism-kernel-'))
  const file = join(folder, 'connection.json')
  writeFileSync(file, connectionText(connection), { mode: 0o600 })
  const [command = '', ...args] = argv.map((part) => part.replaceAll('{connection_file}', file))
  const child: ChildProcess = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: process.platform !== 'win32', // Ctrl-C reaches the client, which decides
    env: {
      ...environmentOf({ ...(notebook && { notebook }), ...(typecheck && { typecheck }) }),
      JPY_PARENT_PID: String(process.pid),
      ...(history ? {} : { ASTERISM_HISTORY: 'off' }),
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
  const link = linkZeromq(connection)
  const clean = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const died = exited.then((code) => {
      throw new Error(complaint.trim() || `The kernel ended at once, exit code ${code}`)
    })
    const answering = Promise.race([createClient(link), died])
    died.catch(() => undefined)
    const client = patienceMs === undefined ? await answering : await within(patienceMs, answering)
    if (client === null) throw new Error(`Expected ${command} to answer within ${patienceMs} ms`)
    return {
      client,
      link,
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
    link.close()
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
