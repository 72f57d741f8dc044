// What the next policy learns from: the best right trajectories of each problem (paper, section 3.4).
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import type { Step } from '../problem/problem.ts'
import type { Tree } from '../search/tree.ts'
import {
  byFinding,
  byMeanQ,
  distinctTrajectories,
  learnable,
  type Trajectory,
  type TrajectoryOrder,
} from './trajectories.ts'

/** A right trajectory that the next policy learns from. */
export interface SftExample {
  readonly problemId: string
  readonly steps: readonly Step[]
  /** What the final step printed. */
  readonly answer: string
  /** Mean Q-value of its steps, in [-1, 1]. */
  readonly meanQ: number
  /** Least Q-value of its steps, in [-1, 1]. */
  readonly minQ: number
  /** `index` of the tree and the terminal node it comes from. */
  readonly tree: number
  readonly node: number
}

/** Which right trajectories are learned from. The defaults are the paper's, but for `minRightShare`. */
export interface SftOptions {
  /** Examples of each problem. Integer from 1 up. @default 2 */
  perProblem?: number
  /** Which come first: by mean Q, then least Q, or an own order. @default 'meanQ' */
  rank?: 'meanQ' | TrajectoryOrder
  /** Keeps a right trajectory. @default every one without a failed step */
  filter?: (trajectory: Trajectory) => boolean
  /** A problem of which a smaller share of answered trajectories is right gives none; in [0, 1]. @default 0 (paper: 0.5 for synthetic problems) */
  minRightShare?: number
}

/**
 * Examples of all problems, problems in the order of their first tree, best first within each: the `perProblem` right
 * trajectories of highest mean Q (paper, section 3.4; released code: ties by least Q). All trees of a problem are
 * pooled; trajectories with equal code count once, those that no model should learn from not at all. Throws only what
 * `filter` and `rank` throw.
 */
export function sftExamples(trees: readonly Tree[], options: SftOptions = {}): SftExample[] {
  expectKnown('sftExamples', options, SFT_OPTIONS)
  const { perProblem = 2, rank = 'meanQ', filter = ({ failedSteps }) => failedSteps === 0, minRightShare = 0 } = options
  const order: TrajectoryOrder = rank === 'meanQ' ? byMeanQ : (a, b) => rank(a, b) || byFinding(a, b)
  const examples: SftExample[] = []
  for (const group of treesByProblem(trees)) {
    const answered = group.flatMap(learnable)
    const right = answered.filter((trajectory) => trajectory.right === true)
    if (right.length < minRightShare * answered.length) continue
    const best = distinctTrajectories(right.filter(filter).sort(order)).slice(0, perProblem)
    for (const { problemId, steps, answer, meanQ, minQ, tree, node } of best)
      examples.push({ problemId, steps, answer, meanQ, minQ, tree, node })
  }
  return examples
}

/** The trees of each problem together, problems in the order of their first tree. */
export function treesByProblem(trees: readonly Tree[]): Tree[][] {
  const groups = new Map<string, Tree[]>()
  for (const tree of trees) {
    const group = groups.get(tree.problem.id)
    if (group) group.push(tree)
    else groups.set(tree.problem.id, [tree])
  }
  return [...groups.values()]
}

const SFT_OPTIONS: OptionNames<SftOptions> = { perProblem: true, rank: true, filter: true, minRightShare: true }
