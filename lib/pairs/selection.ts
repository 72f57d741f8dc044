// The contract of an example selection: what of a problem's trees the policy and the PPM learn from. And the paper's.

import { expectKnown } from '../options/expect-known.ts'
import type { Step } from '../problem/problem.ts'
import type { Tree } from '../search/tree.ts'
import { type PairOptions, type PreferencePair, preferencePairs } from './preference-pairs.ts'
import { sftExamples } from './sft-examples.ts'
import type { Trajectory } from './trajectories.ts'

/** A right trajectory that the next policy learns from. */
export interface SelectedTrajectory {
  /** From the question to the step that prints the answer, at least one. */
  readonly steps: readonly Step[]
  /** What the final step printed. */
  readonly answer: string
  /** Mean Q-value of its steps, in [-1, 1]. */
  readonly meanQ: number
}

/** What a selection chose of one problem. */
export interface Selected {
  /** Right ones of the given trees (`trajectories`) that a model may learn from (`learnable`), best first. */
  readonly accepted: readonly SelectedTrajectory[]
  /** Of this problem, each with a chosen side that leads to a right answer and is worth more, both of steps that a model may learn from. */
  readonly pairs: readonly PreferencePair[]
}

/** What a selection may ask beside the trees. */
export interface SelectionContext {
  /** Whether a right trajectory is more likely an accident than the recipe allows (`examples.suspectAbove`). */
  isSuspect(trajectory: Trajectory): boolean
}

/** Chooses what models learn from. Pure. */
export interface ExampleSelection {
  /** Names the selection in the files of a run. */
  readonly name: string
  /**
   * Chooses among all trees of one problem in a round, at least one, in the order of the search. Called once for each
   * problem; equal trees give an equal choice, and the trees are left as they are.
   */
  select(trees: readonly Tree[], context: SelectionContext): Selected
}

export interface BestByQOptions {
  /** Right trajectories kept, by mean Q. Integer from 1 up. @default 2 */
  readonly perProblem?: number
  readonly pairs?: PairOptions
}

/**
 * The paper's selection: the right trajectories of the highest mean Q (section 3.4), and the pairs of section 3.3; both
 * without suspects.
 * Errors: a TypeError for an unknown option; RangeErrors of `sftExamples` and `preferencePairs` for options out of range.
 */
export function bestByQ(options: BestByQOptions = {}): ExampleSelection {
  expectKnown('bestByQ', options, { perProblem: true, pairs: true })
  const { perProblem = 2, pairs = {} } = options
  return {
    name: 'best by Q',
    select: (trees, { isSuspect }) => ({
      accepted: sftExamples(trees, {
        perProblem,
        filter: (trajectory) => trajectory.failedSteps === 0 && !isSuspect(trajectory),
      }).map(({ steps, answer, meanQ }) => ({ steps, answer, meanQ })),
      pairs: preferencePairs(trees, pairs, isSuspect),
    }),
  }
}
