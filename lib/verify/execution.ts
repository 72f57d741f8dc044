// One execution of a program, with everything that is known about it, and whether a model may learn from it. Pure.
import type { Isolation } from './level.ts'
import type { Flags, Limits, Reply } from './protocol.ts'
import type { Verdict } from './verdict.ts'

/** What the text of a program says about it, and whether a second run agreed. */
export interface ExecutionFlags extends Flags {
  /** Whether a second run, in a fresh interpreter, came out differently; null when there was none. */
  readonly differsOnSecondRun: boolean | null
}

/** One run of a program alone, with all that is known of it: what `examine` of a verifier gives. */
export interface Execution {
  /** Of the first step that failed, else of the last one. */
  readonly verdict: Verdict
  /** Index of that step; null when it is not known, because nothing ran. */
  readonly step: number | null
  /** What that step alone printed, up to the limit, whatever came of it. */
  readonly stdout: string
  /** CPU time of the whole program, in milliseconds; null when nothing ran. */
  readonly cpuMs: number | null
  /** Wall-clock time of the whole program, in milliseconds; null when nothing ran. */
  readonly wallMs: number | null
  /** Largest resident memory in MiB, the interpreter included; null when it is not known. */
  readonly maxRssMb: number | null
  /** null when the program ended before they were known. */
  readonly flags: ExecutionFlags | null
  /** What it was allowed. */
  readonly limits: Limits
  /** How it was isolated, and by which Python and sympy it was run. */
  readonly isolation: Isolation
}

/** What a verdict and the reply it came from say together. */
export function executionOf(verdict: Verdict, reply: Reply | null, limits: Limits, isolation: Isolation): Execution {
  return {
    verdict,
    step: reply?.step ?? null,
    stdout: reply?.stdout ?? '',
    cpuMs: reply?.cpuMs ?? null,
    wallMs: reply?.wallMs ?? null,
    maxRssMb: reply?.maxRssMb ?? null,
    flags: reply?.flags ? { ...reply.flags, differsOnSecondRun: null } : null,
    limits,
    isolation,
  }
}

/** The execution, told of a second one of the same program. Timeouts are left out: they depend on the machine's load. */
export function comparedWith(first: Execution, second: Execution): Execution {
  if (!first.flags || first.verdict.kind === 'timeout' || second.verdict.kind === 'timeout') return first
  const differs = first.stdout !== second.stdout || JSON.stringify(first.verdict) !== JSON.stringify(second.verdict)
  return { ...first, flags: { ...first.flags, differsOnSecondRun: differs } }
}

/**
 * Why no model should learn from this execution; null when nothing speaks against it. Code that looks at the
 * interpreter around it could have forged its own verdict, so it is refused whatever the verdict says. It reads
 * `verdict` and `flags` alone and throws nothing.
 */
export function refusalForTraining({ verdict, flags }: Execution): string | null {
  if (verdict.kind === 'infra') return 'the sandbox failed'
  if (verdict.kind === 'unsupported') return `${verdict.missing} is not installed`
  if (!flags) return 'the program ended before its text was looked at'
  return refusalOf(flags, verdict)
}

/** The part of it that the text decides. */
export function refusalOf(flags: Flags & Partial<ExecutionFlags>, { kind }: Verdict): string | null {
  if (flags.introspection) return 'it looks at the interpreter or the process around it'
  if (flags.unusualImports.length > 0) return `it imports ${flags.unusualImports.join(', ')}`
  if (flags.differsOnSecondRun) return 'a second run came out differently'
  if (flags.swallowedException) return 'it hides exceptions'
  if (kind === 'ok' && flags.nothingComputed) return 'its last step computes nothing'
  return null
}
