// Curves and bars of a run: losses while training, shares by round with their intervals, accuracy against number of
// trajectories. Long logs are averaged down before they are drawn.

import { BANDS, type BandMeasures, type Measure } from '../../eval/intervals.ts'
import type { RoundReport, ScalingPoint } from '../../eval/report-schema.ts'
import { expectOptions } from '../../options/expect-known.ts'
import { measureCell } from '../draw/cells.ts'
import { type BarRow, barChart, columnChart } from '../draw/characters.ts'
import {
  BAND_COLOURS,
  INK,
  layout,
  PALETTE,
  PLOT_OPTIONS,
  type Plot,
  type PlotOptions,
  plot,
  shareAxis,
  type Trace,
} from '../draw/figure.ts'

/** One line of a training log. */
export interface LogPoint {
  readonly step: number
  /** Nats. */
  readonly loss?: number
  /** Held-out accuracy, in [0, 1]. */
  readonly accuracy?: number
}

/** One training, e.g. `{ name: 'policy, round 1', points: log.curve }`. */
export interface LearningRun {
  readonly name: string
  readonly points: readonly LogPoint[]
}

const SERIES = [PALETTE.blue, PALETTE.orange, PALETTE.green, PALETTE.pink, PALETTE.yellow, PALETTE.sky, PALETTE.grey]
const DASHES = ['solid', 'dash', 'dot', 'dashdot'] as const
// Losses are read in powers of ten; plotly's own labels on such an axis leave out the power.
const LOSS_TICKS = [-4, -3, -2, -1, 0, 1].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)))

const look = (i: number) => ({ color: SERIES[i % SERIES.length]!, dash: DASHES[Math.floor(i / SERIES.length) % 4]! })

/**
 * Loss against step, one line a training run, and held-out accuracy, in [0, 1], below where a log has it. Logs longer
 * than `points` (from 1 up, by default 200) are averaged in equal parts. `threshold`, in nats, draws the loss at which
 * the rate starts to fall.
 * Errors: a TypeError for an option that it does not have.
 * @example
 * const points = [{ step: 1, loss: 5 }, { step: 2, loss: 4 }]
 * learningCurve([{ name: 'policy', points }]).alt // 'Learning curves. policy falls from 5.00 to 4.000 nats.'
 */
export function learningCurve(
  logs: readonly LearningRun[],
  options: PlotOptions & { title?: string; points?: number; threshold?: number } = {},
): Plot {
  expectOptions('learningCurve', options, ['title', 'points', 'threshold', ...PLOT_OPTIONS])
  const { title = 'Learning curves', points = 200, threshold, ...rest } = options
  const read = (log: LearningRun, key: 'loss' | 'accuracy') =>
    averaged(
      log.points.flatMap((point) => (point[key] === undefined ? [] : [{ x: point.step, y: point[key] }])),
      points,
    )
  const losses = logs.map((log) => ({ name: log.name, line: read(log, 'loss') }))
  const accuracies = logs.map((log) => ({ name: log.name, line: read(log, 'accuracy') }))
  const both = accuracies.some(({ line }) => line.length > 0)
  const trace = (key: 'loss' | 'accuracy') => (run: { name: string; line: { x: number; y: number }[] }, i: number) => ({
    type: 'scatter' as const,
    mode: key === 'loss' ? 'lines' : 'lines+markers',
    name: run.name,
    legendgroup: run.name,
    showlegend: key === 'loss' || losses[i]!.line.length === 0,
    x: run.line.map(({ x }) => Math.round(x)),
    y: run.line.map(({ y }) => Number(y.toPrecision(4))),
    line: { ...look(i), width: 2 },
    ...(key === 'accuracy' && { yaxis: 'y2' }),
    hovertemplate: `step %{x}: ${key === 'loss' ? '%{y:.3f} nats' : '%{y:.1%}'}<extra>${run.name}</extra>`,
  })
  const drawn = (traces: Trace[]) => traces.filter(({ x }) => (x as number[]).length > 0)
  const base = layout(title, 'optimizer step', 'loss (nats)', {
    x: { rangemode: 'tozero' },
    y: { type: 'log', tickvals: LOSS_TICKS, ...(both && { domain: [0.44, 1] }) },
  })
  const shapes =
    threshold === undefined
      ? {}
      : {
          shapes: [
            {
              type: 'line',
              xref: 'paper',
              x0: 0,
              x1: 1,
              y0: threshold,
              y1: threshold,
              line: { color: PALETTE.grey, width: 1, dash: 'dot' },
            },
          ],
        }
  const accuracyAxis = layout('', '', 'held-out accuracy', {
    y: { ...shareAxis, domain: [0, 0.34], anchor: 'x' },
  }).yaxis
  const second = { yaxis2: accuracyAxis }
  const xaxis = { ...(base.xaxis as object), anchor: both ? 'y2' : 'y' }
  const data = drawn([...losses.map(trace('loss')), ...(both ? accuracies.map(trace('accuracy')) : [])])
  const text = [
    title,
    ...losses.filter(({ line }) => line.length > 0).map((run) => columns(run, 'loss, nats', (y) => y.toFixed(2))),
    ...accuracies.filter(({ line }) => line.length > 0).map((run) => columns(run, 'accuracy', (y) => y.toFixed(2))),
  ].join('\n')
  const alt = losses.flatMap(({ name, line }) =>
    line.length === 0 ? [] : [`${name} falls from ${line[0]!.y.toFixed(2)} to ${line.at(-1)!.y.toFixed(3)} nats.`],
  )
  return plot(
    { data, layout: { ...base, xaxis, ...(both && second), ...shapes } },
    text,
    `${title}. ${alt.join(' ')}`,
    {
      height: both ? 480 : 380,
      ...rest,
    },
  )
}

function columns(run: { name: string; line: { x: number; y: number }[] }, unit: string, format: (y: number) => string) {
  if (run.line.length < 12) return `${run.name}: ${unit} ${run.line.map(({ y }) => format(y)).join(' → ')}`
  const narrow = averaged(run.line, 64)
  const last = run.line.at(-1)!
  const axes = { left: `step ${Math.round(run.line[0]!.x)}`, right: String(Math.round(last.x)), format }
  return columnChart(
    `${run.name}: ${unit}, last ${format(last.y)}`,
    narrow.map(({ y }) => y),
    axes,
    4,
  )
}

/** Means of `parts` parts of equal length, or the line itself when it is shorter. */
export function averaged(line: readonly { x: number; y: number }[], parts: number): { x: number; y: number }[] {
  if (line.length <= parts) return [...line]
  return Array.from({ length: parts }, (_, i) => {
    const part = line.slice(Math.floor((i * line.length) / parts), Math.floor(((i + 1) * line.length) / parts))
    const mean = (key: 'x' | 'y') => part.reduce((sum, point) => sum + point[key], 0) / part.length
    return { x: mean('x'), y: mean('y') }
  })
}

/** The measures of a round that come by band. */
export type RoundMeasure = 'coverage' | 'passAt1' | 'system2' | 'bestOfN' | 'majority' | 'faithful'

/** What each measure is called in plots and tables. */
export const MEASURE_NAMES: { readonly [measure in RoundMeasure]: string } = {
  coverage: 'coverage of training problems',
  passAt1: 'greedy pass@1',
  system2: 'System 2',
  bestOfN: 'best-of-N',
  majority: 'majority',
  faithful: 'faithful trajectories',
}

/** The interval as plotly's error bars. */
const errorBars = (measures: readonly Measure[], colour: string) => ({
  type: 'data',
  symmetric: false,
  array: measures.map(({ value, high }) => Number((high - value).toFixed(4))),
  arrayminus: measures.map(({ value, low }) => Number((value - low).toFixed(4))),
  color: colour,
  thickness: 1.2,
  width: 4,
})

/**
 * One measure by round: a line for all problems and one for each band, shares in [0, 1] with 95 % Wilson intervals as
 * error bars. `baseline` adds a level line. Rounds that did not measure it are left out; without any the plot says so.
 * Errors: a TypeError for an option that it does not have.
 */
export function roundCurve(
  rounds: readonly RoundReport[],
  measure: RoundMeasure,
  options: PlotOptions & { title?: string; baseline?: BandMeasures } = {},
): Plot {
  expectOptions('roundCurve', options, ['title', 'baseline', ...PLOT_OPTIONS])
  const { title = `${capital(MEASURE_NAMES[measure])} by round`, baseline, ...rest } = options
  const bands = ['all', ...BANDS] as const
  const rows: BarRow[] = []
  const said: string[] = []
  const data = bands.flatMap((band, i): Trace[] => {
    const found = rounds.flatMap((round) => {
      const value = round[measure]?.[band]
      return value === undefined ? [] : [{ round: round.round, value }]
    })
    if (found.length === 0) return []
    if (rows.length > 0) rows.push({ label: '', share: 0 })
    for (const { round, value } of found)
      rows.push({ label: `${band} r${round}`, share: value.value, note: measureCell(value, { n: true }) })
    said.push(`${band}: ${found.map(({ round, value }) => `round ${round} ${percent(value.value)}`).join(', ')}.`)
    const measures = found.map(({ value }) => value)
    const colour = BAND_COLOURS[band]
    return [
      {
        type: 'scatter',
        mode: 'lines+markers',
        name: band,
        x: found.map(({ round }) => Number((round + 0.04 * (i - 1.5)).toFixed(2))), // apart, so that bars do not cover each other
        y: measures.map(({ value }) => Number(value.toFixed(4))),
        error_y: errorBars(measures, colour),
        customdata: found.map(({ round, value }) => [round, value.n]),
        line: { color: colour, width: band === 'all' ? 3 : 2, dash: band === 'all' ? 'solid' : 'dot' },
        marker: {
          color: colour,
          size: band === 'all' ? 9 : 8,
          symbol: ['circle', 'diamond', 'square', 'triangle-up'][i],
        },
        hovertemplate: `round %{customdata[0]}: %{y:.1%} of %{customdata[1]}<extra>${band}</extra>`,
      },
    ]
  })
  const first = rounds[0]?.round ?? 1
  const last = rounds.at(-1)?.round ?? 1
  if (baseline) {
    rows.push(
      { label: '', share: 0 },
      { label: 'baseline', share: baseline.all.value, note: measureCell(baseline.all, { n: true }) },
    )
    said.push(`Baseline of the bootstrap: ${percent(baseline.all.value)}.`)
    data.push({
      type: 'scatter',
      mode: 'lines',
      name: 'bootstrap, greedy (all)',
      x: [first - 0.25, last + 0.25],
      y: [baseline.all.value, baseline.all.value],
      line: { color: PALETTE.grey, width: 1.5, dash: 'dash' },
      hovertemplate: `%{y:.1%} of ${baseline.all.n}<extra>bootstrap</extra>`,
    })
  }
  const x = { tickvals: rounds.map(({ round }) => round), range: [first - 0.3, last + 0.3] }
  const figure = {
    data,
    layout: layout(title, 'round', `share of ${measure === 'faithful' ? 'trajectories' : 'problems'}`, {
      x,
      y: shareAxis,
    }),
  }
  return plot(figure, barChart(title, rows), `${title}. ${said.join(' ')}`, rest)
}

const COMPARED = [
  ['passAt1', PALETTE.grey],
  ['majority', PALETTE.sky],
  ['bestOfN', PALETTE.yellow],
  ['system2', PALETTE.blue],
] as const

/**
 * Greedy pass@1, majority, best-of-N and System 2 beside each other in every round, for all problems or one `band` (by
 * default all; paper, table 6). Shares in [0, 1] with 95 % Wilson intervals.
 * Errors: a TypeError for an option that it does not have.
 */
export function roundBars(
  rounds: readonly RoundReport[],
  options: PlotOptions & { title?: string; band?: keyof BandMeasures } = {},
): Plot {
  expectOptions('roundBars', options, ['title', 'band', ...PLOT_OPTIONS])
  const {
    band = 'all',
    title = `Ways of answering held-out problems${band === 'all' ? '' : `, ${band} band`}`,
    ...rest
  } = options
  const data = COMPARED.flatMap(([measure, colour]): Trace[] => {
    const found = rounds.flatMap((round) =>
      round[measure]?.[band] ? [{ round: round.round, value: round[measure][band] }] : [],
    )
    if (found.length === 0) return []
    const measures = found.map(({ value }) => value)
    return [
      {
        type: 'bar',
        name: MEASURE_NAMES[measure],
        x: found.map(({ round }) => `round ${round}`),
        y: measures.map(({ value }) => Number(value.toFixed(4))),
        error_y: errorBars(measures, INK),
        customdata: measures.map(({ n }) => n),
        marker: { color: colour },
        hovertemplate: `%{x}: %{y:.1%} of %{customdata}<extra>${MEASURE_NAMES[measure]}</extra>`,
      },
    ]
  })
  const groups = rounds.map((round) =>
    COMPARED.flatMap(([measure]): BarRow[] => {
      const value = round[measure]?.[band]
      return value
        ? [
            {
              label: `r${round.round} ${MEASURE_NAMES[measure]}`,
              share: value.value,
              note: measureCell(value, { n: true }),
            },
          ]
        : []
    }),
  )
  const rows = groups.flatMap((group, i) => (i === 0 ? group : [{ label: '', share: 0 }, ...group]))
  const said = rows.flatMap(({ label, share }) => (label === '' ? [] : [`${label} ${percent(share)}`])).join(', ')
  const figure = {
    data,
    layout: {
      ...layout(title, '', 'share of problems', { y: shareAxis }),
      barmode: 'group',
      bargap: 0.25,
      bargroupgap: 0.08,
    },
  }
  return plot(figure, barChart(title, rows), `${title}. ${said}.`, rest)
}

const SCALED = [
  ['anyRight', 'any right (pass@N)', PALETTE.grey],
  ['majority', MEASURE_NAMES.majority, PALETTE.sky],
  ['bestOfN', MEASURE_NAMES.bestOfN, PALETTE.yellow],
  ['system2', MEASURE_NAMES.system2, PALETTE.blue],
] as const

/**
 * Accuracy, in [0, 1] with 95 % Wilson intervals, against number of trajectories per problem on a doubling axis (paper,
 * figure 3).
 * Errors: a TypeError for an option that it does not have.
 */
export function scalingCurve(points: readonly ScalingPoint[], options: PlotOptions & { title?: string } = {}): Plot {
  expectOptions('scalingCurve', options, ['title', ...PLOT_OPTIONS])
  const { title = 'Accuracy against number of trajectories', ...rest } = options
  const counts = [...new Set(points.map(({ trajectories }) => trajectories))].sort((a, b) => a - b)
  const rows: BarRow[] = []
  const data = SCALED.flatMap(([key, name, colour], i): Trace[] => {
    const found = points.flatMap((point) => (point[key] ? [{ x: point.trajectories, value: point[key] }] : []))
    if (found.length === 0) return []
    if (rows.length > 0) rows.push({ label: '', share: 0 })
    for (const { x, value } of found)
      rows.push({ label: `${name}, ${x}`, share: value.value, note: measureCell(value, { n: true }) })
    const measures = found.map(({ value }) => value)
    return [
      {
        type: 'scatter',
        mode: 'lines+markers',
        name,
        x: found.map(({ x }) => Number((x * 1.03 ** (i - 1.5)).toFixed(3))), // apart, as in roundCurve
        y: measures.map(({ value }) => Number(value.toFixed(4))),
        error_y: errorBars(measures, colour),
        customdata: found.map(({ x, value }) => [x, value.n]),
        line: { color: colour, width: 2, dash: key === 'anyRight' ? 'dash' : 'solid' },
        marker: { color: colour, size: 8, symbol: ['circle-open', 'diamond', 'square', 'circle'][i] },
        hovertemplate: `%{customdata[0]} trajectories: %{y:.1%} of %{customdata[1]}<extra>${name}</extra>`,
      },
    ]
  })
  const lowest = Math.min(1, ...points.flatMap((point) => SCALED.flatMap(([key]) => point[key]?.low ?? [])))
  const figure = {
    data,
    layout: layout(title, 'trajectories per problem', 'share of held-out problems', {
      x: { type: 'log', tickvals: counts, ticktext: counts.map(String) },
      // Not from 0: differences between ways of answering are small beside their level.
      y: { ...shareAxis, range: [Math.max(0, Math.floor(lowest * 10) / 10), 1.02], dtick: lowest > 0.5 ? 0.1 : 0.2 },
    }),
  }
  const said = rows.flatMap(({ label, share }) => (label === '' ? [] : [`${label}: ${percent(share)}`])).join('; ')
  return plot(figure, barChart(title, rows), `${title}. ${said}.`, rest)
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const capital = (text: string) => text[0]!.toUpperCase() + text.slice(1)
