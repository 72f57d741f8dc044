// The contract of every verifier: whatever runs steps and says what came of them.
import type { Step } from '../problem/problem.ts'
import type { Isolation } from './level.ts'
import type { Verdict } from './verdict.ts'

/** Runs steps. */
export interface Verifier {
  /** Names the verifier in the files of a run, which must then go on with it. Absent: no file tells it from the run's own. */
  readonly name?: string
  /** Steps run so far, cache hits left out. From 0 up. */
  readonly executions: number
  /** How the steps are kept from the machine, and what runs them; absent where nothing runs. */
  readonly isolation?: Isolation
  /**
   * Runs each candidate after the same earlier steps (which ran without error before). One verdict each, in order; no
   * verdict depends on the other candidates, equal ones get equal verdicts. No
   * call leaves anything behind for later ones, and several may be under way. What a step prints is in its own `ok` alone.
   */
  verify(steps: readonly Step[], candidates: readonly Step[]): Promise<Verdict[]>
  /**
   * Runs whole programs from nothing, each of at least one step. One verdict each, in order: that of the first step that
   * fails, else `ok` with what the last step printed. @default step by step, by `verify`
   */
  run?(programs: readonly (readonly Step[])[]): Promise<Verdict[]>
  /** Twice is harmless. */
  dispose(): Promise<void>
}

/** Runs whole programs with any verifier, see `Verifier.run`. Errors: a RangeError for a program without steps. */
export async function runWhole(verifier: Verifier, programs: readonly (readonly Step[])[]): Promise<Verdict[]> {
  if (verifier.run) return verifier.run(programs)
  return Promise.all(programs.map((program) => stepByStep(verifier, program)))
}

async function stepByStep(verifier: Verifier, program: readonly Step[]): Promise<Verdict> {
  let last: Verdict | undefined
  for (const [i, step] of program.entries()) {
    ;[last] = await verifier.verify(program.slice(0, i), [step])
    if (last?.kind !== 'ok') break
  }
  if (last === undefined) throw new RangeError('Expected a program of at least one step and a verdict on it, got none')
  return last
}
