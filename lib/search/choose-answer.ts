// System 2: one answer from trees that were searched without the reference (paper, section 4; released code for the
// voting). Answers are grouped by a grader, each joining the first group to whose first answer it is equivalent. Every
// choice is deterministic: ties go to the higher score, then to the answer found first.
import type { Grader } from '../problem/grader.ts'
import { pathTo, type Tree } from './tree.ts'

/**
 * How one answer is chosen.
 * - `best`: the highest PPM score (paper).
 * - `topMajority`: the commonest among the `topK` highest-scored (released code).
 * - `weighted`: the group with the largest sum of weights, by default each candidate's score times its share.
 * - `majority`: the group with the largest sum of shares: the commonest answer. A tree holds equal trajectories once,
 *   so each counts by how often plain sampling along its path would have given it.
 */
export type Aggregation = 'best' | 'topMajority' | 'weighted' | 'majority'

/** A settled terminal with an answer. */
export interface AnswerCandidate {
  readonly answer: string
  /** PPM score of its trajectory, in [-1, 1]; 0 without a PPM. */
  readonly score: number
  /** Product over its path of the step's share of its siblings' proposals, in (0, 1]. */
  readonly share: number
  /** The rollout that reached it, from 0. */
  readonly rollout: number
  /** Position of its tree in the list, and of its node in the tree. */
  readonly tree: number
  readonly node: number
}

/** The answer that was chosen, with the first candidate that gave it. */
export interface ChosenAnswer extends AnswerCandidate {
  /** Votes, sum of weights, or score of the winner, as the aggregation has it. */
  readonly weight: number
}

/** Which candidates vote, and how much each counts. */
export interface AnswerOptions {
  /** Candidates that vote under `topMajority`. Integer from 1 up. @default 4 (released code: 4 to 8) */
  topK?: number
  /** Weight of a candidate under `weighted`; below 0 it speaks against its answer. @default share · score */
  weight?: (candidate: AnswerCandidate) => number
  /** Best-scored candidates that each tree may enter. From 1 up. @default Infinity (released code: 1) */
  perTree?: number
  /** Looks only at the first so many rollouts of each tree. Integer from 0 up. @default Infinity */
  rollouts?: number
}

/**
 * A score in [-1, 1] as the odds that its trajectory is right, `(1 + s) / (1 - s)`, within 5 * 10^-13 and 2 * 10^12.
 * @example
 * odds(0) // 1
 * odds(0.5) // 3
 */
export const odds = (score: number): number => Math.max(1 + score, 1e-12) / Math.max(1 - score, 1e-12)

/** Everything that may be chosen, in the order in which it was found: by rollout, tree, node. */
export function answerCandidates(
  trees: Tree | readonly Tree[],
  { perTree = Number.POSITIVE_INFINITY, rollouts = Number.POSITIVE_INFINITY }: AnswerOptions = {},
): AnswerCandidate[] {
  const list = Array.isArray(trees) ? (trees as readonly Tree[]) : [trees as Tree]
  const found = list.flatMap((tree, treeIndex) => {
    const candidates: AnswerCandidate[] = []
    for (const [node, { answer, score }] of tree.nodes.entries()) {
      const rollout = tree.stats.settledIn[node]!
      if (answer === null || rollout === null || rollout >= rollouts) continue
      candidates.push({ answer, score: score ?? 0, share: shareOf(tree, node), rollout, tree: treeIndex, node })
    }
    return candidates.sort(byScore).slice(0, perTree)
  })
  return found.sort(byFinding)
}

/** One of the candidates, which are in the order in which they were found. Null when there are none. */
export function chooseAnswer(
  candidates: readonly AnswerCandidate[],
  aggregation: Aggregation,
  grader: Grader,
  { topK = 4, weight = ({ score, share }) => share * score }: AnswerOptions = {},
): ChosenAnswer | null {
  const ranked = [...candidates].sort(byScore)
  const voters =
    aggregation === 'best' ? ranked.slice(0, 1) : aggregation === 'topMajority' ? ranked.slice(0, topK) : ranked
  const weightOf = {
    best: ({ score }: AnswerCandidate) => score,
    topMajority: () => 1,
    majority: ({ share }: AnswerCandidate) => share,
    weighted: weight,
  }[aggregation]
  const groups: { first: AnswerCandidate; weight: number }[] = []
  for (const voter of voters) {
    const group = groups.find(({ first }) => grader.equivalent(voter.answer, first.answer))
    if (group) group.weight += weightOf(voter)
    else groups.push({ first: voter, weight: weightOf(voter) })
  }
  let winner = groups[0]
  for (const group of groups) if (group.weight > winner!.weight) winner = group
  return winner ? { ...winner.first, weight: winner.weight } : null
}

/**
 * The answer by each aggregation, from one tree or several of one problem; null where the trees have none. The
 * reference is not looked at. Ties go to the higher score, then to the answer found first. `best` is the paper's choice at test time; the
 * released code takes one answer a tree (`perTree: 1`) and the majority of the `topK` best scored. Throws only what
 * `grader` and `weight` throw.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * answer(newTree(problem!), numericGrader).best // null
 */
export function answer(
  trees: Tree | readonly Tree[],
  grader: Grader,
  options: AnswerOptions = {},
): Record<Aggregation, ChosenAnswer | null> {
  const candidates = answerCandidates(trees, options)
  const by = (aggregation: Aggregation) => chooseAnswer(candidates, aggregation, grader, options)
  return { best: by('best'), topMajority: by('topMajority'), weighted: by('weighted'), majority: by('majority') }
}

/**
 * The same after each rollout: [rollouts], entry r looks at the first r + 1 rollouts of each tree. A test-time scaling
 * curve (paper, figure 3). As long as the tree with most rollouts; empty before the first.
 */
export function answerCurve(
  trees: Tree | readonly Tree[],
  grader: Grader,
  options: AnswerOptions = {},
): Record<Aggregation, ChosenAnswer | null>[] {
  const list = Array.isArray(trees) ? (trees as readonly Tree[]) : [trees as Tree]
  const rollouts = Math.max(0, ...list.map(({ counts }) => counts.rollouts))
  return Array.from({ length: rollouts }, (_, r) => answer(list, grader, { ...options, rollouts: r + 1 }))
}

function shareOf(tree: Tree, node: number): number {
  return pathTo(tree, node).reduce((share, at) => {
    const { parent, proposals } = tree.nodes[at]!
    const siblings = tree.nodes[parent]!.children!
    return (share * proposals) / siblings.reduce((sum, sibling) => sum + tree.nodes[sibling]!.proposals, 0)
  }, 1)
}

const byFinding = (a: AnswerCandidate, b: AnswerCandidate): number =>
  a.rollout - b.rollout || a.tree - b.tree || a.node - b.node
const byScore = (a: AnswerCandidate, b: AnswerCandidate): number => b.score - a.score || byFinding(a, b)
