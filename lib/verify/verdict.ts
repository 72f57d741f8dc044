// What came of running a step, as a closed set, and the contract of whatever runs steps.
import type { Step } from '../problem/problem.ts'
import type { Isolation } from './level.ts'

/**
 * Outcome of one step's Python. Only `ok` keeps a step. `infra` (the sandbox itself failed) is retried and never
 * becomes a training label; `unsupported` names a module that this machine lacks and is no fault of the step.
 */
export type Verdict = Outcome & {
  /**
   * Why no model should learn from this step, whatever came of it: what its own text does, e.g. look at the interpreter
   * around it. Absent when nothing speaks against it.
   */
  readonly refusal?: string
}

type Outcome =
  | { readonly kind: 'ok' /** What this step alone printed, without the final newline. */; readonly stdout: string }
  | { readonly kind: 'error'; readonly errorType: string; readonly message: string; readonly line: number | null }
  | { readonly kind: 'timeout'; readonly clock: 'cpu' | 'wall'; readonly limitMs: number }
  | { readonly kind: 'memory'; readonly limitMb: number }
  | { readonly kind: 'output'; readonly limitBytes: number }
  | { readonly kind: 'died'; readonly how: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unsupported'; readonly missing: string; readonly advice: string }
  | { readonly kind: 'infra'; readonly message: string }

export interface Verifier {
  /** Steps run so far, cache hits left out. */
  readonly executions: number
  /** How the steps are kept from the machine, and what runs them; absent where nothing runs. */
  readonly isolation?: Isolation
  /** Runs each candidate after the same earlier steps (which ran without error before). One verdict each, in order; no verdict depends on the other candidates. */
  verify(steps: readonly Step[], candidates: readonly Step[]): Promise<Verdict[]>
  dispose(): Promise<void>
}
