// A PPM's scores as people look at them: written beside the steps of a tree, and as two distributions, of trajectories
// that ended right and of those that ended wrong.

import { expectOptions } from '../../options/expect-known.ts'
import type { Ppm } from '../../policy/ppm-contract.ts'
import { prefixOf, type Tree } from '../../search/tree.ts'
import { columnChart, sideBySide } from '../draw/characters.ts'
import { layout, PALETTE, PLOT_OPTIONS, type Plot, type PlotOptions, plot, type Trace } from '../draw/figure.ts'

/**
 * The tree with this PPM's score, in [-1, 1], beside every step but the root; Q-values stay as they were. The given
 * tree is not changed. One request of the PPM for each node with children.
 * Errors: those of the PPM.
 */
export async function scoredTree(tree: Tree, ppm: Ppm): Promise<Tree> {
  const parents = tree.nodes.flatMap(({ children }, node) => (children && children.length > 0 ? [node] : []))
  const scores = await ppm.score(
    parents.map((node) => ({
      prefix: prefixOf(tree, node),
      candidates: tree.nodes[node]!.children!.map((child) => tree.nodes[child]!.step),
    })),
  )
  const nodes = tree.nodes.map((node) => ({ ...node }))
  for (const [i, node] of parents.entries())
    for (const [k, child] of tree.nodes[node]!.children!.entries())
      nodes[child] = { ...nodes[child]!, score: scores[i]![k]! }
  return { ...tree, nodes }
}

/** PPM scores of whole solutions in [-1, 1], by whether the answer was right. */
export interface SolutionScores {
  readonly right: readonly number[]
  readonly wrong: readonly number[]
}

/**
 * The scores, in [-1, 1], of all answered trajectories of trees that were searched with a PPM, or scored by
 * `scoredTree`. Trajectories without a score, or whose answer nobody compared, are left out.
 */
export function solutionScores(trees: readonly Tree[]): SolutionScores {
  const of = (right: boolean) =>
    trees.flatMap(({ nodes, stats }) =>
      nodes.flatMap(({ answer, score }, node) =>
        answer !== null && score !== null && stats.right[node] === right ? [score] : [],
      ),
    )
  return { right: of(true), wrong: of(false) }
}

/**
 * Share of right pairs, in [0, 1]: how often a right solution scores above a wrong one, drawn at random (area under the
 * ROC curve; a tie counts half). Undefined where one side is empty.
 * @example
 * separation({ right: [0.9, 0.2], wrong: [0.1, 0.5] }) // 0.75
 */
export function separation({ right, wrong }: SolutionScores): number | undefined {
  if (right.length === 0 || wrong.length === 0) return undefined
  const sum = right.reduce(
    (total, good) =>
      total + wrong.reduce((wins, bad) => wins + (good > bad ? 1 : good === bad ? 0.5 : 0), 0) / wrong.length,
    0,
  )
  return sum / right.length
}

/**
 * The two distributions over each other, each as shares of its own side. `bins`: equal parts of [-1, 1], integer from 1
 * up, by default 20.
 * Errors: a RangeError for a score outside [-1, 1]; a TypeError for an option that it does not have.
 */
export function scoreHistogram(
  scores: SolutionScores,
  options: PlotOptions & { title?: string; bins?: number } = {},
): Plot {
  expectOptions('scoreHistogram', options, ['title', 'bins', ...PLOT_OPTIONS])
  const { title = 'PPM scores of whole solutions', bins = 20, ...rest } = options
  const sides = [
    { name: 'right answer', values: scores.right, color: PALETTE.blue },
    { name: 'wrong answer', values: scores.wrong, color: PALETTE.orange },
  ].map((side) => ({ ...side, shares: sharesOf(side.values, bins) }))
  const width = 2 / bins
  const data = sides.map(
    ({ name, values, color, shares }): Trace => ({
      type: 'bar',
      name: `${name} (n ${values.length})`,
      x: shares.map((_, i) => Number((-1 + width * (i + 0.5)).toFixed(6))),
      y: shares.map((share) => Number(share.toFixed(4))),
      width,
      marker: { color, opacity: 0.6 },
      hovertemplate: `score about %{x:.2f}: %{y:.1%}<extra>${name}</extra>`,
    }),
  )
  const base = layout(title, 'PPM score', 'share of solutions', {
    x: { range: [-1.02, 1.02], dtick: 0.5 },
    y: { rangemode: 'tozero', tickformat: '.0%' },
  })
  const area = separation(scores)
  const says =
    area === undefined
      ? 'One side has no solutions.'
      : `A right solution scores above a wrong one in ${(100 * area).toFixed(0)} % of draws.`
  const drawings = sides.map(({ name, values, shares }) =>
    columnChart(`${name}, ${values.length} solutions`, shares, {
      left: 'score -1',
      right: '+1',
      format: (share) => `${Math.round(100 * share)} %`,
    }),
  )
  const figure = { data, layout: { ...base, barmode: 'overlay' } }
  return plot(figure, `${title}\n${sideBySide(drawings)}\n${says}`, `${title}. ${says}`, rest)
}

function sharesOf(values: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) {
    if (!(value >= -1 && value <= 1)) throw new RangeError(`Expected scores in [-1, 1], got \`${value}\``)
    counts[Math.min(bins - 1, Math.floor(((value + 1) / 2) * bins))]! += 1
  }
  return counts.map((count) => count / Math.max(1, values.length))
}
