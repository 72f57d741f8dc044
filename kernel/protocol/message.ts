// The messages of the Jupyter protocol that this kernel speaks. Types only, and the two constructors of a header: each
// reply's type and content follow from the request's type. Does not serialise (wire.ts) and does not decide (core.ts).
import { randomUUID } from 'node:crypto'
import type { DapRequest, DapResponse } from './dap.ts'

/** Version of the Jupyter messaging protocol that the kernel implements. */
export const PROTOCOL_VERSION = '5.5'

/** Header of a message. */
export interface Header {
  readonly msg_id: string
  readonly msg_type: string
  readonly session: string
  readonly username: string
  /** ISO 8601 time. */
  readonly date: string
  readonly version: string
  /** The subshell that the request is for; absent or null: the main shell. */
  readonly subshell_id?: string | null
}

/** A message as it travels. Content that is already JSON text travels as bytes and is not parsed again. */
export interface Message {
  readonly header: Header
  readonly parent: Header | Record<string, never>
  readonly metadata: Record<string, unknown>
  readonly content: Record<string, unknown> | Buffer
  readonly buffers?: readonly Buffer[]
}

/** A message that came in: its routing frames, and content parsed. */
export interface Incoming extends Message {
  /** Routing identities, to be sent back in front of the reply. */
  readonly identities: readonly Buffer[]
  readonly content: Record<string, unknown>
}

export type Failure = { status: 'error'; ename: string; evalue: string; traceback: string[] }
export type Aborted = { status: 'aborted' }
/** Content by MIME type, e.g. `{ 'text/plain': '4' }`: text as text, images as base64, JSON as it is. */
export type MimeBundle = Record<string, unknown>

/** A row of a history reply; with outputs, the text of the cell's result stands beside its input. */
export type HistoryRow = [session: number, line: number, input: string | [input: string, output: string | null]]

interface Completion {
  status: 'ok'
  matches: string[]
  /** Positions in Unicode characters. */
  cursor_start: number
  cursor_end: number
  metadata: Record<string, unknown>
}

/** What each request carries in, and what its reply carries back. */
/** What a client shows in its pager. */
export interface Page {
  source: 'page'
  data: MimeBundle
  start: number
}

export interface Requests {
  kernel_info_request: { in: Record<string, never>; out: KernelInfo }
  execute_request: {
    in: {
      code: string
      silent?: boolean
      store_history?: boolean
      user_expressions?: Record<string, string>
      allow_stdin?: boolean
      stop_on_error?: boolean
    }
    out:
      | ((
          | { status: 'ok'; payload: Page[]; user_expressions: Record<string, unknown> }
          | (Failure & { payload: unknown[]; user_expressions: Record<string, unknown> })
        ) & { execution_count: number })
      // No count: a page would show the cell as one that ran.
      | (Aborted & { execution_count?: undefined })
  }
  is_complete_request: {
    in: { code: string }
    out: { status: 'complete' | 'invalid' | 'unknown' } | { status: 'incomplete'; indent: string }
  }
  complete_request: { in: { code: string; cursor_pos: number }; out: Completion }
  inspect_request: {
    in: { code: string; cursor_pos: number; detail_level?: number }
    out: { status: 'ok'; found: boolean; data: MimeBundle; metadata: Record<string, unknown> }
  }
  history_request: {
    in: {
      hist_access_type?: string
      /** At most this many, the newest. */
      n?: number
      /** Number of a session for `range`; 0 is this one, below 0 counts back from it. */
      session?: number
      /** First line of a range, and the line after the last; null: to the end. */
      start?: number
      stop?: number | null
      /** Glob over the whole input. */
      pattern?: string
      /** Of equal inputs only the last. */
      unique?: boolean
      output?: boolean
    }
    out: { status: 'ok'; history: HistoryRow[] }
  }
  comm_info_request: {
    in: { target_name?: string }
    out: { status: 'ok'; comms: Record<string, { target_name: string }> }
  }
  debug_request: { in: DapRequest; out: DapResponse }
  interrupt_request: { in: Record<string, never>; out: { status: 'ok' } }
  create_subshell_request: { in: Record<string, never>; out: { status: 'ok'; subshell_id: string } }
  delete_subshell_request: { in: { subshell_id: string }; out: { status: 'ok' } }
  list_subshell_request: { in: Record<string, never>; out: { status: 'ok'; subshell_id: string[] } }
  shutdown_request: { in: { restart?: boolean }; out: { status: 'ok'; restart: boolean } }
}

/** Messages of a comm: they go both ways and have no reply. */
export interface CommMessages {
  comm_open: { comm_id: string; target_name: string; data: Record<string, unknown> }
  comm_msg: { comm_id: string; data: Record<string, unknown> }
  comm_close: { comm_id: string; data: Record<string, unknown> }
}
export type CommType = keyof CommMessages

export interface KernelInfo {
  status: 'ok'
  protocol_version: string
  implementation: string
  implementation_version: string
  language_info: {
    name: string
    version: string
    mimetype: string
    file_extension: string
    pygments_lexer: string
    codemirror_mode: string
    nbconvert_exporter: string
  }
  banner: string
  debugger: boolean
  /** Optional parts of the protocol: `kernel subshells`, `debugger`. */
  supported_features: string[]
  help_links: { text: string; url: string }[]
}

export type RequestType = keyof Requests
export type Input<T extends RequestType> = Requests[T]['in']
export type Output<T extends RequestType> = Requests[T]['out']
export type ReplyType<T extends RequestType> = T extends `${infer Name}_request` ? `${Name}_reply` : never

/** The type of the reply to a request. */
export function replyType<T extends RequestType>(request: T): ReplyType<T> {
  return request.replace(/_request$/, '_reply') as ReplyType<T>
}

/** A fresh header. */
export function header(type: string, session: string, username = 'kernel'): Header {
  return {
    msg_id: randomUUID(),
    msg_type: type,
    session,
    username,
    date: new Date().toISOString(),
    version: PROTOCOL_VERSION,
  }
}
