// Distributions of Q-values by round and depth. Values are counted into bins before anything is drawn, so a notebook
// stores some dozens of numbers, not one for each node.

import { expectOptions } from '../../options/expect-known.ts'
import { countCell } from '../draw/cells.ts'
import { columnChart, sideBySide } from '../draw/characters.ts'
import { type Figure, layout, PLOT_OPTIONS, type Plot, type PlotOptions, plot, type Trace } from '../draw/figure.ts'

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

// Along the rainbow, none too light for white or too dark for black.
const DEPTH_COLOURS = ['#e8b800', '#b3b52a', '#6fae45', '#2f9f6d', '#1f8e8e', '#3579b1', '#5b66c2', '#8a55c4']

/** What a histogram of Q-values shows. */
export interface QHistogramOptions extends PlotOptions {
  /** @default 'Q-values of steps' */
  title?: string
  /** Equal parts of [-1, 1] for raw values. From 2 up. @default 20 */
  bins?: number
  /**
   * Height of the bars: `log` counts in powers of ten, so that a part with nearly all nodes leaves the others readable;
   * colours still share a bar as the depths share its nodes. @default 'log' where most parts would be too low to see
   */
  scale?: 'linear' | 'log'
}

/**
 * A panel for each round: how many nodes have which Q-value, stacked by depth. Depths from 8 on share a colour.
 * `values` may be raw nodes or counts from `countQ`.
 * Errors: those of `countQ`; a TypeError for an option that it does not have.
 */
export function qHistogram(values: readonly QValue[] | readonly QCounts[], options: QHistogramOptions = {}): Plot {
  expectOptions('qHistogram', options, ['title', 'bins', 'scale', ...PLOT_OPTIONS])
  const { title = 'Q-values of steps', bins = 20, scale: given, ...rest } = options
  const counted = isCounted(values) ? byDepth(values) : byDepth(countQ(values, bins))
  const rounds = [...new Set(counted.map(({ round }) => round))]
  const totals = rounds.map((round) => total(counted.filter((group) => group.round === round)))
  const scale = SCALES[given ?? (totals.some(isUneven) ? 'log' : 'linear')]
  const figure = histogramFigure(title, counted, rounds, totals, scale)
  const format = (height: number) => countCell(scale.count(height))
  const text = sideBySide(
    rounds.map((round, i) =>
      columnChart(`round ${round}, ${countCell(sum(totals[i]!))} nodes${scale.note}`, totals[i]!.map(scale.height), {
        left: 'Q -1',
        right: '+1',
        format,
      }),
    ),
  )
  const alt = rounds.map((round, i) => `Round ${round}: ${describe(totals[i]!)}`).join(' ')
  const rows = Math.ceil(rounds.length / COLUMNS)
  return plot(figure, `${title}\n${text || 'no nodes'}`, `${title}. ${alt}`, { height: 190 + 190 * rows, ...rest })
}

/** How high a bar of so many nodes is, and back. */
interface Scale {
  readonly note: string
  height(count: number): number
  count(height: number): number
  readonly axis: Readonly<Record<string, unknown>>
  readonly legend: Readonly<Record<string, unknown>>
}

const POWERS = [0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000]
const SCALES: Readonly<Record<'linear' | 'log', Scale>> = {
  linear: {
    note: '',
    height: (count) => count,
    count: (height) => height,
    axis: { rangemode: 'tozero', nticks: 5 },
    legend: {},
  },
  log: {
    note: ', log scale',
    legend: { title: { text: 'share of a bar: ', side: 'left' } },
    height: (count) => Math.log10(1 + count),
    count: (height) => 10 ** height - 1,
    axis: {
      rangemode: 'tozero',
      tickvals: POWERS.map((count) => Math.log10(1 + count)),
      ticktext: POWERS.map(countCell),
    },
  },
}

/** Parts lower than this share of the highest are hard to see. */
const VISIBLE = 0.05

/** Half of the parts with nodes would be too low to see. */
function isUneven(counts: readonly number[]): boolean {
  const filled = counts.filter((count) => count > 0).sort((a, b) => a - b)
  return filled.length > 1 && filled[Math.floor((filled.length - 1) / 2)]! < VISIBLE * filled.at(-1)!
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

function histogramFigure(
  title: string,
  counted: readonly QCounts[],
  rounds: readonly number[],
  totals: readonly (readonly number[])[],
  scale: Scale,
): Figure {
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
    const xTitle = row === rows - 1 || i + columns >= rounds.length ? 'Q-value' : ''
    axes[`xaxis${id}`] = {
      ...(base.xaxis as object),
      title: { text: xTitle, standoff: 8 },
      range: [-1.02, 1.02],
      tickvals: [-1, -0.5, 0, 0.5, 1],
      ticktext: ['−1', '', '0', '', '+1'],
      tickangle: 0,
      domain: [left, right],
      anchor: `y${id}`,
    }
    axes[`yaxis${id}`] = {
      ...(base.yaxis as object),
      title: { text: column === 0 ? `nodes${scale.note}` : '', standoff: 8 },
      domain: [Math.max(0, high - tall), high],
      anchor: `x${id}`,
      ...scale.axis,
    }
    const label = {
      text: `round ${round}, ${countCell(sum(totals[i]!))} nodes`,
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
    const all = totals[rounds.indexOf(round)]!
    const height = (count: number, i: number) => (count === 0 ? 0 : (scale.height(all[i]!) * count) / all[i]!)
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
      y: counts.map((count, i) => Number(height(count, i).toFixed(4))),
      customdata: [...counts],
      width: step,
      xaxis: `x${id}`,
      yaxis: `y${id}`,
      marker: { color: DEPTH_COLOURS[depth - 1] },
      hovertemplate: `round ${round}, depth ${depth}<br>Q about %{x:.2f}: %{customdata} nodes<extra></extra>`,
    }
  })
  // Below: beside the panels it would take a third of a narrow page.
  const legend = {
    ...scale.legend,
    traceorder: 'normal',
    orientation: 'h',
    x: 0,
    xanchor: 'left',
    yref: 'container',
    y: 0,
    yanchor: 'bottom',
  }
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
