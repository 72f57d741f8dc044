// The debugger as the running of cells sees it: nothing until the first debug_request, which loads the session, and then
// a session that outlives the processes it looks into.
import type { Duplex } from 'node:stream'
import type { Header, Input, Output } from '../protocol/message.ts'
import type { Outbox } from '../protocol/outbox.ts'
import type { DebugSession } from './session.ts'

export interface Debugging {
  /** Answers one request; events that follow belong to the newest one. */
  request(request: Header, content: Input<'debug_request'>): Promise<Output<'debug_request'>>
  /** A cell is about to run: resolves when breakpoints hold for it. */
  admit(name: string, code: string): Promise<void>
  /** Lets a stopped program go on after `signal`, does the work, and stops at breakpoints again. */
  whileMuted(signal: () => unknown, work: () => Promise<void>): Promise<void>
  /** The user-code process was started again. */
  restarted(): void
  dispose(): void
}

/** `connect` makes the user-code process ready and gives the pipe to it. */
export function createDebugging(outbox: Outbox, connect: () => Duplex): Debugging {
  const cells = new Map<string, string>()
  let parent: Header | null = null
  let session: Promise<DebugSession> | null = null

  const load = async (): Promise<DebugSession> => {
    const { createDebugSession } = await import('./session.ts')
    const publish = (event: object): void => {
      if (parent !== null) outbox.publish('debug_event', parent, { ...event })
    }
    return createDebugSession({ connect, cells, publish })
  }

  return {
    async request(request, content) {
      parent = request
      session ??= load()
      return (await session).request(content)
    },
    async admit(name, code) {
      cells.set(name, code)
      if (session !== null) await (await session).ready()
    },
    async whileMuted(signal, work) {
      const loaded = await session
      await loaded?.release(signal)
      try {
        await work()
      } finally {
        await loaded?.rearm()
      }
    },
    restarted: () => void session?.then((loaded) => loaded.restarted()),
    dispose: () => void session?.then((loaded) => loaded.dispose()),
  }
}
