// What the PPM learns from: steps that led to right answers against steps that led to wrong ones, after the same prefix,
// and right against wrong whole solutions (paper, section 3.3; the released scripts lack the second kind).
// A tree that was searched without the reference has no right and wrong, and gives no pairs.
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import type { Step } from '../problem/problem.ts'
import { qOf, ROOT, stepsTo, type Tree } from '../search/tree.ts'
import { editDistance } from './edit-distance.ts'
import { byMeanQ, distinctTrajectories, learnable, type Trajectory } from './trajectories.ts'

/** Two continuations of one prefix, of which the PPM learns to score the chosen one higher. */
export interface PreferencePair {
  readonly problemId: string
  /** `step`: one step on each side. `trajectory`: a whole solution on each side, the prefix is the question alone. */
  readonly kind: 'step' | 'trajectory'
  readonly prefix: readonly Step[]
  readonly chosen: readonly Step[]
  readonly rejected: readonly Step[]
  /** Q of the chosen minus Q of the rejected side, in [-2, 2]; of trajectories the mean Q. */
  readonly margin: number
  /** 1 / (positives * negatives), so that each prefix weighs 1 before the filters (paper, Eq. 4). */
  readonly weight: number
  /** Sizes of the two sides that the pair comes from. */
  readonly positives: number
  readonly negatives: number
  /** What a side that ends the solution printed; null for a side that goes on. */
  readonly chosenAnswer: string | null
  readonly rejectedAnswer: string | null
}

/** Which pairs are drawn from trees. The defaults are the paper's. */
export interface PairOptions {
  /** Steps, or trajectories, on each side. Integer from 1 up. @default 2 */
  perSide?: number
  /** With one step on one side the other may have perSide^2. @default false (released code: true) */
  fillSides?: boolean
  /** Least margin of a step pair, in [0, 2]. The margin is above 0 in any case. @default 0 (released code: 0.5) */
  minMargin?: number
  /** Least edit distance between the two texts of a step pair, in characters. @default 0 (released code: 20) */
  minEditDistance?: number
  /**
   * Steps that may be rejected: all that lead to a wrong answer, as in the paper, though some lead to a right one too; or
   * only those that lead to no right one. @default 'leadsToWrong'
   */
  rejected?: 'leadsToWrong' | 'leadsOnlyToWrong'
  /** Whether a step whose every end lacks an answer (failed code, too deep, dead end) counts as leading to a wrong one. @default false */
  failuresAreWrong?: boolean
  /** Step pairs below every step, or below the root and from there only along the most visited step that leads to both. @default 'all' */
  descend?: 'all' | 'mostVisited'
  /** Whole-solution pairs. @default true (released code: false) */
  trajectoryPairs?: boolean
}

/**
 * The filters of the released scripts: a margin of 0.5 and an edit distance of 20 characters, which the paper does not
 * have, and no pairs of whole solutions.
 * @example
 * releasedCodePairs.minMargin // 0.5
 */
export const releasedCodePairs: PairOptions = {
  perSide: 2,
  fillSides: true,
  minMargin: 0.5,
  minEditDistance: 20,
  rejected: 'leadsToWrong',
  failuresAreWrong: false,
  descend: 'all',
  trajectoryPairs: false,
}

/**
 * The pairs of one problem (paper, section 3.3): step pairs of each tree, parents before children, then trajectory
 * pairs from all its trees together. At each node the children of highest Q that lead to a right answer stand against
 * those of lowest Q that lead to a wrong one, `perSide` of each; of whole solutions mean Q decides. A problem whose
 * answers are all right or all wrong gives none. Nodes that no model should learn from are passed over. A right
 * trajectory that `isSuspect` says to be one counts as neither right nor wrong. Changes no tree.
 * Errors: trees of several problems.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * preferencePairs(newTree(problem!)) // []
 */
export function preferencePairs(
  trees: Tree | readonly Tree[],
  options: PairOptions = {},
  isSuspect: (trajectory: Trajectory) => boolean = () => false,
): PreferencePair[] {
  expectKnown('preferencePairs', options, PAIR_OPTIONS)
  const list = Array.isArray(trees) ? (trees as readonly Tree[]) : [trees as Tree]
  const [first] = list
  if (list.some(({ problem }) => problem.id !== first!.problem.id))
    throw new Error('Expected the trees of one problem, got several. Call preferencePairs for each problem')
  const counted = (trajectory: Trajectory): boolean => trajectory.right !== true || !isSuspect(trajectory)
  const ends = list.map((tree) => learnable(tree).filter(counted))
  const pairs = list.flatMap((tree, i) => stepPairs(tree, endsBelow(tree, ends[i]!), options))
  return options.trajectoryPairs === false ? pairs : [...pairs, ...trajectoryPairs(ends.flat(), options)]
}

function stepPairs(tree: Tree, ends: Ends, options: PairOptions): PreferencePair[] {
  const { minMargin = 0, minEditDistance = 0, rejected = 'leadsToWrong', descend = 'all' } = options
  const leadsToRight = (node: number): boolean => ends.right[node]! > 0
  const onlyFails = (node: number): boolean =>
    ends.right[node] === 0 && ends.wrong[node] === 0 && ends.failed[node]! > 0
  const leadsToWrong = (node: number): boolean =>
    ends.wrong[node]! > 0 || (options.failuresAreWrong === true && onlyFails(node))
  const q = (node: number): number => qOf(tree, node) ?? 0
  const pairs: PreferencePair[] = []
  const nodes = descend === 'all' ? tree.nodes.keys() : mostVisitedMixed(tree, ends)
  for (const parent of nodes) {
    const visited = (tree.nodes[parent]!.children ?? []).filter(
      (child) => tree.stats.visits[child]! > 0 && tree.nodes[child]!.refusal === null,
    )
    const good = visited.filter(leadsToRight).sort((a, b) => q(b) - q(a) || a - b)
    const bad = visited
      .filter((node) => leadsToWrong(node) && (rejected === 'leadsToWrong' || !leadsToRight(node)))
      .sort((a, b) => q(a) - q(b) || a - b)
    const [positives, negatives] = sides(good, bad, options)
    for (const chosen of positives) {
      for (const other of negatives) {
        const margin = q(chosen) - q(other)
        if (!(margin > 0 && margin >= minMargin)) continue
        const [better, worse] = [tree.nodes[chosen]!, tree.nodes[other]!]
        if (minEditDistance > 0 && editDistance(better.step.text, worse.step.text) < minEditDistance) continue
        pairs.push({
          problemId: tree.problem.id,
          kind: 'step',
          prefix: stepsTo(tree, parent),
          chosen: [better.step],
          rejected: [worse.step],
          margin,
          weight: 1 / (positives.length * negatives.length),
          positives: positives.length,
          negatives: negatives.length,
          chosenAnswer: better.answer,
          rejectedAnswer: worse.answer,
        })
      }
    }
  }
  return pairs
}

/** [N] settled terminals at or below each node that a model may learn from: answered and right, answered and wrong, not answered. */
interface Ends {
  readonly right: number[]
  readonly wrong: number[]
  readonly failed: number[]
}

/** `answered`: the trajectories that count. */
function endsBelow({ nodes, stats }: Tree, answered: readonly Trajectory[]): Ends {
  const ends: Ends = { right: nodes.map(() => 0), wrong: nodes.map(() => 0), failed: nodes.map(() => 0) }
  for (const { node, right } of answered) {
    if (right === true) ends.right[node] = 1
    else if (right === false) ends.wrong[node] = 1
  }
  for (let node = nodes.length - 1; node >= 0; node--) {
    const { terminal, parent, refusal } = nodes[node]!
    if (terminal !== null && terminal !== 'answered' && stats.reward[node] !== null && refusal === null)
      ends.failed[node] = 1
    if (parent < 0) continue
    // Children come after their parents, so `node` is complete here.
    for (const count of [ends.right, ends.wrong, ends.failed]) count[parent] = count[parent]! + count[node]!
  }
  return ends
}

/** From the root along the most visited child that leads to right and to wrong answers. */
function mostVisitedMixed({ nodes, stats }: Tree, { right, wrong }: Ends): number[] {
  const path: number[] = []
  for (let at: number | undefined = ROOT; at !== undefined; ) {
    path.push(at)
    const mixed: number[] = (nodes[at]!.children ?? []).filter((child) => right[child]! > 0 && wrong[child]! > 0)
    at = mixed.sort((a, b) => stats.visits[b]! - stats.visits[a]! || a - b)[0]
  }
  return path
}

function trajectoryPairs(answered: readonly Trajectory[], options: PairOptions): PreferencePair[] {
  const all = distinctTrajectories(answered)
  const good = all.filter(({ right }) => right === true).sort(byMeanQ)
  const bad = all.filter(({ right }) => right === false).sort((a, b) => byMeanQ(b, a))
  const [positives, negatives] = sides(good, bad, options)
  return positives.flatMap((chosen) =>
    negatives.map((rejected) => trajectoryPair(chosen, rejected, positives.length, negatives.length)),
  )
}

const trajectoryPair = (
  chosen: Trajectory,
  rejected: Trajectory,
  positives: number,
  negatives: number,
): PreferencePair => ({
  problemId: chosen.problemId,
  kind: 'trajectory',
  prefix: [],
  chosen: chosen.steps,
  rejected: rejected.steps,
  margin: chosen.meanQ - rejected.meanQ,
  weight: 1 / (positives * negatives),
  positives,
  negatives,
  chosenAnswer: chosen.answer,
  rejectedAnswer: rejected.answer,
})

/** The first of each side, as many as the options allow. */
function sides<T>(good: readonly T[], bad: readonly T[], { perSide = 2, fillSides = false }: PairOptions): [T[], T[]] {
  const most = (other: readonly T[]): number => (fillSides && other.length === 1 ? perSide ** 2 : perSide)
  return [good.slice(0, most(bad)), bad.slice(0, most(good))]
}

const PAIR_OPTIONS: OptionNames<PairOptions> = {
  perSide: true,
  fillSides: true,
  minMargin: true,
  minEditDistance: true,
  rejected: true,
  failuresAreWrong: true,
  descend: true,
  trajectoryPairs: true,
}
