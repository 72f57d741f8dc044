// The pipes between the protocol process and the user-code process, and the frames that the first of them carries.
import type { CommType } from '../protocol/message.ts'
import type { StreamName } from '../protocol/stream-name.ts'

/** File descriptor of the pipe to the protocol process. It carries frames. */
export const FRAME_FD = 3

/** File descriptor of the inspector's pipe (debug-bridge.ts). */
export const DEBUG_FD = 4

/** File descriptor of the pipe on which the protocol process asks for an interrupt. */
export const INTERRUPT_FD = 5

/** Head of a frame; its body is text for `stream`, JSON of a message's content for the others. */
export type FrameHead =
  | { type: 'ready' }
  /** Raw text up to this mark comes first. */
  | { type: 'raw'; mark: number }
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
