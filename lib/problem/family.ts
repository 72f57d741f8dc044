// The contract of whoever makes problems up. Words, numbers and difficulty are a family's own matter.
import type { Random } from '../seed/random.ts'
import type { ProblemTemplate } from './problem.ts'

/** A kind of problem that can be asked anew as often as one likes. */
export interface ProblemFamily {
  /** Names it in the ids and sources of its problems. */
  readonly name: string
  /**
   * One problem of `operations` dependent operations (from 1 up), or null when this draw does not work out; then it is
   * asked again. Everything random comes from `rng`: the same numbers give the same problem.
   */
  draw(rng: Random, operations: number): ProblemDraft | null
}

/** A problem that has no id yet. */
export interface ProblemDraft {
  readonly question: string
  /** Exact, as text. */
  readonly answer: string
  /** How to ask it with other numbers. Without one, whether a program stays right then cannot be measured. */
  readonly template?: ProblemTemplate
}
