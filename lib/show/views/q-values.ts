// The Q-values of a run's trees, for histograms. A step that one rollout passed has Q +1 or -1 by construction; how sure
// a search is shows only in steps that several passed.

import { expectOptions } from '../../options/expect-known.ts'
import type { Run } from '../../run/run.ts'
import { eachTree } from '../../run/trees.ts'
import { qOf, ROOT } from '../../search/tree.ts'
import type { QValue } from './histogram.ts'

export interface VisitedOptions {
  /** Least rollouts that passed a step. From 1 up. @default 2 */
  readonly leastRollouts?: number
}

/**
 * Q-values, in [-1, 1], of the steps of some rounds, tree by tree, that at least `leastRollouts` rollouts passed (integer from 1 up,
 * by default 2). A PPM score that counts as a visit is in Q, but is no rollout.
 * Errors: a TypeError for an option that it does not have; a RangeError for a round that the run does not have; a file of trees that was changed by hand, by its line.
 */
export function* eachVisitedStep(
  run: Run,
  rounds: readonly number[],
  { leastRollouts = 2, ...rest }: VisitedOptions = {},
): Generator<QValue, void, void> {
  expectOptions('visitedSteps', rest, ['leastRollouts'])
  for (const round of rounds) {
    const { guide, scoreCountsAsVisit } = run.recipe(round)
    const scored = guide === 'ppm' && scoreCountsAsVisit
    for (const tree of eachTree(run, round))
      for (const [node, { depth, score }] of tree.nodes.entries()) {
        const rollouts = tree.stats.visits[node]! - (scored && score !== null ? 1 : 0)
        if (node !== ROOT && rollouts >= leastRollouts) yield { round, depth, q: qOf(tree, node)! }
      }
  }
}

/** All of them at once, see `eachVisitedStep`. */
export const visitedSteps = (run: Run, rounds: readonly number[], options: VisitedOptions = {}): QValue[] => [
  ...eachVisitedStep(run, rounds, options),
]
