// What a client asks of whatever carries its messages to a kernel: zeromq-link.ts has the sockets, in-process.ts the rest.
import type { Incoming, Message } from './message.ts'
import type { RequestChannel } from './transport.ts'

/** How a client reaches its kernel. */
export interface ClientLink {
  send(channel: RequestChannel, message: Message): Promise<void>
  onMessage(listener: (channel: RequestChannel | 'iopub', message: Incoming) => void): void
  close(): void
}
