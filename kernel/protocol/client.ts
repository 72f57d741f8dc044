// A client of our own: one reply for each request, outputs in the order in which they came. Speaks over any link. Used by
// `asterism run` and by the tests.

import type { ClientLink } from './client-link.ts'
import {
  type CommMessages,
  type CommType,
  header,
  type Incoming,
  type Input,
  type Message,
  type Output,
  type RequestType,
} from './message.ts'
import { within } from './patience.ts'

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
