// The kernel without sockets: takes requests from a transport, runs user code in a process of its own, answers. The law
// for every request: busy, its outputs, its reply, idle, in this order. Control requests never wait for a cell. The type
// errors of a cell come before its reply where the client may not listen on; a next cell never waits for them.
import { createExecutions } from './executions.ts'
import { historyFolder, openHistory } from './history.ts'
import { createAudience } from './protocol/audience.ts'
import {
  type CommType,
  type Header,
  header,
  type Incoming,
  type Input,
  type KernelInfo,
  type Output,
  PROTOCOL_VERSION,
  type RequestType,
  replyType,
} from './protocol/message.ts'
import { createOutbox } from './protocol/outbox.ts'
import { within } from './protocol/patience.ts'
import { createSentTimes } from './protocol/sent-time.ts'
import { type Arrival, createShells, noSuchSubshell, type Shell } from './protocol/subshells.ts'
import type { RequestChannel, Transport } from './protocol/transport.ts'
import { ownManifest } from './user/own-package.ts'
import type { UserOptions } from './user/user-options.ts'

/** A running kernel. */
export interface Kernel {
  /** Resolves when a client asked for shutdown and everything has ended. */
  readonly closed: Promise<void>
  /** Ends the kernel without a request. */
  dispose(): Promise<void>
}

export interface KernelOptions extends UserOptions {
  /** Folder of the stored history; null keeps it in memory. @default the user's */
  historyFolder?: string | null
}

/** A request on its way to its handler. */
interface Context<T extends RequestType> {
  readonly message: Incoming
  readonly arrival: Arrival
  readonly channel: RequestChannel
  readonly content: Input<T>
  readonly shell: Shell
  /** An error or an interrupt came while it waited for its turn. */
  readonly isAborted: boolean
}

/** A reply comes after type errors where nobody sits at the keyboard, within this time, in milliseconds, … */
const ALONE_PATIENCE_MS = 60_000
/** … and within this time where somebody may. Idle follows the reply at once: clients wait for it a tenth of a second. */
const REPLY_PATIENCE_MS = 3000

type Handlers = { [T in RequestType]: (context: Context<T>) => Output<T> | Promise<Output<T>> }

const COMM_TYPES: readonly string[] = ['comm_open', 'comm_msg', 'comm_close'] satisfies CommType[]

/** Starts the kernel on a transport. */
export function startKernel(transport: Transport, options: KernelOptions = {}): Kernel {
  const outbox = createOutbox(transport)
  const folder = options.historyFolder === undefined ? historyFolder() : options.historyFolder
  const history = openHistory(folder)
  const executions = createExecutions(outbox, history, options)
  const shells = createShells()
  const sentTimes = createSentTimes()
  const audience = createAudience()
  const answering = new Set<Promise<void>>()
  let close: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  let ending: Promise<void> | null = null
  const end = async (): Promise<void> => {
    shells.abortWaiting()
    await executions.dispose()
    await Promise.all(answering) // the cells that just ended still have their replies to send
    await transport.dispose()
    close()
  }
  const dispose = (): Promise<void> => {
    ending ??= end()
    return ending
  }

  const handlers: Handlers = {
    kernel_info_request: () => kernelInfo(),
    async execute_request({ message, arrival, content, shell, isAborted }) {
      expectText(content, 'code')
      if (isAborted || ending !== null) return executions.aborted()
      const reply = await executions.execute(message, content)
      // A silent cell is none of the person's: what fails in it must not stop theirs.
      const stops = content.stop_on_error !== false && content.silent !== true
      if (reply.status === 'error' && stops) await shell.abortEarlier(arrival)
      await typesTold(message, shell, content.allow_stdin === true ? REPLY_PATIENCE_MS : ALONE_PATIENCE_MS)
      return reply
    },
    async is_complete_request({ content }) {
      expectText(content, 'code')
      return (await import('./cell/completeness.ts')).completeness(content.code)
    },
    complete_request({ message, content }) {
      expectText(content, 'code')
      return executions.complete(message.header.msg_id, content)
    },
    inspect_request({ message, content }) {
      expectText(content, 'code')
      return executions.inspect(message.header.msg_id, content)
    },
    history_request: ({ content }) => ({ status: 'ok', history: history.select(content) }),
    comm_info_request({ content: { target_name: target } }) {
      const comms = [...executions.comms()].filter(([, name]) => target === undefined || name === target)
      return { status: 'ok', comms: Object.fromEntries(comms.map(([id, target_name]) => [id, { target_name }])) }
    },
    debug_request: ({ message, content }) => executions.debug(message.header, content),
    async interrupt_request() {
      shells.abortWaiting()
      await executions.interrupt()
      return { status: 'ok' }
    },
    create_subshell_request: () => ({ status: 'ok', subshell_id: shells.create() }),
    delete_subshell_request({ content }) {
      shells.delete(content.subshell_id)
      return { status: 'ok' }
    },
    list_subshell_request: () => ({ status: 'ok', subshell_id: shells.list() }),
    shutdown_request({ message, content }) {
      const reply = { status: 'ok', restart: content.restart === true } as const
      outbox.publish('shutdown_reply', message.header, reply) // for the other clients
      return reply
    },
  }

  /** Type errors of cells are told, or the client will hear them when they come, or the next cell is due. */
  const typesTold = async ({ header, content }: Incoming, shell: Shell, patienceMs: number): Promise<void> => {
    if (content.silent === true || audience.stays(header)) return
    await within(patienceMs, Promise.race([executions.typesTold(), shell.nextWaits()]))
  }

  const busy = async (parent: Header, work: () => void | Promise<void>): Promise<void> => {
    outbox.publish('status', parent, { execution_state: 'busy' })
    try {
      await work()
    } finally {
      outbox.publish('status', parent, { execution_state: 'idle' })
    }
  }

  const answer = <T extends RequestType>(type: T, context: Context<T>): Promise<void> => {
    const { message, channel } = context
    return busy(message.header, async () => {
      try {
        const content = await handlers[type](context)
        outbox.reply(channel, message, replyType(type), { ...content })
      } catch (error) {
        const { name, message: evalue, stack = '' } = error as Error
        const failure = { status: 'error', ename: name, evalue, traceback: stack.split('\n') }
        outbox.reply(channel, message, replyType(type), failure)
      }
    })
  }

  /** Comms whose opening waits for its turn: what follows on them waits too. */
  const opening = new Map<unknown, Promise<void>>()
  /** A comm opens after the cells before it, which may begin to listen; a message on it need not wait for a cell. */
  const receiveComm = (message: Incoming, shell: Shell, arrival: Arrival): Promise<void> => {
    const id = message.content.comm_id
    const deliver = (): Promise<void> => busy(message.header, () => executions.comm(message))
    if (message.header.msg_type !== 'comm_open') return (opening.get(id) ?? Promise.resolve()).then(deliver)
    const opened = shell.inTurn(arrival, deliver)
    opening.set(id, opened)
    return opened.finally(() => opening.delete(id))
  }

  const isRequest = (name: string): name is RequestType => Object.hasOwn(handlers, name)
  const receive = async (channel: RequestChannel, message: Incoming): Promise<void> => {
    const at = performance.now()
    const arrival = { at, sent: sentTimes.of(message.header, at) }
    const type = message.header.msg_type
    if (audience.heard(message.header)) executions.expectQuestions()
    if (type === 'input_reply') return executions.answerQuestion(message)
    const shell = shells.of(message.header.subshell_id)
    if (!isRequest(type) && !COMM_TYPES.includes(type)) return
    if (shell === null) return refuse(channel, message)
    if (!isRequest(type)) return receiveComm(message, shell, arrival)
    const context = { message, arrival, channel, content: message.content as never, shell, isAborted: false }
    // Executions take turns; everything else is answered while a cell runs.
    if (type !== 'execute_request') return answer(type, context)
    return shell.inTurn(arrival, (isAborted) => answer(type, { ...context, isAborted }))
  }
  const refuse = (channel: RequestChannel, { header: parent, ...rest }: Incoming): Promise<void> =>
    busy(parent, () => {
      const { name: ename, message: evalue } = noSuchSubshell(parent.subshell_id)
      const failure = { status: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] }
      const type = parent.msg_type.replace(/_request$/, '_reply')
      if (type !== parent.msg_type) outbox.reply(channel, { header: parent, ...rest }, type, failure)
    })

  outbox.publish('status', header('starting', outbox.session), { execution_state: 'starting' })
  transport.onSubscribe(outbox.welcome)
  transport.onMessage((channel, message) => {
    const answered = receive(channel, message)
      .catch(reportFault)
      .finally(() => answering.delete(answered))
    answering.add(answered)
    if (message.header.msg_type === 'shutdown_request') void answered.then(dispose)
  })
  return { closed, dispose }
}

/** A fault of the kernel itself costs its request, not the person's variables. */
function reportFault(error: Error): void {
  process.stderr.write(`asterism kernel: a request failed: ${error.stack}\n`)
}

function expectText<K extends string>(content: { [key in K]: string }, field: K): void {
  const value: unknown = content[field]
  if (typeof value !== 'string') throw new TypeError(`Expected \`${field}\` to be text, got ${JSON.stringify(value)}`)
}

const SUPPORTED_FEATURES = ['debugger', 'kernel subshells']
const HELP_LINKS = [
  { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
  { text: 'Node.js', url: `https://nodejs.org/docs/latest-v${process.versions.node.split('.')[0]}.x/api/` },
  { text: 'JavaScript', url: 'https://developer.mozilla.org/docs/Web/JavaScript' },
]

function kernelInfo(): KernelInfo {
  const { version } = ownManifest()
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: 'asterism',
    implementation_version: version,
    language_info: {
      name: 'typescript',
      version: '6.0.3',
      mimetype: 'text/typescript',
      file_extension: '.ts',
      pygments_lexer: 'typescript',
      codemirror_mode: 'typescript',
      nbconvert_exporter: 'script',
    },
    banner: `Asterism ${version}, a TypeScript kernel on Node ${process.versions.node}`,
    debugger: true,
    supported_features: SUPPORTED_FEATURES,
    help_links: HELP_LINKS,
  }
}
