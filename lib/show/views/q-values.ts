// The Q-values of a run's trees, for histograms. A step that one rollout passed has Q +1 or -1 by construction; how sure
// a search is shows only in steps that several passed.

import type { Run } from '../../run/run.ts'
import { readTrees } from '../../run/trees.ts'
import { qOf, ROOT } from '../../search/tree.ts'
import type { QValue } from './histogram.ts'

/**
 * Q-values, in [-1, 1], of the steps of some rounds that at least `leastRollouts` rollouts passed (integer from 1 up,
 * by default 2). A PPM score that counts as a visit is in Q, but is no rollout.
 * Errors: a RangeError for a round that the run does not have; a file of trees that was changed by hand, by its line.
 */
export function visitedSteps(
  run: Run,
  rounds: readonly number[],
  { leastRollouts = 2 }: { readonly leastRollouts?: number } = {},
): QValue[] {
  return rounds.flatMap((round) => {
    const { guide, scoreCountsAsVisit } = run.recipe(round)
    const scored = guide === 'ppm' && scoreCountsAsVisit
    return readTrees(run, round).flatMap((tree) =>
      tree.nodes.flatMap(({ depth, score }, node): QValue[] => {
        const rollouts = tree.stats.visits[node]! - (scored && score !== null ? 1 : 0)
        return node === ROOT || rollouts < leastRollouts ? [] : [{ round, depth, q: qOf(tree, node)! }]
      }),
    )
  })
}
