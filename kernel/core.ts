// The kernel without sockets: takes requests from a transport, runs user code in a process of its own, answers. The law
// for every request: busy, its outputs, its reply, idle, in this order. Control requests never wait for a cell.
import { readFileSync } from 'node:fs'
import { createExecutions } from './executions.ts'
import {
  type Header,
  header,
  type Incoming,
  type Input,
  type KernelInfo,
  type Output,
  PROTOCOL_VERSION,
  type RequestType,
  replyType,
} from './message.ts'
import { createOutbox } from './outbox.ts'
import type { RequestChannel, Transport } from './transport.ts'

/** A running kernel. */
export interface Kernel {
  /** Resolves when a client asked for shutdown and everything has ended. */
  readonly closed: Promise<void>
  /** Ends the kernel without a request. */
  dispose(): Promise<void>
}

/** A request on its way to its handler. */
interface Context<T extends RequestType> {
  readonly message: Incoming
  readonly channel: RequestChannel
  readonly content: Input<T>
}

type Handlers = { [T in RequestType]: (context: Context<T>) => Output<T> | Promise<Output<T>> }

/** Starts the kernel on a transport. */
export function startKernel(transport: Transport): Kernel {
  const outbox = createOutbox(transport)
  const executions = createExecutions(outbox)
  let close: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  let ending: Promise<void> | null = null
  const dispose = (): Promise<void> => {
    ending ??= executions
      .dispose()
      .then(() => transport.dispose())
      .then(close)
    return ending
  }

  const handlers: Handlers = {
    kernel_info_request: () => kernelInfo(),
    execute_request: ({ message, content }) => executions.execute(message, content),
    is_complete_request: async ({ content }) => (await import('./completeness.ts')).completeness(content.code),
    complete_request: ({ message, content }) => executions.complete(message.header.msg_id, content),
    inspect_request: ({ message, content }) => executions.inspect(message.header.msg_id, content),
    history_request: ({ content }) => executions.history(content),
    comm_info_request: () => ({ status: 'ok', comms: {} }),
    debug_request: ({ message, content }) => executions.debug(message.header, content),
    interrupt_request: async () => {
      await executions.interrupt()
      return { status: 'ok' }
    },
    shutdown_request: ({ content }) => ({ status: 'ok', restart: content.restart === true }),
  }

  const answer = async <T extends RequestType>(type: T, context: Context<T>): Promise<void> => {
    const { message, channel } = context
    const parent = message.header
    outbox.publish('status', parent, { execution_state: 'busy' })
    try {
      const content = await handlers[type](context)
      outbox.reply(channel, message, replyType(type), { ...content })
    } catch (error) {
      const { name, message: evalue, stack = '' } = error as Error
      const failure = { status: 'error', ename: name, evalue, traceback: stack.split('\n') }
      outbox.reply(channel, message, replyType(type), failure)
    } finally {
      outbox.publish('status', parent, { execution_state: 'idle' })
    }
    if (type === 'shutdown_request') await dispose()
  }

  // Executions take turns; everything else is answered while a cell runs.
  let turn: Promise<void> = Promise.resolve()
  const receive = (channel: RequestChannel, message: Incoming): void => {
    const type = message.header.msg_type
    const isRequest = (name: string): name is RequestType => Object.hasOwn(handlers, name)
    if (type === 'execute_request') {
      executions.enqueue(message.header)
      turn = turn.then(() => answer(type, { message, channel, content: message.content as Input<typeof type> }))
    } else if (isRequest(type)) {
      void answer(type, { message, channel, content: message.content as never })
    } else if (type === 'input_reply') executions.answerQuestion(message)
    else if (type === 'comm_open') refuseComm(message.header, message.content.comm_id)
  }
  /** Nothing listens behind any comm target: the protocol wants such a comm closed. */
  const refuseComm = (parent: Header, comm: unknown): void => {
    outbox.publish('status', parent, { execution_state: 'busy' })
    outbox.publish('comm_close', parent, { comm_id: comm, data: {} })
    outbox.publish('status', parent, { execution_state: 'idle' })
  }

  outbox.publish('status', header('starting', outbox.session), { execution_state: 'starting' })
  transport.onMessage(receive)
  return { closed, dispose }
}

function kernelInfo(): KernelInfo {
  const { version } = JSON.parse(readFileSync(packageFile(), 'utf8')) as { version: string }
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
    supported_features: ['debugger'],
    help_links: [],
  }
}

/** package.json lies above this file, at one of two depths: sources and dist. */
function packageFile(): URL {
  const url = new URL('../package.json', import.meta.url)
  return url.pathname.endsWith('/dist/package.json') ? new URL('../../package.json', import.meta.url) : url
}
