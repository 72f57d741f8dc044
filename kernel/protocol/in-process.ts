// Carries messages between a kernel and clients in the same Node process, for a server that hosts kernels. Messages pass
// as the bytes that would travel on a socket, unsigned, so that neither side can change what the other holds; each in a
// later turn of the event loop, in the order in which they were sent.
import { randomUUID } from 'node:crypto'
import type { ClientLink } from './client-link.ts'
import type { Incoming, Message } from './message.ts'
import type { RequestChannel, Transport } from './transport.ts'
import { decode, encode } from './wire.ts'

/** Both ends of a kernel's wires. */
export interface InProcess {
  readonly transport: Transport
  /** Adds a client, which hears everything that is published from now on. */
  connect(): ClientLink
}

/** Lays the wires: give `transport` to `startKernel`, and `connect()` to `createClient`. */
export function inProcess(): InProcess {
  let toKernel: (channel: RequestChannel, message: Incoming) => void = () => undefined
  let subscribed: (topic: string) => void = () => undefined
  const clients = new Map<string, (channel: RequestChannel | 'iopub', message: Incoming) => void>()
  let sent: Promise<void> = Promise.resolve()

  /** After all that was sent before. */
  const deliver = (message: Message, identity: string, to: (message: Incoming) => void): void => {
    const arrived = decode('', encode('', message, [Buffer.from(identity)]))
    if ('refused' in arrived) throw new Error(`Expected a message that can be sent, got one that is ${arrived.refused}`)
    later(() => to(arrived))
  }
  const later = (work: () => void): void => {
    const turn = (resolve: () => void): void => {
      setImmediate(() => {
        resolve() // first: what a listener throws must not hold up the rest
        work()
      })
    }
    sent = sent.then(() => new Promise(turn))
  }

  return {
    transport: {
      reply(channel, identities, message) {
        const identity = String(identities[0])
        deliver(message, identity, (arrived) => clients.get(identity)?.(channel, arrived))
      },
      publish(topic, message) {
        deliver(message, topic, (arrived) => {
          for (const receive of clients.values()) receive('iopub', arrived)
        })
      },
      onMessage(listener) {
        toKernel = listener
      },
      onSubscribe(listener) {
        subscribed = listener
      },
      async dispose() {
        await sent
        toKernel = () => undefined
        clients.clear()
      },
    },
    connect() {
      const identity = randomUUID()
      return {
        async send(channel, message) {
          deliver(message, identity, (arrived) => toKernel(channel, arrived))
        },
        onMessage(listener) {
          clients.set(identity, listener)
          later(() => subscribed(''))
        },
        close: () => void clients.delete(identity),
      }
    },
  }
}
