// The answered trajectories of a tree: the paths from the root to terminals that printed an answer and were settled.
import type { Step } from '../problem/problem.ts'
import { codeKey, pathTo, qOf, type Tree } from '../search/tree.ts'

/** An answered path from the root to a terminal, with what the search says of it. */
export interface Trajectory {
  readonly problemId: string
  /** `index` of its tree, and its terminal node there. */
  readonly tree: number
  readonly node: number
  readonly steps: readonly Step[]
  readonly answer: string
  /** Whether the answer equals the reference; null where the search did not look. */
  readonly right: boolean | null
  /** Mean and least Q-value of its steps, in [-1, 1]. */
  readonly meanQ: number
  readonly minQ: number
  /** Steps. */
  readonly length: number
  /** Sum, and least, of the steps' log-probabilities under the policy; null if one is not known. */
  readonly logProbability: number | null
  readonly minLogProbability: number | null
  /** Steps that failed to run and were repaired by the next. */
  readonly failedSteps: number
  /** Why no model should learn from it, by what the code of one of its steps does; null when nothing speaks against it. */
  readonly refusal: string | null
}

/**
 * All answered trajectories that a rollout has settled, in the order of their terminal nodes. Changes nothing, throws
 * nothing.
 */
export function trajectories(tree: Tree): Trajectory[] {
  return tree.nodes.flatMap(({ answer }, node) => {
    if (answer === null || tree.stats.settledIn[node] === null) return []
    const path = pathTo(tree, node)
    const qs = path.map((at) => qOf(tree, at) ?? 0)
    const logs = path.map((at) => tree.nodes[at]!.logProbability)
    const known = logs.every((log) => log !== null)
    return {
      problemId: tree.problem.id,
      tree: tree.index,
      node,
      steps: path.map((at) => tree.nodes[at]!.step),
      answer,
      right: tree.stats.right[node]!,
      meanQ: qs.reduce((sum, q) => sum + q, 0) / qs.length,
      minQ: Math.min(...qs),
      length: path.length,
      logProbability: known ? logs.reduce<number>((sum, log) => sum + log!, 0) : null,
      minLogProbability: known ? Math.min(...(logs as number[])) : null,
      failedSteps: path.filter((at) => tree.nodes[at]!.failure !== null).length,
      refusal: tree.nodes[node]!.refusal,
    }
  })
}

/** The answered trajectories of a tree that a model may learn from. */
export const learnable = (tree: Tree): Trajectory[] => trajectories(tree).filter(({ refusal }) => refusal === null)

/** Orders trajectories, best first; equal ones may return 0. */
export type TrajectoryOrder = (a: Trajectory, b: Trajectory) => number

/** By mean Q, then least Q, both descending (released code); what is still equal by tree and node, so never 0. */
export const byMeanQ: TrajectoryOrder = (a, b) => b.meanQ - a.meanQ || b.minQ - a.minQ || byFinding(a, b)

/** By tree, then node. */
export const byFinding: TrajectoryOrder = (a, b) => a.tree - b.tree || a.node - b.node

/** The first of each set of trajectories whose steps have equal code. */
export function distinctTrajectories(list: readonly Trajectory[]): Trajectory[] {
  const seen = new Set<string>()
  return list.filter(({ steps }) => {
    const key = JSON.stringify(steps.map(codeKey))
    return !seen.has(key) && seen.add(key)
  })
}

/** How hard a problem was in a round (paper, section 4.1): all its trajectories right, some, or none. */
export type Difficulty = 'easy' | 'medium' | 'hard'

/**
 * How hard a problem was, of all its trees together: `easy` where all trajectories are right, `medium` where some are,
 * `hard` where none is (paper, section 4.1). Every settled terminal counts, answered or not; a problem without any is
 * hard.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * difficulty([newTree(problem!)]) // 'hard'
 */
export function difficulty(trees: readonly Tree[]): Difficulty {
  let [right, all] = [0, 0]
  for (const { stats } of trees) {
    for (const [node, settled] of stats.settledIn.entries()) {
      if (settled === null || stats.reward[node] === null) continue
      all++
      if (stats.right[node] === true) right++
    }
  }
  return right === 0 ? 'hard' : right === all ? 'easy' : 'medium'
}
