// What the kernel's core asks of whatever carries its messages. No implementation here: zeromq.ts has the sockets,
// in-process.ts serves a server inside the same Node process. One contract test runs on both.
import type { Incoming, Message } from './message.ts'

/** The channels on which requests come in. */
export type RequestChannel = 'shell' | 'control' | 'stdin'

/** Carries messages between one kernel and its clients, in the order in which they were sent. */
export interface Transport {
  /** Sends a message to the client whose routing identities are given. */
  reply(channel: RequestChannel, identities: readonly Buffer[], message: Message): void
  /** Publishes to every client; `topic` is for subscribers that filter. */
  publish(topic: string, message: Message): void
  /** Delivers each incoming message. Called once, before the first message. */
  onMessage(listener: (channel: RequestChannel, message: Incoming) => void): void
  /** Tells each new subscription to what is published, by its topic: '' is everything. Called once, at the start. */
  onSubscribe(listener: (topic: string) => void): void
  /** Resolves when everything sent so far has left, then closes. */
  dispose(): Promise<void>
}
