// What Node and a fork server (zygote.py) say to each other: requests, replies, and what a server is started with.
import type { Python } from './python.ts'

/** What one execution may use. */
export interface Limits {
  /** CPU time of the earlier steps and the step together, in milliseconds. @default 2000 */
  readonly cpuMs: number
  /** Wall-clock time of the same, in milliseconds: ends code that waits. At least 5 × cpuMs is wise. @default 10000 */
  readonly wallMs: number
  /** Address space, in MiB. The interpreter needs about 30 of it. Not enforced by macOS. @default 512 */
  readonly memoryMb: number
  /** What the step may print, in bytes of UTF-8. @default 65536 */
  readonly outputBytes: number
}

/** Steps that share a namespace, then candidates that each get a copy of it. */
export interface PlainGroup {
  readonly steps: readonly string[]
  readonly candidates: readonly string[]
}

/** Python sources to run in one child: one after the other as they are, or groups of which only plain code is run. */
export type Request = StepsRequest | { readonly groups: readonly PlainGroup[] }

export interface StepsRequest {
  readonly steps: readonly string[]
  /** Asks for what Detail lists. */
  readonly detail?: boolean
  /**
   * Of the first step, of the first two, and so on, without the last: any texts, equal for equal steps. A process that
   * waits with the most of them run is continued, and one waits afterwards with all of them run, where it pays.
   */
  readonly keys?: readonly string[]
}

/** [type, message, line] of an exception. */
export type PlainError = [string, string, number | null]

/** Per candidate what it printed, its error, or null (run it alone); or which earlier step raised; null: all alone. */
export type PlainResult = (string | PlainError | null)[] | { step: number; error: PlainError } | null

/** What the text of a program says about how far its verdict can be trusted. */
export interface Flags {
  /** Looks at the interpreter or the process around it, by which a step could forge its own verdict. */
  readonly introspection: boolean
  /** Catches every exception, or does nothing about one. */
  readonly swallowedException: boolean
  /** The last step neither prints nor binds a name. */
  readonly nothingComputed: boolean
  /** Everything that the last step prints stands in it as a literal. */
  readonly onlyLiteralsPrinted: boolean
  /** Modules outside the list of those that solutions of mathematics problems use. */
  readonly unusualImports: readonly string[]
}

/** Given for a request with `detail`. */
export interface Detail {
  /** Index of the step that ran last: the one that failed, or the last of all. */
  readonly step: number
  /** What that step printed, up to the limit. */
  readonly stdout: string
  /** Largest resident memory, the interpreter included, in MiB. */
  readonly maxRssMb: number
}

/** What a fork server says of a request. */
export type Reply = {
  readonly cpuMs: number
  readonly wallMs: number
  /** Whether all steps but the last have run. */
  readonly reachedLast: boolean
  /** How a process came to wait with all steps but the last one run; absent where none does. */
  readonly kept?: 'made' | 'found'
  /**
   * Of the last step alone, or with `detail` of all steps; absent where nothing is to be said of one alone, and where
   * the process ended before its text was looked at.
   */
  readonly flags?: Flags
} & Partial<Detail> &
  (
    | { readonly status: 'batch'; readonly results: PlainResult[] }
    | { readonly status: 'ok'; readonly stdout: string }
    | {
        readonly status: 'error' | 'memory'
        readonly type?: string
        readonly message?: string
        readonly line?: number
        readonly module?: string
      }
    | { readonly status: 'timeout'; readonly clock: 'cpu' | 'wall' }
    | { readonly status: 'output' }
    | { readonly status: 'died'; readonly how: string }
    | { readonly status: 'infra'; readonly message: string }
  )

/** How a fork server keeps its children from the machine, see isolate.py. */
export type InnerLevel = 'jail' | 'landlock' | 'rlimit'

/** What a fork server is started with. */
export interface Launch {
  readonly python: Python
  readonly level: InnerLevel
  /** A command before the interpreter's, such as `docker run -i …`; it needs to hand on only 0, 1 and 2. Empty: none. */
  readonly wrap: readonly string[]
  /** Modules that are imported before the first fork. */
  readonly preload: readonly string[]
  /** Code that runs then. */
  readonly warmUp?: string
  /** Processes that may wait with steps run, at level jail. @default 0 */
  readonly checkpoints?: number
  /** What to try without isolation, see probe.py. */
  readonly probe?: ProbeTarget
}

/** A file to read, beside which one may be made, and a port of this machine on which something listens. */
export interface ProbeTarget {
  readonly file: string
  readonly port: number
}

/** What a fork server says of itself once it is ready. */
export interface Hello {
  readonly python: string
  /** Version of the sympy that steps can import; null: none. */
  readonly sympy: string | null
  readonly level: InnerLevel
  /** Whether each child has a user id of its own. */
  readonly ownUid: boolean
  /** What the probe did before the isolation; null without a probe. */
  readonly reached: readonly string[] | null
}
