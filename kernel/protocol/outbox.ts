// All that leaves the kernel, in one order. Stream text of one cell that arrives within a moment becomes one message;
// anything else first sends the text that waits, so nothing overtakes it.
import { type Header, header, type Incoming, type Message } from './message.ts'
import type { StreamName } from './stream-name.ts'
import type { RequestChannel, Transport } from './transport.ts'

/** Text waits at most this long for more of the same, in milliseconds. */
const BATCH_MS = 20
/** … or until it is this large, in bytes. */
const BATCH_BYTES = 1 << 20

type Content = Message['content']
type Parent = Message['parent']

/** What only some messages carry. */
export interface More {
  readonly metadata?: Record<string, unknown>
  readonly buffers?: readonly Buffer[]
}

export interface Outbox {
  /** Session id of this kernel's messages. */
  readonly session: string
  publish(type: string, parent: Parent, content: Content, more?: More): void
  reply(channel: RequestChannel, to: Incoming, type: string, content: Content): void
  /** Asks the client that sent `to`. Result: the message id of the question. */
  ask(to: Incoming, content: Content): string
  /** Tells a new subscriber that it now hears everything. */
  welcome(topic: string): void
  stream(name: StreamName, parent: Header, text: Buffer): void
}

/** Everything goes through one of these. */
export function createOutbox(transport: Transport): Outbox {
  const session = header('', '').msg_id
  let waiting: { name: StreamName; parent: Header; parts: Buffer[]; size: number } | null = null
  let timer: NodeJS.Timeout | null = null
  let sentAt = 0

  const flush = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (waiting === null) return
    const { name, parent, parts } = waiting
    waiting = null
    sentAt = performance.now()
    send('stream', parent, { name, text: Buffer.concat(parts).toString('utf8') })
  }
  const send = (type: string, parent: Parent, content: Content, { metadata = {}, buffers = [] }: More = {}): void => {
    const message = { header: header(type, session), parent, metadata, content, buffers }
    transport.publish(`kernel.${session}.${type}`, message)
  }
  const reply = (channel: RequestChannel, to: Incoming, type: string, content: Content): string => {
    flush()
    const head = header(type, session)
    transport.reply(channel, to.identities, { header: head, parent: to.header, metadata: {}, content })
    return head.msg_id
  }

  return {
    session,
    publish(type, parent, content, more) {
      flush()
      send(type, parent, content, more)
    },
    reply,
    ask: (to, content) => reply('stdin', to, 'input_request', content),
    welcome(topic) {
      const message = {
        header: header('iopub_welcome', session),
        parent: {},
        metadata: {},
        content: { subscription: topic },
      }
      transport.publish(topic, message)
    },
    stream(name, parent, text) {
      if (waiting !== null && (waiting.name !== name || waiting.parent !== parent)) flush()
      waiting ??= { name, parent, parts: [], size: 0 }
      waiting.parts.push(text)
      waiting.size += text.length
      const quiet = performance.now() - sentAt > BATCH_MS
      if (waiting.size > BATCH_BYTES) flush()
      else timer ??= setTimeout(flush, quiet ? 1 : BATCH_MS)
    },
  }
}
