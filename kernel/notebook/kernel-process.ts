// Starts a kernel as a real process and speaks ZeroMQ to it. The process ends with `dispose`, or when this one ends. Used by
// `asterism run` and by the tests.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Typecheck } from '../cell/typecheck.ts'
import { type Client, createClient } from '../protocol/client.ts'
import { type Channel, type Connection, connectionText } from '../protocol/connection.ts'
import { within } from '../protocol/patience.ts'
import { linkZeromq, type ZeromqLink } from '../protocol/zeromq-link.ts'
import { environmentOf } from '../user/user-options.ts'

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

const OWN = [process.execPath, join(import.meta.dirname, '..', 'main.js'), '{connection_file}']
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
