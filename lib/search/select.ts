// From a node down to the first that has no children to choose from, always by the best selection score.
// Pure: the tree is read, not written; random ties come from the tree's seed.
import { below, random } from '../seed/random.ts'
import { isOpen, qOf, ROOT, type Tree } from './tree.ts'

/**
 * The node that the rollout works on next: from `from`, by default the root, along the best children, down to a node
 * that is open (to be expanded), terminal, or without a child that selection may enter. Scores are those of `uct` or
 * `puct`, by the tree's settings. The tree is read, not written; equal trees select alike.
 */
export function select(tree: Tree, from: number = ROOT): number {
  let node = from
  while (!isOpen(tree, node)) {
    const child = bestChild(tree, node)
    if (child === null) return node
    node = child
  }
  return node
}

/**
 * The child with the highest selection score; null when selection may enter none. Exhausted children are never entered,
 * and under `terminals: 'created'` no terminal is. Of equal unvisited children the one with the higher initial value
 * goes first; what is still equal is decided by `ties`.
 */
export function bestChild(tree: Tree, node: number): number | null {
  const score = selectionScore(tree, node)
  const best: number[] = []
  let [bestScore, bestStart] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const child of tree.nodes[node]!.children ?? []) {
    if (tree.stats.exhausted[child]) continue
    if (tree.settings.terminals === 'created' && tree.nodes[child]!.terminal !== null) continue
    const childScore = score(child)
    const start = tree.stats.visits[child] === 0 ? tree.stats.valueSum[child]! : 0
    if (childScore < bestScore || (childScore === bestScore && start < bestStart)) continue
    if (childScore > bestScore || start > bestStart) best.length = 0
    best.push(child)
    bestScore = childScore
    bestStart = start
  }
  if (best.length <= 1 || tree.settings.ties === 'first') return best[0] ?? null
  const rng = random(tree.settings.seed, tree.problem.id, tree.index, 'select', tree.counts.rollouts, node)
  return best[below(rng, best.length)]!
}

/** The function that gives each child of `node` its selection score under the tree's settings. */
export function selectionScore(tree: Tree, node: number): (child: number) => number {
  const { c, firstPlayUrgency, select } = tree.settings
  const { visits, valueSum } = tree.stats
  const parentVisits = Math.max(1, visits[node]!)
  if (select === 'uct') {
    return (child) => (visits[child] === 0 ? firstPlayUrgency : uct(qOf(tree, child)!, visits[child]!, parentVisits, c))
  }
  const allProposals = (tree.nodes[node]!.children ?? []).reduce((sum, child) => sum + tree.nodes[child]!.proposals, 0)
  return (child) => {
    const { proposals, score } = tree.nodes[child]!
    const q = qOf(tree, child) ?? (score === null ? firstPlayUrgency : valueSum[child]!)
    return puct(q, visits[child]!, parentVisits, proposals / allProposals, c)
  }
}

/**
 * `q + c * sqrt(ln(parentVisits) / visits)` (paper, Eq. 1), for a child visited at least once: `q` in [-1, 1], `visits`
 * and `parentVisits` from 1 up, `c` from 0 up.
 * @example
 * uct(0.5, 2, 8, 2) // 2.539333980337618
 */
export const uct = (q: number, visits: number, parentVisits: number, c: number): number =>
  q + c * Math.sqrt(Math.log(parentVisits) / visits)

/**
 * `q + c * prior * sqrt(parentVisits) / (1 + visits)` (AlphaZero's rule; neither in the paper nor in the released
 * code), the prior in [0, 1] being the child's share of the proposals. `visits` may be 0; `c` from 0 up.
 * @example
 * puct(0.5, 3, 16, 0.25, 2) // 1
 */
export const puct = (q: number, visits: number, parentVisits: number, prior: number, c: number): number =>
  q + (c * prior * Math.sqrt(parentVisits)) / (1 + visits)
