// What came of running a step, as a closed set.

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
