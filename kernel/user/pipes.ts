// The pipes between the protocol process and the user-code process, and the frames that the first of them carries. A cell
// shares the process with these pipes. Their descriptors lie out of the way of code that closes or writes to the next ones
// by number, and each frame stands between two copies of a mark that is new for each process, so that other bytes are told
// from frames. What cannot be told apart any more ends the process, never the kernel.
import type { CommType } from '../protocol/message.ts'
import type { StreamName } from '../protocol/stream-name.ts'

const FIRST_FD = 200

/** File descriptor of the pipe to the protocol process. It carries frames. */
export const FRAME_FD = FIRST_FD

/** File descriptor of the pipe on which requests come, each a line of JSON. */
export const REQUEST_FD = FIRST_FD + 1

/** File descriptor of the pipe on which the protocol process asks for an interrupt. */
export const INTERRUPT_FD = FIRST_FD + 2

/** File descriptor of the inspector's pipe (debug-bridge.ts). */
export const DEBUG_FD = FIRST_FD + 3

/** Standard streams, and the pipes above. */
export const STDIO = [
  ...(['ignore', 'pipe', 'pipe'] as const),
  ...Array.from({ length: FIRST_FD - 3 }, () => 'ignore' as const),
  ...Array.from({ length: DEBUG_FD - FIRST_FD + 1 }, () => 'pipe' as const),
]

/** Environment variable that tells the process its mark; what it starts inherits it (marked-processes.ts). */
export const MARK_VARIABLE = 'ASTERISM_PROCESS'
/** Length of a mark, in bytes: hexadecimal digits. */
export const MARK_BYTES = 16
/** Lengths are written as this number and the length: ten digits, which are made without a method of anything. */
export const LENGTH_BASE = 2e9
const LENGTH_BYTES = 10
/** A mark, and the lengths of head and body. */
const FRAME_START = MARK_BYTES + 2 * LENGTH_BYTES
/** Longer ones are no lengths, in bytes. */
const MAX_LENGTH = 2 ** 30

/** Head of a frame; its body is text for `stream`, JSON of a message's content for the others. */
export type FrameHead =
  | { type: 'ready' }
  /** Raw text of these streams up to this mark comes first. */
  | { type: 'raw'; mark: number; streams: readonly StreamName[] }
  | { type: 'stream'; cell: string; name: StreamName }
  | { type: 'publish'; cell: string; message: 'display_data' | 'update_display_data' | 'execute_result' }
  | { type: 'publish'; cell: string; message: 'clear_output' | 'error' }
  | {
      type: 'comm'
      /** The cell or comm message whose code sends it; '' outside any. */
      request: string
      message: CommType
      metadata: Record<string, unknown>
      /** Lengths of the buffers that follow the JSON in the body. */
      sizes: number[]
    }
  | { type: 'input'; cell: string; request: string }
  | { type: 'reply'; request: string }
  | { type: 'setting'; cell: string; name: 'typecheck' }

/** What is no length is none: the frame then ends at once, without its mark. */
function lengthAt(bytes: Buffer, at: number): number {
  const length = Number(bytes.toString('latin1', at, at + LENGTH_BYTES)) - LENGTH_BASE
  return length >= 0 && length <= MAX_LENGTH ? length : 0
}

/** What a reader of frames tells. */
export interface FrameEvents {
  frame(head: FrameHead, body: Buffer): void
  /** So many bytes were no frame, and were left out. */
  skipped(bytes: number): void
  /** Frames cannot be told any more. Nothing follows. */
  broken(): void
}

/** Cuts the bytes that it is given into frames: mark, two lengths, head as JSON, body, mark. */
export function createFrameReader(mark: string, events: FrameEvents): (chunk: Buffer) => void {
  let chunks: Buffer[] = []
  let size = 0
  let needed = FRAME_START
  let isBroken = false
  const isMarked = (bytes: Buffer, at: number): boolean => bytes.toString('latin1', at, at + MARK_BYTES) === mark
  /** Removes what is no frame from the front. */
  const found = (bytes: Buffer): Buffer => {
    if (isMarked(bytes, 0)) return bytes
    const next = bytes.indexOf(mark, 0, 'latin1')
    // The end may be the beginning of a mark.
    const start = next < 0 ? bytes.length - MARK_BYTES + 1 : next
    events.skipped(start)
    return bytes.subarray(start)
  }
  return (chunk) => {
    if (isBroken) return
    chunks.push(chunk)
    size += chunk.length
    if (size < needed) return
    let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks)
    for (needed = FRAME_START; bytes.length >= FRAME_START; needed = FRAME_START) {
      bytes = found(bytes)
      if (bytes.length < FRAME_START) break
      const headEnd = FRAME_START + lengthAt(bytes, MARK_BYTES)
      const bodyEnd = headEnd + lengthAt(bytes, MARK_BYTES + LENGTH_BYTES)
      needed = bodyEnd + MARK_BYTES
      if (bytes.length < needed) break
      try {
        // Another thread may have written into the middle; who knows the mark may write anything between two of them.
        if (!isMarked(bytes, bodyEnd)) throw new Error('Expected a mark behind the frame')
        const head = JSON.parse(bytes.toString('utf8', FRAME_START, headEnd)) as FrameHead
        events.frame(head, bytes.subarray(headEnd, bodyEnd))
      } catch {
        isBroken = true
        return events.broken()
      }
      bytes = bytes.subarray(needed)
    }
    chunks = [bytes]
    size = bytes.length
  }
}
