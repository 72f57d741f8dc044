// What guides a search, as the search sees it: how much a new child is worth before anything came of it, and what a
// terminal is worth. The annotators themselves are in lib/annotate; they send nothing through the tree, backup.ts does.
import type { Ppm } from '../policy/ppm-contract.ts'

/**
 * Why a trajectory ends.
 * - `answered`: a final step ran and printed an answer.
 * - `unparsable`: a final step ran and printed nothing that is an answer.
 * - `codeFailed`: `errorTolerance` consecutive steps failed to run.
 * - `tooDeep`: a step at `maxDepth` that is not final.
 * - `deadEnd`: every candidate for the next step was dropped.
 * - `unsupported`: the same, but some candidate only lacked a module on this machine; no fault of the steps, no reward.
 */
export type TerminalKind = 'answered' | 'unparsable' | 'codeFailed' | 'tooDeep' | 'deadEnd' | 'unsupported'

/** What an annotator may know of a terminal. */
export interface TerminalFacts {
  readonly kind: TerminalKind
  /** Whether the answer equals the reference; null where there is no answer or `usesReference` is false. */
  readonly right: boolean | null
  /** Score of the terminal step by the annotator's PPM, in [-1, 1]; null without a PPM, and for code that failed. */
  readonly score: number | null
  /** Steps from the question to the terminal. From 0 up: a question without any usable step is its own dead end. */
  readonly depth: number
}

/**
 * What guides a search: what a child is worth before anything came of it, and what a terminal sends. Pure: equal facts are
 * worth the same whenever they are asked.
 */
export interface Annotator {
  /** Names the annotator in trees and reports. */
  readonly name: string
  /** Whether answers are compared with the problem's reference. False at test time: then nothing looks at it. */
  readonly usesReference: boolean
  /** Scores the children of each expansion before they are visited; null: children start at 0. */
  readonly ppm: Ppm | null
  /** q(s)^0, the value a child starts with, from its score. Both in [-1, 1]. Called only with a PPM. */
  initial(score: number): number
  /**
   * What a terminal sends to the root, in [-1, 1]. Not called for `unsupported`. With the reference, a right answer is
   * worth more than anything else that ends at the same depth with the same score.
   */
  reward(terminal: TerminalFacts): number
}
