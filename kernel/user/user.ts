// The user-code process: runs cells, and nothing that has to stay alive while a cell computes. Requests come over the
// IPC channel, everything it says leaves through one ordered pipe (output.ts). Started by user-process.ts.
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { inspect, types } from 'node:util'
import { Worker } from 'node:worker_threads'
import { CellSyntaxError } from '../cell/strip.ts'
import { languageOptions } from '../cell/tsconfig.ts'
import { type CellContext, currentCell, inCell } from '../display/current-cell.ts'
import { connectScreen, resultBundle, type Screen } from '../display/display.ts'
import { hidePromiseMarks, mimeBundle } from '../display/format.ts'
import { metadataOf } from '../display/picture.ts'
import { connectSettings } from '../display/settings.ts'
import { failureOf, installStackFormat } from '../display/stack.ts'
import type { Failure, MimeBundle } from '../protocol/message.ts'
import { connectComms, deliverComm } from '../widgets/comm.ts'
import { captureChildren } from './child-output.ts'
import { createEvaluator, type Outcome } from './evaluate.ts'
import { installInterruption, isInterruption } from './interruption.ts'
import { createModules } from './modules.ts'
import * as notebookApi from './notebook-api.ts'
import { notebookPath } from './notebook-path.ts'
import { awaitRaw, captureStreams, flushStreams, send, writeStream } from './output.ts'
import type { UserRequest } from './user-process.ts'

const realm = new Set(Object.getOwnPropertyNames(globalThis))
const path = notebookPath(process.env, process.cwd())
const language = languageOptions(dirname(path))
const modules = createModules(path, language)
installInterruption(() => currentCell()?.signal)
const evaluator = createEvaluator(modules, realm, language)

/** Displays that a cell waits for before it ends. */
const held = new Map<string, Set<Promise<unknown>>>()
const questions = new Map<string, (answer: string) => void>()
/** The cells of all shells and the comm messages that are being dealt with. */
const running = new Map<string, AbortController>()

const screen: Screen = {
  show: (bundle, id) => publish('display_data', bundle, id),
  update: (bundle, id) => publish('update_display_data', bundle, id),
  clear: (wait) => {
    const cell = currentCell()
    if (cell !== null && !cell.silent) send({ type: 'publish', cell: cell.id, message: 'clear_output' }, { wait })
  },
  hold(work) {
    const cell = currentCell()
    if (cell === null) return
    const works = held.get(cell.id)
    if (works === undefined) reportLate(work)
    else works.add(work)
  },
  ask(question, password) {
    const cell = currentCell()
    if (!cell?.allowStdin) {
      return Promise.reject(new Error('Expected a client that answers questions: this one does not allow stdin'))
    }
    const request = randomUUID()
    return new Promise((resolve, reject) => {
      questions.set(request, resolve)
      const giveUp = (): void => {
        questions.delete(request)
        reject(new Error('The cell was interrupted while it asked'))
      }
      cell.signal.addEventListener('abort', giveUp, { once: true })
      send({ type: 'input', cell: cell.id, request }, { prompt: question, password })
    })
  },
  signal: () => (currentCell() ?? idleCell).signal,
}

const idleCell = { signal: new AbortController().signal }

function publish(message: 'display_data' | 'update_display_data', data: MimeBundle, id: string): void {
  const cell = currentCell()
  if (cell === null || cell.silent) return
  send({ type: 'publish', cell: cell.id, message }, { data, metadata: metadataOf(data), transient: { display_id: id } })
}

/** What failed after its cell had ended, or outside the code that the cell waits for. */
function reportUncaught(kind: string, thrown: unknown): void {
  if (isInterruption(thrown)) return // it was asked for
  const { traceback } = failureOf(thrown)
  writeStream('stderr', `${kind}\n${traceback.join('\n')}\n`)
}

const reportLate = (work: Promise<unknown>): void => {
  work.catch((error: unknown) => reportUncaught('A display failed:', error))
}

async function execute(request: UserRequest & { type: 'execute' }): Promise<void> {
  startWatcher()
  const interrupt = new AbortController()
  const { id, name, count, silent, allowStdin } = request
  const cell: CellContext = { id, name, silent, allowStdin, signal: interrupt.signal, [inspect.custom]: () => name }
  running.set(id, interrupt)
  const works = new Set<Promise<unknown>>()
  held.set(id, works)
  try {
    const reply = await inCell(cell, async () => {
      const outcome = await evaluator.run(name, request.code, interrupt.signal)
      // What the cell started may listen to the signal, also when the cell was stopped while it computed.
      if (outcome.kind === 'interrupted') interrupt.abort(new Error('The cell was interrupted'))
      const failed = await finish(outcome, request, cell, works)
      if (failed !== null) {
        if (!silent) send({ type: 'publish', cell: id, message: 'error' }, { ...failed, status: undefined })
        return { ...failed, payload: [], user_expressions: {} }
      }
      const expressions = await userExpressions(request.userExpressions, interrupt.signal)
      return { status: 'ok', payload: [], user_expressions: expressions }
    })
    // One turn of the event loop, so that a promise that nobody handles is reported inside its cell.
    await new Promise((resolve) => setImmediate(resolve))
    awaitRaw()
    send({ type: 'reply', request: id }, { ...reply, execution_count: count })
  } catch (error) {
    // A fault of the kernel itself must not leave the client waiting.
    send(
      { type: 'reply', request: id },
      { ...failureOf(error), payload: [], user_expressions: {}, execution_count: count },
    )
  } finally {
    held.delete(id)
    running.delete(id)
  }
}

async function finish(
  outcome: Outcome,
  request: UserRequest & { type: 'execute' },
  cell: CellContext,
  works: ReadonlySet<Promise<unknown>>,
): Promise<Failure | null> {
  if (outcome.kind === 'interrupted') return interruption()
  if (outcome.kind === 'thrown') return failure(outcome.error, cell, outcome.at)
  try {
    const value = outcome.kind === 'value' ? outcome.value : undefined
    if (value !== undefined) {
      const data = await resultBundle(value)
      if (data !== null && !cell.silent && Object.keys(data).length > 0) {
        const content = { execution_count: request.count, data, metadata: metadataOf(data) }
        send({ type: 'publish', cell: cell.id, message: 'execute_result' }, content)
      }
    }
    // What a display waits for may start more, as its picture.
    for (let waited = -1; waited < works.size; ) {
      waited = works.size
      await Promise.all(works)
    }
    return null
  } catch (error) {
    return failure(error, cell)
  }
}

function failure(error: unknown, cell: CellContext, at?: string): Failure {
  // A proxy may throw when it is asked what it is an instance of.
  if (!types.isNativeError(error) || !(error instanceof CellSyntaxError)) return failureOf(error, at)
  const place = `${cell.name}:${error.line}:${error.column}`
  const hint = error.hint === null ? [] : [`  ${error.hint}`]
  return {
    status: 'error',
    ename: 'SyntaxError',
    evalue: `${error.message} (${place})`,
    traceback: [`SyntaxError: ${error.message}`, ...hint, `    at ${place}`],
  }
}

function interruption(): Failure {
  const evalue = 'The cell was interrupted; variables are kept'
  return { status: 'error', ename: 'Interrupted', evalue, traceback: [`Interrupted: ${evalue}`] }
}

async function userExpressions(
  expressions: Record<string, string>,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {}
  for (const [key, source] of Object.entries(expressions)) {
    const outcome = await evaluator.run(`expression ${key}`, `(${source}\n)`, signal)
    try {
      if (outcome.kind === 'thrown') results[key] = failureOf(outcome.error)
      else if (outcome.kind === 'interrupted') results[key] = interruption()
      else {
        const value = outcome.kind === 'value' ? outcome.value : undefined
        const data = await mimeBundle(value)
        results[key] = { status: 'ok', data, metadata: metadataOf(data) }
      }
    } catch (error) {
      results[key] = failureOf(error)
    }
  }
  return results
}

/** Tells a comm message to whoever listens; ends when they have finished, or with an interrupt. */
async function comm({ id, message, content, metadata, buffers }: UserRequest & { type: 'comm' }): Promise<void> {
  const interrupt = new AbortController()
  running.set(id, interrupt)
  const interrupted = new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve()))
  const bytes = buffers.map((buffer) => Buffer.from(buffer, 'base64'))
  const heard = deliverComm({ id, message, content, metadata, buffers: bytes }, interrupt.signal, (error) =>
    reportUncaught('What listens to a comm failed:', error),
  )
  await Promise.race([heard, interrupted])
  running.delete(id)
  send({ type: 'reply', request: id })
}

process.on('message', (request: UserRequest) => {
  switch (request.type) {
    case 'execute':
      void execute(request)
      return
    case 'interrupt':
      for (const one of running.values()) one.abort(new Error('The cell was interrupted'))
      return
    case 'comm':
      void comm(request)
      return
    case 'answer':
      questions.get(request.request)?.(request.value)
      questions.delete(request.request)
      return
    case 'look':
      // Loaded at the first question: most notebook runs never ask one.
      void import('./live-members.ts').then(async ({ createLook }) => {
        look ??= createLook(evaluator)
        const content = await look[request.kind](request.code, request.cursor)
        send({ type: 'reply', request: request.id }, { ...content })
      })
      return
    case 'debug':
      void import('./debug-host.ts').then(({ startDebugging }) => startDebugging(evaluator))
      return
    case 'exit':
      flushStreams()
      process.exit(0)
  }
})

let look: import('./live-members.ts').Look | null = null

process.on('SIGINT', () => undefined) // the protocol process sends it for the part of a cell before its first await
process.on('disconnect', () => process.exit(1))
process.on('exit', flushStreams)
process.on('unhandledRejection', (reason) => reportUncaught('A promise was rejected and nobody handled it:', reason))
process.on('uncaughtException', (error) => reportUncaught("An error was thrown outside the cell's own run:", error))

let watcher: Worker | null = null

/** Not before it is needed: another thread that starts would slow the kernel's own start. */
function startWatcher(): void {
  if (watcher !== null) return
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 }
  const started = new Worker(new URL('./watcher.js', import.meta.url), { execArgv: [], resourceLimits })
  started.on('message', () => started.postMessage('heard'))
  started.unref()
  watcher = started
}

captureStreams()
captureChildren(screen.hold)
installStackFormat()
hidePromiseMarks()
connectScreen(screen)
connectComms((message, content, metadata, buffers) => {
  const cell = currentCell()
  const sizes = buffers.map((buffer) => buffer.byteLength)
  send({ type: 'comm', request: cell?.request ?? cell?.id ?? '', message, metadata, sizes }, content, buffers)
})
connectSettings((name, value) => send({ type: 'setting', cell: currentCell()?.id ?? '', name }, { value }))
for (const [name, value] of Object.entries(notebookApi)) {
  if (name !== 'DISPLAY') Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
}
send({ type: 'ready' })
setTimeout(startWatcher, 300).unref()
