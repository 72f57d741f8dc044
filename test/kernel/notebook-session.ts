// A real kernel process over real ZeroMQ for the tests of one file, and cells run in it with their outputs gathered.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before } from 'node:test'
import type { Typecheck } from '../../kernel/cell/typecheck.ts'
import { type StartedKernel, startKernelProcess } from '../../kernel/notebook/kernel-process.ts'
import type { Client, ExecuteOptions, Published } from '../../kernel/protocol/client.ts'
import type { Place } from './hosts.ts'

/** What a cell came to. */
export interface CellResult {
  status: string
  /** text/plain of the result. */
  result: string | undefined
  stdout: string
  stderr: string
  /** Published messages but for status, in their order. */
  published: Published[]
  ename: string
  evalue: string
  traceback: string
  /** 0 for a cell that was aborted. */
  count: number
}

interface Kernel {
  readonly client: Client
  dispose(): Promise<void>
}

/** Handles that are filled before the first test of the file and emptied after its last. */
export interface NotebookSession<K extends Kernel = StartedKernel> {
  kernel: K
  /** Temporary folder of the notebook; the cells' working directory. */
  folder: string
  run(code: string, options?: ExecuteOptions): Promise<CellResult>
  /** The result of a cell that must succeed, as text. */
  value(code: string): Promise<string | undefined>
  /** Writes a file in the notebook's folder. */
  write(path: string, text: string): void
  /** Starts a cell that prints before it goes on; resolves when the text has come, with the cell's own promise inside. */
  begin(code: string): Promise<{ finished: Promise<CellResult> }>
}

export interface SessionOptions {
  /** Types are checked in a process more, so only by the tests of types. @default 'off' */
  typecheck?: Typecheck
  /** Environment variables of a kernel process. */
  env?: Record<string, string>
}

type Start<K> = (place: Place) => Promise<K>

/** Starts one kernel for all tests of the file, or of the suite that calls it. */
export function notebookSession(options?: SessionOptions): NotebookSession
export function notebookSession<K extends Kernel>(options: SessionOptions, start: Start<K>): NotebookSession<K>
export function notebookSession(
  { typecheck = 'off', env = {} }: SessionOptions = {},
  start: Start<Kernel> = startKernelProcess,
): NotebookSession<Kernel> {
  const session = { run, value, write, begin } as NotebookSession<Kernel>
  before(async () => {
    session.folder = mkdtempSync(join(tmpdir(), 'kernel test '))
    session.kernel = await start({
      cwd: session.folder,
      notebook: join(session.folder, 'notebook.ipynb'),
      typecheck,
      env,
    })
  })
  after(async () => {
    await session.kernel.dispose()
    rmSync(session.folder, { recursive: true, force: true })
  })
  async function run(code: string, options: ExecuteOptions = {}): Promise<CellResult> {
    const published: Published[] = []
    const onOutput = (one: Published): void => void (one.type !== 'status' && published.push(one))
    const reply = await session.kernel.client.execute(code, { ...options, onOutput })
    const streamed = (name: string): string =>
      published
        .filter((one) => one.type === 'stream' && one.content.name === name)
        .map((one) => one.content.text)
        .join('')
    const shown = published.find((one) => one.type === 'execute_result')?.content.data as
      | Record<string, string>
      | undefined
    const failed = reply.status === 'error' ? reply : { ename: '', evalue: '', traceback: [] }
    return {
      status: reply.status,
      result: shown?.['text/plain'],
      stdout: streamed('stdout'),
      stderr: streamed('stderr'),
      published,
      ename: failed.ename,
      evalue: failed.evalue,
      traceback: failed.traceback.join('\n'),
      count: reply.execution_count ?? 0,
    }
  }
  async function value(code: string): Promise<string | undefined> {
    const cell = await run(code)
    assert.equal(cell.status, 'ok', `${code}\n${cell.traceback}`)
    return cell.result
  }
  function write(path: string, text: string): void {
    const file = join(session.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  async function begin(code: string): Promise<{ finished: Promise<CellResult> }> {
    let printed = false
    const stop = session.kernel.client.onPublished((one) => {
      printed ||= one.type === 'stream'
    })
    const finished = run(code)
    let early: CellResult | null = null
    void finished.then((cell) => {
      early = cell
    })
    await eventually(() => printed || early !== null, 'text of the cell')
    stop()
    if (!printed) throw new Error(`Expected text of the cell, but it ended: ${JSON.stringify(early)}`)
    return { finished }
  }
  return session
}

/** A condition that should hold holds by then, also where other work has the machine, in milliseconds. */
const PATIENCE_MS = 30_000

/** Waits until a condition holds; fails after a generous while. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > PATIENCE_MS) throw new Error(`Expected, within ${PATIENCE_MS / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
