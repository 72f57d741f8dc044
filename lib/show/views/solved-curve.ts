// Problems solved against rollouts spent on each: what one more rollout is worth, and whether one way of searching gets
// there sooner than another.

import { expectOptions } from '../../options/expect-known.ts'
import { treesByProblem } from '../../pairs/sft-examples.ts'
import type { Tree } from '../../search/tree.ts'
import { type BarRow, barChart } from '../draw/characters.ts'
import {
  BAND_COLOURS,
  layout,
  PALETTE,
  PLOT_OPTIONS,
  type Plot,
  type PlotOptions,
  plot,
  shareAxis,
  type Trace,
} from '../draw/figure.ts'

const COLOURS = [PALETTE.blue, PALETTE.orange, PALETTE.green, PALETTE.pink, PALETTE.yellow, PALETTE.sky, PALETTE.grey]

/** A band keeps its colour of all plots. */
const colourOf = (name: string, i: number): string =>
  name in BAND_COLOURS ? BAND_COLOURS[name as keyof typeof BAND_COLOURS] : COLOURS[i % COLOURS.length]!

/**
 * [problems] Rollouts after which each problem had its first right answer, from 1 up, over its trees one after the
 * other; null for a problem without one. In the order of their first tree.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * rolloutsToSolve([newTree(problem!)]) // [ null ]
 */
export function rolloutsToSolve(trees: readonly Tree[]): (number | null)[] {
  return treesByProblem(trees).map((group) => {
    let before = 0
    for (const { stats, counts } of group) {
      const hits = stats.settledIn.filter(
        (rollout, node): rollout is number => rollout !== null && stats.right[node] === true,
      )
      if (hits.length > 0) return before + Math.min(...hits) + 1
      before += counts.rollouts
    }
    return null
  })
}

/**
 * Share of problems, in [0, 1], with a right answer after 1, 2, 3 … rollouts, one line for each named set of trees. A
 * set without trees is left out.
 * Errors: a TypeError for an option that it does not have.
 */
export function solvedCurve(
  sets: Readonly<Record<string, readonly Tree[]>>,
  options: PlotOptions & { title?: string } = {},
): Plot {
  expectOptions('solvedCurve', options, ['title', ...PLOT_OPTIONS])
  const { title = 'Problems solved against rollouts', ...rest } = options
  const lines = Object.entries(sets)
    .map(([name, trees]) => ({ name, needed: rolloutsToSolve(trees), most: mostRollouts(trees) }))
    .filter(({ needed }) => needed.length > 0)
  const solvedAfter = (needed: readonly (number | null)[], rollouts: number) =>
    needed.filter((each) => each !== null && each <= rollouts).length / needed.length
  const data = lines.map(({ name, needed, most }, i): Trace => {
    const x = Array.from({ length: most }, (_, r) => r + 1)
    return {
      type: 'scatter',
      mode: most < 20 ? 'lines+markers' : 'lines',
      name: `${name} (n ${needed.length})`,
      x,
      y: x.map((rollouts) => Number(solvedAfter(needed, rollouts).toFixed(4))),
      line: { color: colourOf(name, i), width: 2, shape: 'hv' },
      hovertemplate: `%{x} rollouts: %{y:.1%}<extra>${name}</extra>`,
    }
  })
  const rows = lines.flatMap(({ name, needed, most }, i): BarRow[] => [
    ...(i > 0 ? [{ label: '', share: 0 }] : []),
    ...doublings(most).map((rollouts) => {
      const share = solvedAfter(needed, rollouts)
      return { label: `${name}, ${rollouts}`, share, note: `${(100 * share).toFixed(1)} %` }
    }),
  ])
  const said = lines.map(({ name, needed, most }) => {
    return `${name}: ${(100 * solvedAfter(needed, 1)).toFixed(0)} % after one rollout, ${(100 * solvedAfter(needed, most)).toFixed(0)} % after ${most}.`
  })
  const base = layout(title, 'rollouts per problem', 'share of problems solved', {
    x: { rangemode: 'tozero' },
    y: shareAxis,
  })
  return plot({ data, layout: base }, barChart(title, rows), `${title}. ${said.join(' ')}`, rest)
}

const mostRollouts = (trees: readonly Tree[]): number =>
  Math.max(1, ...treesByProblem(trees).map((group) => group.reduce((sum, { counts }) => sum + counts.rollouts, 0)))

/** 1, 2, 4 … up to and with `most`. */
function doublings(most: number): number[] {
  const list: number[] = []
  for (let rollouts = 1; rollouts < most; rollouts *= 2) list.push(rollouts)
  return [...list, most]
}
