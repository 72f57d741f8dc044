// The cells that run: one at a time, in the user-code process, which this file owns. Keeps the header of each cell's
// request, so that late output finds its own cell, and brings the process back when it died or could not be interrupted.
import type { Header, Incoming, Input, Output } from './message.ts'
import type { Outbox } from './outbox.ts'
import { startUserProcess, type UserEvents, type UserProcess } from './user-process.ts'

/** A cell that does not stop within this time is ended with its process, in milliseconds. */
const INTERRUPT_PATIENCE_MS = 1500
/** A cell that waits, or turns a loop, ends within this time; what else computes needs a signal, in milliseconds. */
const SIGNAL_AFTER_MS = 400
/** Questions about a name wait this long for the user-code process, in milliseconds. */
const LOOK_PATIENCE_MS = 1000
/** Requests whose late output still finds its cell. */
const REMEMBERED_CELLS = 10_000

type ExecuteOutput = Output<'execute_request'>

export interface Executions {
  /** Announces an execution, in the order in which they will run. */
  enqueue(request: Header): void
  execute(message: Incoming, content: Input<'execute_request'>): Promise<ExecuteOutput>
  /** Ends the running cell; keeps variables where that is possible, and says so where it is not. */
  interrupt(): Promise<void>
  complete(id: string, content: Input<'complete_request'>): Promise<Output<'complete_request'>>
  inspect(id: string, content: Input<'inspect_request'>): Promise<Output<'inspect_request'>>
  history(content: Input<'history_request'>): Output<'history_request'>
  answerQuestion(message: Incoming): void
  dispose(): Promise<void>
}

interface Running {
  readonly message: Incoming
  readonly count: number
  finish(reply: ExecuteOutput): void
}

/** Starts the user-code process. */
export function createExecutions(outbox: Outbox): Executions {
  let count = 0
  let unnumbered = 0
  let running: Running | null = null
  let latest: Header | null = null
  let disposed = false
  const waiting = new Set<string>()
  const aborted = new Set<string>()
  const parents = new Map<string, Header>()
  const replies = new Map<string, (content: Buffer) => void>()
  const questions: string[] = []
  const past: HistoryEntry[] = []

  const events: UserEvents = {
    frame(head, body) {
      const parent = 'cell' in head ? (parents.get(head.cell) ?? latest) : null
      if (head.type === 'reply') {
        replies.get(head.request)?.(body)
        replies.delete(head.request)
      } else if (parent === null) return
      else if (head.type === 'stream') outbox.stream(head.name, parent, body)
      else if (head.type === 'publish') outbox.publish(head.message, parent, body)
      else if (head.type === 'input') askClient(head.request, body)
    },
    raw(name, text) {
      if (latest !== null) outbox.stream(name, latest, Buffer.from(text))
    },
    died(how) {
      if (disposed) return
      user = startUserProcess(events)
      lost(`The process that runs the cells ended (${how})`)
    },
  }
  let user: UserProcess = startUserProcess(events)

  /** Tells whoever waits that the variables are gone. */
  const lost = (reason: string): void => {
    const evalue = `${reason}. It was started again: all variables are gone, run the cells above once more.`
    questions.length = 0
    replies.clear()
    if (running === null) {
      if (latest !== null) outbox.stream('stderr', latest, Buffer.from(`${evalue}\n`))
      return
    }
    const failure = { ename: 'KernelRestarted', evalue, traceback: [`KernelRestarted: ${evalue}`] }
    outbox.publish('error', running.message.header, failure)
    const { count: execution_count } = running
    running.finish({ status: 'error', ...failure, payload: [], user_expressions: {}, execution_count })
  }

  const ends = async (cell: Running, patienceMs: number): Promise<boolean> => {
    const deadline = performance.now() + patienceMs
    while (running === cell && performance.now() < deadline) await sleep(5)
    return running !== cell
  }

  const askClient = (request: string, body: Buffer): void => {
    if (running === null) return
    questions.push(request)
    outbox.ask(running.message, body)
  }

  const look = async <T>(kind: 'complete' | 'inspect', id: string, code: string, cursor: number): Promise<T | null> => {
    const answer = new Promise<Buffer>((resolve) => replies.set(id, resolve))
    user.send({ type: 'look', id, kind, code, cursor })
    const late = AbortSignal.timeout(LOOK_PATIENCE_MS)
    const patience = new Promise<null>((resolve) => late.addEventListener('abort', () => resolve(null)))
    const body = await Promise.race([answer, patience])
    replies.delete(id)
    return body === null ? null : (JSON.parse(body.toString('utf8')) as T)
  }

  return {
    enqueue: (request) => waiting.add(request.msg_id),
    async execute(message, content) {
      const { msg_id: id } = message.header
      waiting.delete(id)
      if (aborted.delete(id)) return { status: 'aborted', execution_count: count }
      const { code, silent = false, store_history: stored = !silent, allow_stdin: allowStdin = false } = content
      const isNumbered = stored && !silent
      if (isNumbered) count += 1
      const execution = count
      const name = isNumbered ? `cell ${count}` : `unnumbered cell ${++unnumbered}`
      const entry: HistoryEntry = { line: execution, input: code, output: null }
      if (isNumbered) past.push(entry)
      latest = message.header
      remember(parents, id, message.header)
      if (!silent) outbox.publish('execute_input', message.header, { code, execution_count: execution })
      const reply = await new Promise<ExecuteOutput>((finish) => {
        running = { message, count: execution, finish }
        replies.set(id, (body) => finish(JSON.parse(body.toString('utf8')) as ExecuteOutput))
        const userExpressions = content.user_expressions ?? {}
        user.send({ type: 'execute', id, name, code, count: execution, silent, allowStdin, userExpressions })
      })
      running = null
      if (reply.status === 'error' && content.stop_on_error !== false) {
        for (const queued of waiting) aborted.add(queued)
      }
      return reply
    },
    async interrupt() {
      const cell = running
      user.stopLoops() // also of a callback that computes after its cell has ended
      if (cell === null) return
      for (const queued of waiting) aborted.add(queued)
      user.send({ type: 'interrupt' })
      if (await ends(cell, SIGNAL_AFTER_MS)) return
      // It does not listen, so it computes. A signal sent earlier could hit it between two cells, where nothing takes it.
      user.signalInterrupt()
      if (await ends(cell, INTERRUPT_PATIENCE_MS)) return
      const old = user
      user = startUserProcess(events)
      await old.end(0)
      lost('The cell computed without a pause and could not be interrupted, so its process was ended')
    },
    async complete(id, { code, cursor_pos }) {
      const none = {
        status: 'ok',
        matches: [],
        cursor_start: cursor_pos,
        cursor_end: cursor_pos,
        metadata: {},
      } as const
      return (await look<Output<'complete_request'>>('complete', id, code, cursor_pos)) ?? { ...none, matches: [] }
    },
    async inspect(id, { code, cursor_pos }) {
      const found = await look<Output<'inspect_request'>>('inspect', id, code, cursor_pos)
      return found ?? { status: 'ok', found: false, data: {}, metadata: {} }
    },
    history: (content) => ({ status: 'ok', history: selectHistory(past, content) }),
    answerQuestion(message) {
      const request = questions.shift()
      if (request !== undefined) user.send({ type: 'answer', request, value: String(message.content.value ?? '') })
    },
    async dispose() {
      disposed = true
      await user.end(500)
      if (running !== null) {
        const { count: execution_count } = running
        const evalue = 'The kernel was shut down'
        const failure = { ename: 'KernelShutdown', evalue, traceback: [`KernelShutdown: ${evalue}`] }
        running.finish({ status: 'error', ...failure, payload: [], user_expressions: {}, execution_count })
      }
    },
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function remember(parents: Map<string, Header>, id: string, header: Header): void {
  parents.set(id, header)
  if (parents.size <= REMEMBERED_CELLS) return
  const oldest = parents.keys().next().value
  if (oldest !== undefined) parents.delete(oldest)
}

interface HistoryEntry {
  readonly line: number
  readonly input: string
  readonly output: string | null
}

/** The session's number in history replies: history is kept for this session only. */
const SESSION = 1

function selectHistory(past: readonly HistoryEntry[], request: Input<'history_request'>): unknown[] {
  const {
    hist_access_type: kind = 'tail',
    n = 1000,
    start = 0,
    stop,
    pattern = '*',
    unique = false,
    output = false,
  } = request
  const chosen =
    kind === 'range'
      ? past.filter((entry) => entry.line >= start && (stop === undefined || entry.line < stop))
      : past
          .filter((entry) => kind !== 'search' || matchesGlob(entry.input, pattern))
          .filter((entry, i, all) => !unique || all.findLastIndex(({ input }) => input === entry.input) === i)
          .slice(-n)
  return chosen.map(({ line, input, output: out }) => [SESSION, line, output ? [input, out] : input])
}

/** `*` is any text, `?` any character. */
function matchesGlob(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${source}$`, 's').test(text)
}
