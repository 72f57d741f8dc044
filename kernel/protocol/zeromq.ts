// The five ZeroMQ sockets of a kernel. One ordered queue for all that is sent, because a ZeroMQ 6 socket refuses a
// second send while one is under way and messages would be lost. Heartbeats are echoed at once, past the queue.

import * as zmq from 'zeromq'
import { type Reply, Router, type XPublisher } from 'zeromq'
import { type Channel, type Connection, endpoint } from './connection.ts'
import type { Incoming } from './message.ts'
import type { RequestChannel, Transport } from './transport.ts'
import { decode, encode, rememberSignatures } from './wire.ts'

/** Binds all sockets. Throws one error that names the channel and address that could not be bound. */
export async function openZeromq(connection: Connection): Promise<Transport> {
  const { key } = connection
  const routers = { shell: new Router(), control: new Router(), stdin: new Router() }
  for (const router of Object.values(routers)) {
    router.handover = true // a client that reconnects under its old identity takes over
    router.sendHighWaterMark = 0
  }
  const iopub: XPublisher = new zmq.XPublisher()
  iopub.sendHighWaterMark = 0 // dropping output is worse than holding it
  iopub.verbosity = 'allSubs'
  const heartbeat: Reply = new zmq.Reply()
  const bind = async (channel: Channel, socket: { bind(address: string): Promise<void> }): Promise<void> => {
    const address = endpoint(connection, channel)
    try {
      await socket.bind(address)
    } catch (error) {
      const reason = (error as Error).message
      throw new Error(`Cannot bind the ${channel} channel to ${address}: ${reason}. Is another kernel using this port?`)
    }
  }
  try {
    await bind('hb', heartbeat)
    await bind('iopub', iopub)
    await bind('stdin', routers.stdin)
    await bind('control', routers.control)
    await bind('shell', routers.shell)
  } catch (error) {
    for (const socket of [heartbeat, iopub, ...Object.values(routers)]) socket.close()
    throw error
  }

  let closed = false
  let listener: (channel: RequestChannel, message: Incoming) => void = () => undefined
  const queue: { socket: Router | XPublisher; frames: Buffer[] }[] = []
  let sending: Promise<void> | null = null
  const enqueue = (socket: Router | XPublisher, frames: Buffer[]): void => {
    if (closed) return
    queue.push({ socket, frames })
    sending ??= drain()
  }
  async function drain(): Promise<void> {
    await null // `sending` must be set before the queue can turn out empty
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      try {
        await next.socket.send(next.frames)
      } catch (error) {
        // EHOSTUNREACH: the client of this reply has gone. Its loss is its own; the others go on.
        if (!closed) process.stderr.write(`asterism kernel: a message could not be sent: ${(error as Error).message}\n`)
      }
    }
    // In the same turn as the last look into the queue: what comes later must find the drain ended.
    sending = null
  }

  const seen = rememberSignatures()
  const receive = async (channel: RequestChannel, socket: Router): Promise<void> => {
    for await (const frames of socket) {
      const message = decode(key, frames, seen)
      if ('refused' in message) {
        process.stderr.write(`asterism kernel: dropped a message on ${channel}: ${message.refused}\n`)
      } else listener(channel, message)
    }
  }
  const subscriptions = async (listen: (topic: string) => void): Promise<void> => {
    for await (const [frame] of iopub) if (frame?.[0] === 1) listen(frame.subarray(1).toString())
  }
  const echo = async (): Promise<void> => {
    for await (const frames of heartbeat) await heartbeat.send(frames)
  }
  const loop = (work: Promise<void>): void => {
    work.catch((error: Error) => {
      if (!closed) process.stderr.write(`asterism kernel: a socket failed: ${error.message}\n`)
    })
  }
  loop(echo())

  return {
    reply: (channel, identities, message) => enqueue(routers[channel], encode(key, message, identities)),
    publish: (topic, message) => enqueue(iopub, encode(key, message, [Buffer.from(topic)])),
    onMessage(to) {
      listener = to
      for (const [channel, socket] of Object.entries(routers)) loop(receive(channel as RequestChannel, socket))
    },
    onSubscribe: (to) => loop(subscriptions(to)),
    async dispose() {
      while (sending !== null) await sending
      closed = true
      for (const socket of [heartbeat, iopub, ...Object.values(routers)]) {
        socket.linger = 500
        socket.close()
      }
    },
  }
}
