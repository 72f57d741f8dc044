// The messages of the Debug Adapter Protocol that this kernel speaks: types only. Shapes are those of the specification;
// the commands that Jupyter adds (dumpCell, debugInfo …) are in debug/session.ts.

/** A request, as the content of a `debug_request`. */
export type DapRequest = {
  readonly type: 'request'
  readonly seq: number
  readonly command: string
  readonly arguments?: Record<string, unknown>
}

/** A response, as the content of a `debug_reply`. */
export type DapResponse = {
  readonly type: 'response'
  readonly seq: number
  readonly request_seq: number
  readonly success: boolean
  readonly command: string
  /** Why it failed. */
  readonly message?: string
  readonly body?: object
}

/** An event, as the content of a `debug_event`. */
export interface DapEvent {
  readonly type: 'event'
  readonly seq: number
  readonly event: string
  readonly body?: object
}

/** `path` names a file, or a cell by its text (debug/cell-path.ts). */
export interface DapSource {
  readonly name: string
  readonly path: string
}

/** A breakpoint as the client asks for it; lines and columns 1-based. */
export interface SourceBreakpoint {
  readonly line: number
  readonly column?: number
  /** Expression in the frame. */
  readonly condition?: string
  /** `5`, `== 5`, `>= 5`, `% 5` … hits. */
  readonly hitCondition?: string
  /** Writes this instead of stopping; `{x}` is the value of x. */
  readonly logMessage?: string
}

/** A breakpoint as it is. */
export interface DapBreakpoint {
  readonly id: number
  readonly verified: boolean
  readonly message?: string
  readonly source: DapSource
  readonly line: number
}

export interface StackFrame {
  readonly id: number
  readonly name: string
  readonly source: DapSource
  readonly line: number
  readonly column: number
}

export interface Scope {
  readonly name: string
  readonly presentationHint?: string
  readonly variablesReference: number
  readonly expensive: boolean
}

/** A value with what is needed to look inside. */
export interface DapValue {
  /** Left out for clients that would show it instead of the value. */
  readonly type?: string
  readonly variablesReference: number
  readonly namedVariables?: number
  readonly indexedVariables?: number
}

export interface Variable extends DapValue {
  readonly name: string
  readonly value: string
  /** Expression that reads it in its frame. */
  readonly evaluateName?: string
  readonly presentationHint?: { readonly lazy?: boolean; readonly kind?: string }
}

/** There is one thread: the cells'. */
export const THREAD = { id: 1, name: 'cells' } as const
