// Distributions of Q-values by round and depth. Values are counted into bins before anything is drawn, so a notebook
// stores some dozens of numbers, not one for each node.

import { countCell } from '../draw/cells.ts'
import { columnChart, sideBySide } from '../draw/characters.ts'
import { type Figure, layout, type Plot, type PlotOptions, plot, type Trace } from '../draw/figure.ts'

/** A node's Q-value and where it stands. */
export interface QValue {
  /** Mean backed-up reward, in [-1, 1]. */
  readonly q: number
  /** Steps from the root, from 1 up. */
  readonly depth: number
  readonly round: number
}

/** Counted Q-values of one round and depth. */
export interface QCounts {
  readonly round: number
  readonly depth: number
  /** [bins] Nodes whose Q lies in the i-th of equal parts of [-1, 1]; a part holds its lower end, the last both ends. */
  readonly counts: readonly number[]
}

/**
 * Counts Q-values into bins, in order of round and depth. `bins`: equal parts of [-1, 1], integer from 2 up, by default
 * 20.
 * Errors: a RangeError for `bins` below 2, and for a Q-value outside [-1, 1].
 * @example
 * const values = [{ q: 1, depth: 1, round: 1 }, { q: -0.2, depth: 1, round: 1 }]
 * countQ(values, 4) // [ { round: 1, depth: 1, counts: [ 0, 1, 0, 1 ] } ]
 */
export function countQ(values: Iterable<QValue>, bins = 20): QCounts[] {
  if (!Number.isInteger(bins) || bins < 2)
    throw new RangeError(`Expected \`bins\` to be an integer from 2, got \`${bins}\``)
  const groups = new Map<string, { round: number; depth: number; counts: number[] }>()
  for (const { q, depth, round } of values) {
    if (!(q >= -1 && q <= 1)) throw new RangeError(`Expected Q-values in [-1, 1], got \`${q}\``)
    const key = `${round}/${depth}`
    let group = groups.get(key)
    if (!group) {
      group = { round, depth, counts: new Array<number>(bins).fill(0) }
      groups.set(key, group)
    }
    group.counts[Math.min(bins - 1, Math.floor(((q + 1) / 2) * bins))]! += 1
  }
  return [...groups.values()].sort((a, b) => a.round - b.round || a.depth - b.depth)
}

// Light to dark: deeper steps are darker.
const DEPTH_COLOURS = ['#fde725', '#a0da39', '#4ac16d', '#1fa187', '#277f8e', '#365c8d', '#46327e', '#2d0b45']

/**
 * A panel for each round: how many nodes have which Q-value, stacked by depth. Depths from 8 on share a colour.
 * `values` may be raw nodes or counts from `countQ`; `bins` (from 2 up, by default 20) is for raw ones.
 * Errors: those of `countQ`.
 */
export function qHistogram(
  values: readonly QValue[] | readonly QCounts[],
  options: PlotOptions & { title?: string; bins?: number } = {},
): Plot {
  const { title = 'Q-values of steps', bins = 20, ...rest } = options
  const counted = isCounted(values) ? byDepth(values) : byDepth(countQ(values, bins))
  const rounds = [...new Set(counted.map(({ round }) => round))]
  const figure = histogramFigure(title, counted, rounds)
  const totals = rounds.map((round) => total(counted.filter((group) => group.round === round)))
  const text = sideBySide(
    rounds.map((round, i) =>
      columnChart(`round ${round}, ${countCell(sum(totals[i]!))} nodes`, totals[i]!, { left: 'Q -1', right: '+1' }),
    ),
  )
  const alt = rounds.map((round, i) => `Round ${round}: ${describe(totals[i]!)}`).join(' ')
  const rows = Math.ceil(rounds.length / COLUMNS)
  return plot(figure, `${title}\n${text || 'no nodes'}`, `${title}. ${alt}`, { height: 160 + 190 * rows, ...rest })
}

const COLUMNS = 2
const GAP = 0.16 // between rows of panels, as a share of the height
const MAX_DEPTH = DEPTH_COLOURS.length
const isCounted = (values: readonly QValue[] | readonly QCounts[]): values is readonly QCounts[] =>
  values.length > 0 && 'counts' in values[0]!
const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)
const total = (groups: readonly QCounts[]) =>
  groups[0]!.counts.map((_, i) => sum(groups.map(({ counts }) => counts[i]!)))

/** Joins the depths beyond the last colour. */
function byDepth(counted: readonly QCounts[]): QCounts[] {
  const rounds = [...new Set(counted.map(({ round }) => round))].sort((a, b) => a - b)
  return rounds.flatMap((round) =>
    Array.from({ length: MAX_DEPTH }, (_, i) => i + 1).flatMap((depth) => {
      const same = counted.filter((group) => group.round === round && Math.min(group.depth, MAX_DEPTH) === depth)
      return same.length === 0 ? [] : [{ round, depth, counts: total(same) }]
    }),
  )
}

function histogramFigure(title: string, counted: readonly QCounts[], rounds: readonly number[]): Figure {
  const base = layout(title, 'Q-value', 'nodes')
  const axes: Record<string, unknown> = {}
  const annotations: unknown[] = []
  const columns = Math.min(COLUMNS, Math.max(1, rounds.length))
  const rows = Math.max(1, Math.ceil(rounds.length / columns))
  const tall = (1 - GAP * (rows - 1)) / rows
  rounds.forEach((round, i) => {
    const [column, row, id] = [i % columns, Math.floor(i / columns), i === 0 ? '' : String(i + 1)]
    const left = column * (1 / columns) + (column > 0 ? 0.05 : 0)
    const right = (column + 1) * (1 / columns) - (column < columns - 1 ? 0.05 : 0)
    const high = 1 - row * (tall + GAP)
    const xTitle = row === rows - 1 || i + columns >= rounds.length ? 'Q-value (mean reward)' : ''
    axes[`xaxis${id}`] = {
      ...(base.xaxis as object),
      title: { text: xTitle, standoff: 8 },
      range: [-1.02, 1.02],
      dtick: 0.5,
      domain: [left, right],
      anchor: `y${id}`,
    }
    axes[`yaxis${id}`] = {
      ...(base.yaxis as object),
      title: { text: column === 0 ? 'nodes' : '', standoff: 8 },
      domain: [Math.max(0, high - tall), high],
      anchor: `x${id}`,
      rangemode: 'tozero',
      nticks: 5,
    }
    const label = {
      text: `round ${round}`,
      showarrow: false,
      xref: 'paper',
      yref: 'paper',
      xanchor: 'left',
      yanchor: 'bottom',
    }
    annotations.push({ ...label, x: left, y: high, font: { size: 12 } })
  })
  const seen = new Set<number>()
  const data: Trace[] = counted.map(({ round, depth, counts }) => {
    const id = rounds.indexOf(round) === 0 ? '' : String(rounds.indexOf(round) + 1)
    const first = !seen.has(depth)
    seen.add(depth)
    const step = 2 / counts.length
    return {
      type: 'bar',
      name: depth === MAX_DEPTH ? `depth ${depth}+` : `depth ${depth}`,
      legendgroup: `depth ${depth}`,
      legendrank: depth,
      showlegend: first,
      x: counts.map((_, i) => Number((-1 + step * (i + 0.5)).toFixed(6))),
      y: [...counts],
      width: step,
      xaxis: `x${id}`,
      yaxis: `y${id}`,
      marker: { color: DEPTH_COLOURS[depth - 1] },
      hovertemplate: `round ${round}, depth ${depth}<br>Q about %{x:.2f}: %{y} nodes<extra></extra>`,
    }
  })
  const legend = { traceorder: 'normal', x: 1.02, xanchor: 'left', y: 1, yanchor: 'top' }
  return {
    data,
    layout: { ...base, ...axes, annotations, legend, barmode: 'stack', margin: { l: 56, r: 24, t: 64, b: 48 } },
  }
}

function describe(counts: readonly number[]): string {
  const all = sum(counts) || 1
  const share = (from: number, to: number) => {
    const part = counts.filter((_, i) => (i + 0.5) / counts.length >= from && (i + 0.5) / counts.length < to)
    return `${Math.round((100 * sum(part)) / all)} %`
  }
  return `${countCell(sum(counts))} nodes, ${share(0, 0.25)} of them with Q below -0.5 and ${share(0.75, 1.01)} above 0.5.`
}
