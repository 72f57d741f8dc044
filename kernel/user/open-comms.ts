// The comms that are open between the user-code process and the clients, and the way of their messages to the clients.
import type { Header } from '../protocol/message.ts'
import type { Outbox } from '../protocol/outbox.ts'
import type { FrameHead } from './pipes.ts'

export interface OpenComms {
  /** Target names, by comm id. */
  readonly names: ReadonlyMap<string, string>
  /** A client's message. Result: whether somebody in the process may hear it. */
  received(type: string, content: Record<string, unknown>): boolean
  /** A message of the process. */
  publish(head: FrameHead & { type: 'comm' }, body: Buffer, parent: Header | Record<string, never>): void
  /** The process has ended, and with it the other side of all comms. */
  closeAll(parent: Header | Record<string, never>): void
}

export function createOpenComms(outbox: Outbox): OpenComms {
  const names = new Map<string, string>()
  return {
    names,
    received(type, content) {
      const id = String(content.comm_id)
      if (type === 'comm_open') names.set(id, String(content.target_name))
      else if (!names.has(id)) return false
      if (type === 'comm_close') names.delete(id)
      return true
    },
    publish(head, body, parent) {
      const [text, ...buffers] = cut(body, head.sizes)
      const { comm_id, target_name } = JSON.parse(String(text)) as { comm_id: string; target_name?: string }
      if (head.message === 'comm_open') names.set(comm_id, String(target_name))
      if (head.message === 'comm_close') names.delete(comm_id)
      outbox.publish(head.message, parent, text as Buffer, { metadata: head.metadata, buffers })
    },
    closeAll(parent) {
      for (const comm_id of names.keys()) outbox.publish('comm_close', parent, { comm_id, data: {} })
      names.clear()
    },
  }
}

/** The JSON of a frame's body, and the buffers of these sizes behind it. */
function cut(body: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = []
  let end = body.length
  for (const size of sizes.toReversed()) {
    parts.unshift(body.subarray(end - size, end))
    end -= size
  }
  return [body.subarray(0, end), ...parts]
}
