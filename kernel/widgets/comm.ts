// Comms: channels between cells and the page, each opened by either side for a named target. What listens runs on behalf
// of the cell that opened the comm or began to listen, so that what it prints appears there; what it sends back is an
// answer to the message it hears. Outside a kernel nothing is on the other side: messages go nowhere.
import { randomUUID } from 'node:crypto'
import { type CellContext, currentCell, onBehalfOf } from '../display/current-cell.ts'
import type { CommType } from '../protocol/message.ts'

/** Data that travels beside JSON, as bytes. */
export interface CommExtra {
  metadata?: Record<string, unknown>
  buffers?: readonly Uint8Array[]
}

/** What came in. */
export interface CommMessage {
  readonly data: Record<string, unknown>
  readonly metadata: Record<string, unknown>
  readonly buffers: readonly Uint8Array[]
}

/** Hears messages; a promise that it returns is waited for before the kernel says that it is idle again. */
export type CommListener = (message: CommMessage) => unknown

/** One open channel to the page. Outside a kernel its messages go nowhere. */
export interface Comm {
  readonly id: string
  readonly target: string
  /** Sends a message: JSON data, and bytes beside it. Nothing happens once the comm is closed. */
  send(data: Record<string, unknown>, extra?: CommExtra): void
  /** Returns a function that stops it. */
  onMessage(listener: CommListener): () => void
  /** The other side closed it, not this one. */
  onClose(listener: CommListener): () => void
  /** Closes it on both sides; the page is told `data`. A second call does nothing. */
  close(data?: Record<string, unknown>): void
}

type Send = (
  message: CommType,
  content: Record<string, unknown>,
  metadata: Record<string, unknown>,
  buffers: readonly Uint8Array[],
) => void

interface Listener {
  readonly cell: CellContext | null
  readonly hear: CommListener
}

interface OpenComm {
  readonly comm: Comm
  readonly messages: Set<Listener>
  readonly closings: Set<Listener>
}

let link: Send | null = null
const comms = new Map<string, OpenComm>()
const targets = new Map<string, { cell: CellContext | null; accept: (comm: Comm, opening: CommMessage) => unknown }>()

/** From here on messages go out through this. */
export function connectComms(send: Send): void {
  link = send
}

/** True where somebody may be on the other side. */
export const hasComms = (): boolean => link !== null

/**
 * Opens a comm to a target that the page knows. `data`: what it is told first. A page that does not know the target
 * closes it, as the protocol has it: `onClose` hears that. Outside a kernel nobody is on the other side.
 * @example
 * openComm('my-target', { value: 1 }).target // 'my-target'
 */
export function openComm(target: string, data: Record<string, unknown> = {}, extra: CommExtra = {}): Comm {
  const comm = addComm(randomUUID(), target)
  const { metadata = {}, buffers = [] } = extra
  link?.('comm_open', { comm_id: comm.id, target_name: target, data }, metadata, buffers)
  return comm
}

/**
 * Takes the comms that the page opens for a target. The comm is closed at once where `accept` throws. Returns a
 * function that stops it; a later call for the same target replaces an earlier one.
 */
export function acceptComms(target: string, accept: (comm: Comm, opening: CommMessage) => unknown): () => void {
  const entry = { cell: currentCell(), accept }
  targets.set(target, entry)
  return () => void (targets.get(target) === entry && targets.delete(target))
}

function addComm(id: string, target: string): Comm {
  const messages = new Set<Listener>()
  const closings = new Set<Listener>()
  const adder = (listeners: Set<Listener>) => (hear: CommListener) => {
    const listener = { cell: currentCell(), hear }
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const comm: Comm = {
    id,
    target,
    send(data, { metadata = {}, buffers = [] } = {}) {
      if (comms.has(id)) link?.('comm_msg', { comm_id: id, data }, metadata, buffers)
    },
    onMessage: adder(messages),
    onClose: adder(closings),
    close(data = {}) {
      if (comms.delete(id)) link?.('comm_close', { comm_id: id, data }, {}, [])
    },
  }
  comms.set(id, { comm, messages, closings })
  return comm
}

/** A message from the page, with its own id. */
export interface IncomingComm {
  readonly id: string
  readonly message: CommType
  readonly content: Record<string, unknown>
  readonly metadata: Record<string, unknown>
  readonly buffers: readonly Uint8Array[]
}

/** Tells a message to whoever listens. Resolves when they have finished; `failed` hears what they throw. */
export async function deliverComm(
  { id, message, content, metadata, buffers }: IncomingComm,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  const comm = String(content.comm_id)
  const heard: CommMessage = { data: (content.data ?? {}) as Record<string, unknown>, metadata, buffers }
  /** True where it went well. */
  const tell = (cell: CellContext | null, work: () => unknown): Promise<boolean> =>
    onBehalfOf(cell, id, signal, async () => {
      try {
        await work()
        return true
      } catch (error) {
        failed(error)
        return false
      }
    })

  if (message === 'comm_open') {
    const target = targets.get(String(content.target_name))
    const opened = addComm(comm, String(content.target_name))
    const isTaken = target !== undefined && (await tell(target.cell, () => target.accept(opened, heard)))
    if (!isTaken) onBehalfOf(null, id, signal, () => opened.close())
    return
  }
  const open = comms.get(comm)
  if (message === 'comm_close') comms.delete(comm)
  const listeners = message === 'comm_close' ? open?.closings : open?.messages
  for (const told of [...(listeners ?? [])].map(({ cell, hear }) => tell(cell, () => hear(heard)))) await told
}
