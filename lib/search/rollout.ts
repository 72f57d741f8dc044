// Monte Carlo tree search of one problem. A rollout walks from the root to a terminal and expands every open node that
// it reaches; there is no random simulation. Rollouts of one tree run one after the other, trees side by side
// (schedule.ts). Assumes that nothing else writes the tree meanwhile.

import { backup, judge } from './backup.ts'
import { expand } from './expand.ts'
import type { SearchParts } from './parts.ts'
import { select } from './select.ts'
import { isOpen, ROOT, type Tree } from './tree.ts'

/** One rollout (paper, section 3.2). Result: the node at which it ended. */
export async function rollout(tree: Tree, parts: SearchParts): Promise<number> {
  let leaf = select(tree)
  while (isOpen(tree, leaf)) {
    await expand(tree, leaf, parts)
    leaf = select(tree, leaf)
  }
  if (tree.nodes[leaf]!.terminal !== null && tree.stats.settledIn[leaf] === null)
    backup(tree, leaf, judge(tree, leaf, parts.annotator, parts.grader))
  tree.counts.rollouts++
  return leaf
}

/** Whether another rollout is allowed by the settings and can find anything. */
export const hasRolloutsLeft = ({ counts, settings, stats }: Tree): boolean =>
  counts.rollouts < settings.rollouts && counts.hits < settings.stopAfterHits && !stats.exhausted[ROOT]

/** Rollouts until the settings say stop or nothing is left to find. Grows `tree` and returns it. */
export async function searchTree(tree: Tree, parts: SearchParts): Promise<Tree> {
  while (hasRolloutsLeft(tree)) await rollout(tree, parts)
  return tree
}
