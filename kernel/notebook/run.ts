// Executes a notebook through a kernel process of its own and keeps the result on disk after every cell. Cells run in
// order and stop at the first error, except where a cell is tagged `raises-exception`. Imports in cells are resolved from
// the notebook's folder; the working directory is the caller's, so that paths in cells mean what they mean in the shell.
import { resolve } from 'node:path'
import type { Typecheck } from '../cell/typecheck.ts'
import type { Output } from '../protocol/message.ts'
import { type StartedKernel, startKernelProcess } from './kernel-process.ts'
import type { RunView } from './live-view.ts'
import { type Cell, createCollector, type Notebook, readNotebook, writeNotebook } from './notebook.ts'
import { injectParameters } from './parameters.ts'
import { createWidgetStates, type WidgetStates } from './stored-widgets.ts'

export interface RunOptions {
  /** Path of the notebook. */
  notebook: string
  /** Path of the executed notebook. */
  out: string
  /** Values for keys of the notebook's parameters object. @default none */
  parameters?: Record<string, unknown>
  /** Limit for one cell, in seconds. @default none */
  timeoutSeconds?: number
  /** Shows the run. @default nothing is shown */
  view?: RunView
  /** Aborting ends the running cell and the run; what ran is kept. */
  signal?: AbortSignal
  /** Working directory of the cells. @default that of this process */
  cwd?: string
  /** What happens to cells with type errors; warnings stand behind a cell's other outputs. @default ASTERISM_TYPECHECK, else `warn` */
  typecheck?: Typecheck
}

/** What a run came to. */
export type RunResult =
  | { kind: 'done'; cells: number; seconds: number }
  | {
      kind: 'failed'
      /** Number of the code cell in order of execution, from 1. */
      cell: number
      /** Line in the cell, where the error knows it. */
      line: number | null
      /** `TypeError: x is not a function`. */
      message: string
      traceback: string[]
    }
  | { kind: 'aborted' }

/** Runs a notebook. Throws for a notebook or parameters that cannot be used; a failing cell is a result. */
export async function runNotebook(options: RunOptions): Promise<RunResult> {
  const { view, parameters = {}, signal, cwd, typecheck } = options
  const path = resolve(options.notebook)
  const notebook = injectParameters(readNotebook(path), parameters)
  Object.assign(notebook.metadata, METADATA)
  const kernel = await startKernelProcess({
    notebook: path,
    ...(typecheck === undefined ? {} : { typecheck }),
    ...(cwd === undefined ? {} : { cwd }),
  })
  const started = performance.now()
  const interrupt = (): void => void kernel.client.request('interrupt_request', {})
  signal?.addEventListener('abort', interrupt)
  try {
    const widgets = createWidgetStates()
    const failed = await runCells(notebook, kernel, widgets, options)
    widgets.store(notebook)
    writeNotebook(options.out, notebook)
    if (signal?.aborted) return { kind: 'aborted' }
    const cells = notebook.cells.filter(isCode).length
    return failed ?? { kind: 'done', cells, seconds: (performance.now() - started) / 1000 }
  } finally {
    view?.dispose()
    signal?.removeEventListener('abort', interrupt)
    await kernel.dispose()
  }
}

const METADATA = {
  kernelspec: { display_name: 'TypeScript (Asterism)', language: 'typescript', name: 'asterism' },
  language_info: {
    codemirror_mode: 'typescript',
    file_extension: '.ts',
    mimetype: 'text/typescript',
    name: 'typescript',
    nbconvert_exporter: 'script',
    pygments_lexer: 'typescript',
  },
}

const isCode = (cell: Cell): boolean => cell.cell_type === 'code'

async function runCells(
  notebook: Notebook,
  kernel: StartedKernel,
  widgets: WidgetStates,
  options: RunOptions,
): Promise<RunResult | null> {
  const { view, signal, out, timeoutSeconds } = options
  const total = notebook.cells.filter(isCode).length
  const collector = createCollector()
  const owners = new Map<string, Cell>()
  let current: { cell: Cell; id: string | null } | null = null
  const stop = kernel.client.onPublished(({ type, parent, content }) => {
    if (type === 'execute_input' && current !== null && current.id === null) {
      current.id = parent
      owners.set(parent, current.cell)
    }
    widgets.add(type, content)
    const cell = owners.get(parent)
    if (cell === undefined) return
    collector.add(cell, type, content)
    if (cell === current?.cell || type === 'stream') view?.output(type, content)
  })
  let number = 0
  try {
    for (const cell of notebook.cells) {
      if (signal?.aborted) return null
      if (cell.cell_type === 'markdown') for (const heading of headings(cell.source)) view?.heading(heading)
      if (!isCode(cell)) continue
      number += 1
      current = { cell, id: null }
      view?.cellStarts(number, total, cell.source)
      const started = performance.now()
      const reply = await executeCell(kernel, cell.source, timeoutSeconds)
      const failed = reply.status !== 'ok' && !(cell.metadata.tags ?? []).includes('raises-exception')
      view?.cellEnds((performance.now() - started) / 1000, failed)
      cell.execution_count = reply.execution_count ?? null
      writeNotebook(out, notebook)
      if (failed) return failure(number, reply)
    }
    return null
  } finally {
    stop()
  }
}

/** The text of headings, without their marks. */
const headings = (markdown: string): string[] =>
  [...markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} +(.+)$/gm)].map((match) => match[1] as string)

async function executeCell(
  { client, exited }: StartedKernel,
  code: string,
  timeoutSeconds: number | undefined,
): Promise<Output<'execute_request'>> {
  let late = false
  const timer =
    timeoutSeconds === undefined
      ? null
      : setTimeout(() => {
          late = true
          void client.request('interrupt_request', {})
        }, timeoutSeconds * 1000)
  try {
    const ended = exited.then((exitCode): Output<'execute_request'> => {
      const evalue = `The kernel ended while the cell ran (exit code ${exitCode})`
      return error('KernelDied', evalue)
    })
    const reply = await Promise.race([client.execute(code, { allow_stdin: false }), ended])
    if (!late || reply.status !== 'error') return reply
    return { ...reply, ename: 'Timeout', evalue: `The cell ran longer than ${timeoutSeconds} s and was interrupted` }
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}

const error = (ename: string, evalue: string): Output<'execute_request'> => ({
  status: 'error',
  ename,
  evalue,
  traceback: [`${ename}: ${evalue}`],
  payload: [],
  user_expressions: {},
  execution_count: 0,
})

function failure(cell: number, reply: Output<'execute_request'>): RunResult {
  if (reply.status !== 'error')
    return { kind: 'failed', cell, line: null, message: 'The cell was aborted', traceback: [] }
  const { ename, evalue, traceback } = reply
  // Without a function's name: the statement of the cell itself, which is where its reader looks first.
  const name = `cell ${reply.execution_count}`
  const text = traceback.join('\n')
  const place = new RegExp(`at ${name}:(\\d+):`).exec(text) ?? new RegExp(`${name}:(\\d+):`).exec(text)
  const line = place === null ? null : Number(place[1])
  return { kind: 'failed', cell, line, message: `${ename}: ${evalue}`, traceback }
}
