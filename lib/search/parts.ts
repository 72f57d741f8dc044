// What a search is made of. Expansion, rollouts and the schedule all take these; none of them makes them.
import type { Policy } from '../policy/contract.ts'
import type { Grader } from '../problem/grader.ts'
import type { Verifier } from '../verify/contract.ts'
import type { Annotator } from './annotator.ts'

/** What a search needs beside a problem. */
export interface SearchParts {
  readonly policy: Policy
  readonly verifier: Verifier
  readonly annotator: Annotator
  /** Compares answers with the reference; not asked when the annotator uses no reference. */
  readonly grader: Grader
}
