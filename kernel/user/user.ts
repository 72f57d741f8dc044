// The user-code process: runs cells, and nothing that has to stay alive while a cell computes. Requests come over one
// pipe (requests.ts), everything it says leaves through another, in order (output.ts). Started by user-process.ts.
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { inspect, types } from 'node:util'
import { Worker } from 'node:worker_threads'
import { foreignHint } from '../cell/foreign-notation.ts'
import { sourceOf } from '../cell/source-position.ts'
import { CellSyntaxError } from '../cell/strip.ts'
import { languageOptions } from '../cell/tsconfig.ts'
import { type CellContext, currentCell, inCell } from '../display/current-cell.ts'
import { connectScreen, resultBundle, type Screen } from '../display/display.ts'
import { hidePromiseMarks, mimeBundle } from '../display/format.ts'
import { inOwnRealm, keepRealm, withoutPrototype } from '../display/own-realm.ts'
import { metadataOf } from '../display/picture.ts'
import { connectSettings } from '../display/settings.ts'
import { sourceLines } from '../display/source-lines.ts'
import { failureOf, installStackFormat } from '../display/stack.ts'
import type { Failure, MimeBundle } from '../protocol/message.ts'
import { connectComms, deliverComm } from '../widgets/comm.ts'
import { captureChildren } from './child-output.ts'
import { createEvaluator, type Outcome } from './evaluate.ts'
import { installInterruption, isInterruption } from './interruption.ts'
import { createModules } from './modules.ts'
import * as notebookApi from './notebook-api.ts'
import { notebookPath } from './notebook-path.ts'
import { awaitRaw, flushStreams, MARK, send, sendPlainReply, writeStream } from './output.ts'
import { hearRequests } from './requests.ts'
import { installStdin } from './stdin.ts'
import { installStreams } from './streams.ts'
import type { UserRequest } from './user-process.ts'
import { startTypeScriptWorkers } from './worker/start.ts'

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
  hold: (work) => inOwnRealm(() => hold(work)),
  ask: (question, password) => inOwnRealm(() => ask(question, password)),
  signal: () => (currentCell() ?? idleCell).signal,
}

function hold(work: Promise<unknown>): void {
  const cell = currentCell()
  if (cell === null) return
  const works = held.get(cell.id)
  if (works === undefined) {
    reportLate(work)
    return
  }
  works.add(work)
  work.catch(() => undefined) // the cell fails with the first that does
}

/** Why nobody can be asked now. */
function refusal(): Error | null {
  const cell = currentCell()
  if (cell === null || !cell.allowStdin) {
    return new Error('Expected a client that answers questions: this one does not allow stdin')
  }
  return held.has(cell.id) ? null : new Error('Expected a cell that still runs to ask in: this one has ended')
}

function ask(question: string, password: boolean): Promise<string> {
  const refused = refusal()
  const cell = currentCell()
  if (refused !== null || cell === null) return Promise.reject(refused)
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
}

const idleCell = { signal: new AbortController().signal }

function publish(message: 'display_data' | 'update_display_data', data: MimeBundle, id: string): void {
  const cell = currentCell()
  if (cell === null || cell.silent) return
  send({ type: 'publish', cell: cell.id, message }, { data, metadata: metadataOf(data), transient: { display_id: id } })
}

/** What failed after its cell had ended, or outside the code that the cell waits for. */
const reportUncaught = (kind: string, thrown: unknown): void =>
  inOwnRealm(() => {
    if (isInterruption(thrown)) return // it was asked for
    const { traceback } = failureOf(thrown)
    writeStream('stderr', `${kind}\n${traceback.join('\n')}\n`)
  })

const reportLate = (work: Promise<unknown>): void => {
  work.catch((error: unknown) => reportUncaught('A display failed:', error))
}

/** A cell that runs. */
interface Running {
  readonly request: UserRequest & { type: 'execute' }
  readonly cell: CellContext
  readonly interrupt: AbortController
  /** Resolves with an interrupt. */
  readonly interrupted: Promise<void>
  /** What the cell waits for before it ends. */
  readonly works: Set<Promise<unknown>>
  readonly hasExpressions: boolean
}

function execute(request: UserRequest & { type: 'execute' }): Promise<void> {
  startWatcher()
  hearProcess()
  const interrupt = new AbortController()
  const { id, name, silent, allowStdin } = request
  const cell: CellContext = { id, name, silent, allowStdin, signal: interrupt.signal, [inspect.custom]: () => name }
  const interrupted = new Promise<void>((resolve) => cell.signal.addEventListener('abort', () => resolve()))
  const works = new Set<Promise<unknown>>()
  running.set(id, interrupt)
  held.set(id, works)
  const hasExpressions = Object.keys(request.userExpressions).length > 0
  return inCell(cell, () => runToEnd({ request, cell, interrupt, interrupted, works, hasExpressions }))
}

/** Between two awaits the realm is the cells': whatever is done there asks for the kernel's own. */
async function runToEnd(it: Running): Promise<void> {
  const { request, cell } = it
  let reply: Record<string, unknown> | null = null
  try {
    const outcome = await evaluator.run(request.name, request.code, cell.signal)
    const shown = inOwnRealm(() => show(outcome, it))
    const failed = types.isPromise(shown) ? await shown : shown
    if (failed !== null) {
      if (!cell.silent) send({ type: 'publish', cell: cell.id, message: 'error' }, { ...failed, status: undefined })
      reply = { ...failed, user_expressions: {} }
    } else if (it.hasExpressions) {
      reply = { status: 'ok', user_expressions: await userExpressions(request.userExpressions, cell.signal) }
    }
    // One turn of the event loop, so that a promise that nobody handles is reported inside its cell.
    await new Later<void>((resolve) => void startImmediate(resolve))
    awaitRaw()
  } catch (error) {
    // A fault of the kernel itself must not leave the client waiting.
    reply = { ...inOwnRealm(() => failureOf(error)), user_expressions: {} }
  }
  forget(held as Map<string, unknown>, cell.id)
  forget(running as Map<string, unknown>, cell.id)
  if (reply === null) sendPlainReply(cell.id, request.count)
  else send({ type: 'reply', request: cell.id }, { ...reply, payload: [], execution_count: request.count })
}

/** As they were before any cell. */
const [Later, startImmediate] = [Promise, setImmediate]
const forget = Function.prototype.call.bind(Map.prototype.delete) as (map: Map<string, unknown>, key: string) => void

/** Shows the result, at once where it is ready and the cell waits for nothing more. Null where all went well. */
function show(outcome: Outcome, it: Running): Failure | null | Promise<Failure | null> {
  const { cell, interrupt, works } = it
  if (outcome.kind === 'interrupted') {
    // What the cell started may listen to the signal, also when the cell was stopped while it computed.
    interrupt.abort(new Error('The cell was interrupted'))
    return interruption()
  }
  if (outcome.kind === 'thrown') return failure(outcome.error, cell, outcome.at)
  try {
    const value = outcome.kind === 'value' ? outcome.value : undefined
    const bundle = value === undefined ? null : resultBundle(value)
    if (types.isPromise(bundle)) return showLate(bundle, it)
    if (bundle !== null) publishResult(bundle, it)
    return works.size > 0 ? showLate(null, it) : null
  } catch (error) {
    return failure(error, cell)
  }
}

/** Shows a result that needs time, and waits for what the cell is waiting for. */
async function showLate(bundle: Promise<MimeBundle | null> | null, it: Running): Promise<Failure | null> {
  const { cell } = it
  try {
    if (bundle !== null) {
      const data = await bundle
      if (data !== null) inOwnRealm(() => publishResult(data, it))
    }
    for (let next = inOwnRealm(() => nextWork(it)); next !== null; next = inOwnRealm(() => nextWork(it))) await next
    return inOwnRealm(() => cell.signal.aborted) ? interruption() : null
  } catch (error) {
    return inOwnRealm(() => cell.signal.aborted) ? interruption() : failure(error, cell)
  }
}

function publishResult(data: MimeBundle, { request, cell }: Running): void {
  if (cell.silent || Object.keys(data).length === 0) return
  const content = { execution_count: request.count, data, metadata: metadataOf(data) }
  send({ type: 'publish', cell: cell.id, message: 'execute_result' }, content)
}

/** The end of something that the cell waits for, or of the waiting; null where nothing is left. Works bring further ones. */
function nextWork({ works, interrupted, cell }: Running): Promise<void> | null {
  const [next] = works
  if (next === undefined || cell.signal.aborted) return null
  works.delete(next)
  return Promise.race([next.then(() => undefined), interrupted])
}

const failure = (error: unknown, cell: CellContext, at?: string): Failure =>
  inOwnRealm(() => withoutPrototype(failureIn(error, cell, at)))

function failureIn(error: unknown, cell: CellContext, at?: string): Failure {
  // A proxy may throw when it is asked what it is an instance of.
  if (!types.isNativeError(error) || !(error instanceof CellSyntaxError)) {
    const failed = failureOf(error, at)
    const missing = failed.ename === 'ReferenceError' ? /^(\S+) is not defined$/.exec(failed.evalue)?.[1] : undefined
    return missing === undefined ? failed : hinted(failed, cell, missing)
  }
  const place = `${cell.name}:${error.line}:${error.column}`
  const hint = error.hint === null ? [] : [`  ${error.hint}`]
  const traceback = [`SyntaxError: ${error.message}`, ...hint, `    at ${place}`]
  const failed = { status: 'error', ename: 'SyntaxError', evalue: `${error.message} (${place})` } as const
  return hinted({ ...failed, traceback: [...traceback, ...sourceLines(traceback)] }, cell, null)
}

/** With what does the same here, where a cell holds what other kernels understand. */
function hinted(failed: Failure, cell: CellContext, missing: string | null): Failure {
  const hint = foreignHint(sourceOf(cell.name) ?? '', missing)
  return hint === null ? failed : { ...failed, traceback: [...failed.traceback, '', hint] }
}

function interruption(): Failure {
  const evalue = 'The cell was interrupted; variables are kept'
  return withoutPrototype({ status: 'error', ename: 'Interrupted', evalue, traceback: [`Interrupted: ${evalue}`] })
}

async function userExpressions(
  expressions: Record<string, string>,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = withoutPrototype({})
  const keys = inOwnRealm(() => Object.keys(expressions))
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string
    const outcome = await evaluator.run(`expression ${key}`, `(${expressions[key]}\n)`, signal)
    try {
      if (outcome.kind === 'thrown') results[key] = inOwnRealm(() => failureOf(outcome.error))
      else if (outcome.kind === 'interrupted') results[key] = interruption()
      else {
        const bundle = mimeBundle(outcome.kind === 'value' ? outcome.value : undefined)
        const data = types.isPromise(bundle) ? await bundle : bundle
        results[key] = { status: 'ok', data, metadata: inOwnRealm(() => metadataOf(data)) }
      }
    } catch (error) {
      results[key] = inOwnRealm(() => failureOf(error))
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
  inOwnRealm(() => running.delete(id))
  send({ type: 'reply', request: id })
}

function receive(request: UserRequest): void {
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
}

let look: import('./live-members.ts').Look | null = null

const HEARD: readonly [event: string, listener: (thrown: unknown) => void][] = [
  ['SIGINT', () => undefined], // the protocol process sends it for the part of a cell before its first await
  ['exit', flushStreams],
  ['unhandledRejection', (reason) => reportUncaught('A promise was rejected and nobody handled it:', reason)],
  ['uncaughtException', (error) => reportUncaught("An error was thrown outside the cell's own run:", error)],
]

/** Hears what would end the process. Again before each cell: an earlier one may have removed all listeners. */
function hearProcess(): void {
  for (const [event, listener] of HEARD) {
    if (!process.listeners(event as NodeJS.Signals).includes(listener)) process.on(event, listener)
  }
}

let watcher: Worker | null = null

/** Not before it is needed: another thread that starts would slow the kernel's own start. */
function startWatcher(): void {
  if (watcher !== null) return
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 }
  const started = new Worker(new URL('./watcher.js', import.meta.url), {
    execArgv: [],
    resourceLimits,
    workerData: MARK,
  })
  started.on('message', () => started.postMessage('heard'))
  started.unref()
  watcher = started
}

hearProcess()
installStreams()
captureChildren(screen.hold)
startTypeScriptWorkers(dirname(path))
installStdin({ refusal: () => inOwnRealm(refusal), ask: (question) => screen.ask(question, false), hold: screen.hold })
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
keepRealm()
hearRequests(receive)
send({ type: 'ready' })
setTimeout(startWatcher, 300).unref()
