// A client's end of the ZeroMQ sockets of a kernel. Frames that are no message of this kernel are left out.
import { randomUUID } from 'node:crypto'
import { Dealer, Subscriber } from 'zeromq'
import type { ClientLink } from './client-link.ts'
import { type Channel, type Connection, endpoint } from './connection.ts'
import type { Incoming } from './message.ts'
import type { RequestChannel } from './transport.ts'
import { decode, encode } from './wire.ts'

export interface ZeromqLink extends ClientLink {
  /** Sends raw frames, for tests of what must be dropped. */
  sendFrames(channel: RequestChannel, frames: Buffer[]): Promise<void>
  /** Resolves with true when the heartbeat answers within the time. */
  isAlive(timeoutMs: number): Promise<boolean>
}

/** Connects the sockets; nothing is said yet. */
export function linkZeromq(connection: Connection): ZeromqLink {
  const { key } = connection
  const routingId = randomUUID()
  const sockets = {
    shell: new Dealer({ routingId }),
    control: new Dealer({ routingId }),
    stdin: new Dealer({ routingId }),
  }
  const iopub = new Subscriber({ receiveHighWaterMark: 0 })
  for (const [channel, socket] of Object.entries(sockets)) {
    socket.linger = 0
    socket.connect(endpoint(connection, channel as Channel))
  }
  iopub.connect(endpoint(connection, 'iopub'))
  iopub.subscribe()

  let sending: Promise<unknown> = Promise.resolve()
  const sendFrames: ZeromqLink['sendFrames'] = (channel, frames) => {
    const socket = sockets[channel]
    const sent = sending.then(() => (socket.closed ? undefined : socket.send(frames)))
    sending = sent.catch(() => undefined) // the caller hears of it
    return sent
  }
  const read = async (socket: Dealer | Subscriber, receive: (message: Incoming) => void): Promise<void> => {
    try {
      for await (const frames of socket) {
        const message = decode(key, frames)
        if (!('refused' in message)) receive(message)
      }
    } catch (error) {
      if (!socket.closed) process.stderr.write(`asterism client: ${(error as Error).message}\n`)
    }
  }
  return {
    send: (channel, message) => sendFrames(channel, encode(key, message)),
    sendFrames,
    onMessage(listener) {
      for (const channel of ['shell', 'control', 'stdin'] as const) {
        void read(sockets[channel], (message) => listener(channel, message))
      }
      void read(iopub, (message) => listener('iopub', message))
    },
    isAlive: (timeoutMs) => heartbeat(connection, timeoutMs),
    close() {
      iopub.close()
      for (const socket of Object.values(sockets)) socket.close()
    },
  }
}

async function heartbeat(connection: Connection, timeoutMs: number): Promise<boolean> {
  const socket = new Dealer({ linger: 0, receiveTimeout: timeoutMs })
  socket.connect(endpoint(connection, 'hb'))
  try {
    await socket.send([Buffer.alloc(0), Buffer.from('ping')])
    await socket.receive()
    return true
  } catch {
    return false // no answer in time
  } finally {
    socket.close()
  }
}
