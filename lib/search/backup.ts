// Values on their way to the root: the only writer of a tree's statistics.
import type { Grader } from '../problem/grader.ts'
import type { Annotator } from './annotator.ts'
import type { Tree } from './tree.ts'

/** What a terminal is worth: the value it sends, and whether its answer is right where that was looked at. */
export interface Judgement {
  /** In [-1, 1]; null where the trajectory's end is no fault of its steps, so that nothing is sent. */
  readonly reward: number | null
  readonly right: boolean | null
}

/**
 * Judges a terminal: the answer against the reference where the annotator uses it, then the annotator's reward.
 * Errors: when the node is no terminal, the grader says neither true nor false, or the reward is not in [-1, 1].
 */
export function judge(tree: Tree, node: number, annotator: Annotator, grader: Grader): Judgement {
  const { terminal, answer, score, depth } = tree.nodes[node]!
  if (terminal === null) throw new Error(`Expected node ${node} to be terminal. Select on, or expand it first`)
  if (terminal === 'unsupported') return { reward: null, right: null }
  const compared = answer !== null && annotator.usesReference
  const right = compared ? grader.equivalent(answer, tree.problem.answer) : null
  if (right !== null && typeof right !== 'boolean')
    throw new TypeError(`Expected the grader ${grader.name ?? ''} to say true or false at once, got ${String(right)}`)
  return { reward: inRange(annotator.reward({ kind: terminal, right, score, depth }), 'a reward'), right }
}

/**
 * Sends a terminal's reward, in [-1, 1], once to every node of its path: visits + 1, valueSum + reward (paper, Eq. 2).
 * A terminal without an answer keeps it to itself under `invalidPenalty: 'self'`. A reward of null sends nothing. The
 * terminal and every ancestor left with nothing to select is exhausted from then on. Changes the tree.
 * Errors: when the terminal was settled before.
 */
export function backup(tree: Tree, node: number, { reward, right }: Judgement): void {
  const { stats, settings, nodes } = tree
  if (stats.settledIn[node] !== null) throw new Error(`Expected a terminal that has sent nothing yet, got node ${node}`)
  stats.reward[node] = reward
  stats.right[node] = right
  stats.settledIn[node] = tree.counts.rollouts
  if (right === true) tree.counts.hits++
  if (reward !== null) {
    const last = nodes[node]!.terminal !== 'answered' && settings.invalidPenalty === 'self' ? node : 0
    for (let at = node; at >= last; at = nodes[at]!.parent) {
      stats.visits[at] = stats.visits[at]! + 1
      stats.valueSum[at] = stats.valueSum[at]! + reward
    }
  }
  exhaust(tree, node)
}

/** Marks a node that selection need not enter again, and every ancestor of which that is then true. */
function exhaust({ nodes, stats }: Tree, node: number): void {
  for (let at = node; at >= 0; at = nodes[at]!.parent) {
    if (at !== node && !nodes[at]!.children!.every((child) => stats.exhausted[child])) return
    stats.exhausted[at] = true
  }
}

/** Makes room for the statistics of a new node; with a PPM it starts with its initial value (paper, Eq. 3). */
export function start({ stats, settings }: Tree, initial: number | null): void {
  stats.visits.push(initial !== null && settings.scoreCountsAsVisit ? 1 : 0)
  stats.valueSum.push(initial === null ? 0 : inRange(initial, 'an initial value'))
  stats.reward.push(null)
  stats.right.push(null)
  stats.settledIn.push(null)
  stats.exhausted.push(false)
}

/** The value without a negative zero, which JSON would lose. */
export function inRange(value: number, what: string): number {
  if (!(typeof value === 'number' && value >= -1 && value <= 1))
    throw new RangeError(`Expected ${what} in [-1, 1], got ${value}`)
  return value + 0
}
