// What runs in the user-code process, which this file owns: cells, and what listens to comms. Keeps the header of each
// request, so that late output finds its own cell, and brings the process back when it died or could not be interrupted.
// Does not decide when a cell may start: that is its shell's turn (protocol/subshells.ts).
import { randomUUID } from 'node:crypto'
import { type HelpQuestion, helpQuestion } from './cell/help-question.ts'
import { createDebugging } from './debug/debugging.ts'
import type { History } from './history.ts'
import { createLanguage } from './language/language.ts'
import type { CommType, Failure, Header, Incoming, Input, Output, Page } from './protocol/message.ts'
import type { Outbox } from './protocol/outbox.ts'
import { within } from './protocol/patience.ts'
import { createOpenComms } from './user/open-comms.ts'
import type { FrameHead } from './user/pipes.ts'
import type { UserOptions } from './user/user-options.ts'
import { startUserProcess, type UserEvents, type UserProcess, type UserRequest } from './user/user-process.ts'

/** A cell that does not stop within this time is ended with its process, in milliseconds. */
const INTERRUPT_PATIENCE_MS = 1500
/** A cell that waits, or turns a loop, ends within this time; what else computes needs a signal, in milliseconds. */
const SIGNAL_AFTER_MS = 400
/** Questions about a name wait this long for the user-code process, in milliseconds. */
const LOOK_PATIENCE_MS = 1000
/** Requests whose late output still finds its cell. */
const REMEMBERED_REQUESTS = 10_000
/** Longer results are not kept in the history, in bytes of their message. */
const MAX_REMEMBERED_RESULT = 100_000

type ExecuteOutput = Output<'execute_request'>

export interface Executions {
  /** Runs a cell now. */
  execute(message: Incoming, content: Input<'execute_request'>): Promise<ExecuteOutput>
  /** The reply of a cell that does not run. */
  aborted(): ExecuteOutput
  /**
   * Ends what is running in all shells; keeps variables where that is possible, and says so where it is not. JEP 91 has
   * an interrupt reach the kernel, not one subshell (ipykernel's reaches its main thread alone): all shells share one
   * thread, and a person who interrupts wants it back, whichever cell holds it.
   */
  interrupt(): Promise<void>
  /** Resolves when no type error of a cell that ran is still to be told. */
  typesTold(): Promise<void>
  /** A person is there, who is likely to ask for completions. */
  expectQuestions(): void
  complete(id: string, content: Input<'complete_request'>): Promise<Output<'complete_request'>>
  inspect(id: string, content: Input<'inspect_request'>): Promise<Output<'inspect_request'>>
  debug(request: Header, content: Input<'debug_request'>): Promise<Output<'debug_request'>>
  /** Gives the answer of a person to the cell that asked. */
  answerQuestion(message: Incoming): void
  /** Delivers a comm message; resolves when all that listen have finished. */
  comm(message: Incoming): Promise<void>
  /** Comms that are open, by id. */
  comms(): ReadonlyMap<string, string>
  dispose(): Promise<void>
}

/** A cell or a comm message that the user-code process is busy with. */
interface Work {
  readonly message: Incoming
  readonly isCell: boolean
  /** Where it stands in the history; null where it is not kept. */
  readonly line: number | null
  readonly ended: Promise<unknown>
  /** Ends it: with the process's reply, or with why there is none. */
  answer(content: Buffer | Failure): void
}

/** Starts the user-code process. */
export function createExecutions(outbox: Outbox, history: History, options: UserOptions): Executions {
  let count = 0
  let unnumbered = 0
  let latest: Header | null = null
  let disposed = false
  const parents = new Map<string, Header>()
  const works = new Map<string, Work>()
  const replies = new Map<string, (content: Buffer) => void>()
  /** Questions to people: message id of each → what asked. */
  const questions = new Map<string, { work: string; request: string }>()
  const comms = createOpenComms(outbox)
  const debugging = createDebugging(outbox, () => {
    user.send({ type: 'debug' })
    return user.debugPipe
  })

  const events: UserEvents = {
    frame(head, body) {
      if (head.type === 'reply') {
        works.get(head.request)?.answer(body)
        replies.get(head.request)?.(body)
        return
      }
      if (head.type === 'ready' || head.type === 'raw') return
      const parent = parents.get(head.type === 'comm' ? head.request : head.cell) ?? latest
      if (head.type === 'comm') comms.publish(head, body, parent ?? {})
      else if (head.type === 'setting') language.setTypecheck(JSON.parse(body.toString('utf8')).value)
      else if (parent === null) return
      else if (head.type === 'stream') outbox.stream(head.name, parent, body)
      else if (head.type === 'input') askClient(head, body)
      else {
        if (head.message === 'execute_result') rememberResult(head.cell, body)
        outbox.publish(head.message, parent, body)
      }
    },
    raw(name, text) {
      if (latest !== null) outbox.stream(name, latest, Buffer.from(text))
    },
    died(how) {
      if (disposed) return
      startAgain()
      lost(`The process that runs the cells ended (${how})`, [...works.values()])
    },
  }
  let user: UserProcess = startUserProcess(events, options)

  const startAgain = (): void => {
    user = startUserProcess(events, options)
    debugging.restarted()
  }

  /** Runs work in the process; resolves with what it answers, or with the failure that ended it. */
  const run = async (message: Incoming, line: number | null, request: UserRequest): Promise<Buffer | Failure> => {
    const { msg_id: id } = message.header
    if (works.has(id)) throw new Error(`Expected a message id of its own, got that of a request under way: ${id}`)
    let answer: Work['answer'] = () => undefined
    const ended = new Promise<Buffer | Failure>((resolve) => {
      answer = resolve
    })
    works.set(id, { message, isCell: request.type === 'execute', line, ended, answer })
    remember(parents, id, message.header)
    user.send(request)
    try {
      return await ended
    } finally {
      works.delete(id)
      if (request.type === 'comm') parents.delete(id) // a slider sends thousands: they must not push cells out
      for (const [question, { work }] of questions) if (work === id) questions.delete(question)
    }
  }

  /** Tells whoever waits that the variables are gone. */
  const lost = (reason: string, ended: readonly Work[]): void => {
    const evalue = `${reason}. It was started again: all variables are gone, run the cells above once more.`
    const cells = ended.filter((work) => work.isCell)
    const parent = cells[0]?.message.header ?? latest
    comms.closeAll(parent ?? {})
    language.forget()
    if (cells.length === 0 && latest !== null) outbox.stream('stderr', latest, Buffer.from(`${evalue}\n`))
    end(ended, 'KernelRestarted', evalue)
  }

  /** Ends work from this side. */
  const end = (ended: readonly Work[], ename: string, evalue: string): void => {
    const shown = { ename, evalue, traceback: [`${ename}: ${evalue}`] }
    for (const { message, isCell, answer } of ended) {
      if (isCell && message.content.silent !== true) outbox.publish('error', message.header, shown)
      answer({ status: 'error', ...shown })
    }
  }

  /** Stops all that runs. */
  const stop = async (): Promise<void> => {
    user.stopLoops() // also of a callback that computes after its cell has ended
    if (works.size === 0) return
    const all = Promise.all([...works.values()].map((work) => work.ended))
    const ids = [...works.keys()]
    user.send({ type: 'interrupt' })
    if ((await within(SIGNAL_AFTER_MS, all)) !== null) return user.endChildren(ids)
    // It does not listen, so it computes. A signal sent earlier could hit it between two cells, where nothing takes it.
    user.signalInterrupt(ids)
    if ((await within(INTERRUPT_PATIENCE_MS, all)) !== null) return user.endChildren(ids)
    const old = { user, works: [...works.values()] }
    startAgain()
    await old.user.end(0)
    const left = old.works.filter((work) => works.get(work.message.header.msg_id) === work)
    lost('The cell computed without a pause and could not be interrupted, so its process was ended', left)
  }

  const askClient = ({ cell, request }: FrameHead & { type: 'input' }, body: Buffer): void => {
    const work = works.get(cell)
    if (work !== undefined) questions.set(outbox.ask(work.message, body), { work: cell, request })
  }

  const rememberResult = (cell: string, body: Buffer): void => {
    const line = works.get(cell)?.line ?? null
    if (line === null || body.length > MAX_REMEMBERED_RESULT) return
    const { data } = JSON.parse(body.toString('utf8')) as { data: Record<string, unknown> }
    if (typeof data['text/plain'] === 'string') history.setOutput(line, data['text/plain'])
  }

  const look = async <T>(kind: 'complete' | 'inspect', id: string, code: string, cursor: number): Promise<T | null> => {
    const answer = new Promise<Buffer>((resolve) => replies.set(id, resolve))
    user.send({ type: 'look', id, kind, code, cursor })
    const body = await within(LOOK_PATIENCE_MS, answer)
    replies.delete(id)
    return body === null ? null : (JSON.parse(body.toString('utf8')) as T)
  }

  const aborted = (): ExecuteOutput => ({ status: 'aborted' })

  const language = createLanguage(
    {
      tell: (request, text) => outbox.stream('stderr', request, Buffer.from(text)),
      async liveNames() {
        const all = await look<Output<'complete_request'>>('complete', randomUUID(), '', 0)
        return all?.matches ?? null
      },
    },
    options,
  )

  const inspect: Executions['inspect'] = (id, content) =>
    language.inspect(content, look('inspect', id, content.code, content.cursor_pos))

  const help = async (request: Header, { name, detail }: HelpQuestion): Promise<Page[]> => {
    const asked = { code: name, cursor_pos: [...name].length, detail_level: detail }
    const { found, data } = await inspect(randomUUID(), asked)
    if (!found) outbox.stream('stderr', request, Buffer.from(`Nothing is known of ${name}.\n`))
    return found ? [{ source: 'page', data, start: 0 }] : []
  }

  return {
    async execute(message, content) {
      const { msg_id: id } = message.header
      const { code, silent = false, store_history: stored = !silent, allow_stdin: allowStdin = false } = content
      const isNumbered = stored && !silent
      if (isNumbered) count += 1
      const execution = count
      const name = isNumbered ? `cell ${count}` : `unnumbered cell ${++unnumbered}`
      if (isNumbered) history.add(execution, code)
      latest = message.header
      if (!silent) outbox.publish('execute_input', message.header, { code, execution_count: execution })
      const asked = helpQuestion(code)
      if (asked !== null) {
        const page = await help(message.header, asked)
        return { status: 'ok', payload: page, user_expressions: {}, execution_count: execution }
      }
      const refused = await language.admit({ name, code, silent, request: message.header })
      if (refused !== null) {
        if (!silent) outbox.publish('error', message.header, { ...refused, status: undefined })
        return { ...refused, payload: [], user_expressions: {}, execution_count: execution }
      }
      await debugging.admit(name, code)
      if (disposed) return aborted()
      const userExpressions = content.user_expressions ?? {}
      const request = {
        type: 'execute',
        id,
        name,
        code,
        count: execution,
        silent,
        allowStdin,
        userExpressions,
      } as const
      const answer = await run(message, isNumbered ? execution : null, request).finally(() => language.ended(name))
      if (Buffer.isBuffer(answer)) return JSON.parse(answer.toString('utf8')) as ExecuteOutput
      return { ...answer, payload: [], user_expressions: {}, execution_count: execution }
    },
    aborted,
    async interrupt() {
      language.interrupt()
      const isIdle = works.size === 0
      await debugging.whileMuted(() => isIdle || user.signalInterrupt([]), stop)
    },
    typesTold: () => language.settled(),
    expectQuestions: () => language.expectQuestions(),
    complete: (id, content) => language.complete(content, look('complete', id, content.code, content.cursor_pos)),
    inspect,
    debug: debugging.request,
    answerQuestion(message) {
      // Some clients name no parent: theirs is the answer to the oldest question.
      const id = message.parent.msg_id ?? questions.keys().next().value
      const question = id === undefined ? undefined : questions.get(id)
      if (id === undefined || question === undefined) return // its cell was interrupted meanwhile
      questions.delete(id)
      user.send({ type: 'answer', request: question.request, value: String(message.content.value ?? '') })
    },
    async comm(message) {
      const { msg_type: type, msg_id: id } = message.header
      if (disposed || !comms.received(type, message.content)) return
      const buffers = (message.buffers ?? []).map((buffer) => buffer.toString('base64'))
      const { content, metadata } = message
      await run(message, null, { type: 'comm', id, message: type as CommType, content, metadata, buffers })
    },
    comms: () => comms.names,
    async dispose() {
      disposed = true
      debugging.dispose()
      language.dispose()
      await user.end(500)
      end([...works.values()], 'KernelShutdown', 'The kernel was shut down')
    },
  }
}

function remember(parents: Map<string, Header>, id: string, header: Header): void {
  parents.set(id, header)
  if (parents.size <= REMEMBERED_REQUESTS) return
  const oldest = parents.keys().next().value
  if (oldest !== undefined) parents.delete(oldest)
}
