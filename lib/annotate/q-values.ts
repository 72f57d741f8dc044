// The Q-values that a search has written on its steps, and the same computed again from what its terminals are worth.

import type { Grader } from '../problem/grader.ts'
import type { Annotator } from '../search/annotator.ts'
import { backup, judge, start } from '../search/backup.ts'
import { qOf, type Tree } from '../search/tree.ts'

/**
 * [nodes] Q-value of each node, in [-1, 1]; null for a node that was never visited. Index 0 is the root.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * qValues(newTree(problem!)) // [ null ]
 */
export const qValues = (tree: Tree): (number | null)[] => tree.nodes.map((_, node) => qOf(tree, node))

/**
 * The tree annotated anew: same nodes, statistics as `annotator` would have written them had the same terminals been
 * settled in the same order. PPM scores are those stored in the nodes. With the annotator, grader and settings of the
 * search this gives the tree's own statistics. The given tree is not changed.
 */
export function annotate(tree: Tree, annotator: Annotator, grader: Grader): Tree {
  const stats = { visits: [0], valueSum: [0], reward: [null], right: [null], settledIn: [null], exhausted: [false] }
  const copy: Tree = { ...tree, stats, counts: { ...tree.counts, hits: 0 } }
  for (const { score } of tree.nodes.slice(1))
    start(copy, score === null || annotator.ppm === null ? null : annotator.initial(score))
  for (const node of settlements(tree)) {
    copy.counts.rollouts = tree.stats.settledIn[node]!
    backup(copy, node, judge(copy, node, annotator, grader))
  }
  copy.counts.rollouts = tree.counts.rollouts
  return copy
}

/** Settled terminals in the order of their backups: by rollout; within one, leaves as created, then a dead end. */
function settlements({ nodes, stats }: Tree): number[] {
  const isDeadEnd = (node: number): boolean =>
    nodes[node]!.terminal === 'deadEnd' || nodes[node]!.terminal === 'unsupported'
  return nodes
    .flatMap((_, node) => (stats.settledIn[node] === null ? [] : [node]))
    .sort((a, b) => stats.settledIn[a]! - stats.settledIn[b]! || Number(isDeadEnd(a)) - Number(isDeadEnd(b)) || a - b)
}
