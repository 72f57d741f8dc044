// Plotly figures in the one look of this project: palette, fonts, margins, and how a figure shows itself. Traces carry
// binned or averaged numbers only, since the JSON is stored in the notebook.
import { type DisplayHost, jupyterDisplay, type MimeBundle, type Shown, shown } from './display.ts'

/** One plotly trace, as plotly's JSON has it. */
export type Trace = Record<string, unknown> & { type: 'scatter' | 'bar' }

/** What plotly draws. */
export interface Figure {
  readonly data: readonly Trace[]
  readonly layout: Record<string, unknown> & { readonly font?: Record<string, unknown> }
}

/** A plot: a figure that shows itself as plotly JSON, as PNG, and as a drawing of characters. */
export interface Plot extends Shown {
  readonly figure: Figure
  /** What the plot says, in words, for people who cannot see it. */
  readonly alt: string
  /** The PNG's bytes; the first call in a process takes about a second. */
  png(): Promise<Uint8Array>
  [jupyterDisplay](host?: DisplayHost): Promise<MimeBundle>
}

/** Colours that people with any common colour blindness tell apart (Okabe and Ito), on white and on black. */
export const PALETTE = {
  blue: '#0072b2',
  orange: '#d55e00',
  green: '#009e73',
  pink: '#cc79a7',
  yellow: '#e69f00',
  sky: '#56b4e9',
  grey: '#6b7280',
} as const

/**
 * Text and lines that read on white and on black: a contrast of 4 or more on both. A plot is not told the theme of the page
 * that it lies on, and is stored for other pages.
 */
export const INK = '#7d7d7d'
const CLEAR = 'rgba(0,0,0,0)'

/** One colour for each band, and for all together, in every plot. */
export const BAND_COLOURS = { all: INK, easy: PALETTE.green, medium: PALETTE.blue, hard: PALETTE.orange } as const

/** Plotly's configuration everywhere. Its toolbar has a button that sends the data to a server; ours has not. */
export const PLOT_CONFIG = {
  displaylogo: false,
  responsive: true,
  plotlyServerURL: '',
  modeBarButtons: [['toImage', 'zoom2d', 'pan2d', 'resetScale2d']],
} as const

/** Height and what to draw beside plotly JSON. */
export interface PlotOptions {
  /** CSS pixels; the width follows the page, 760 in the PNG. @default 400 */
  height?: number
  /** 'png' puts a picture into the bundle for places without plotly; 'none' saves its 0.1 to 1 s. @default 'png' */
  picture?: 'png' | 'none'
}

/** Names of the options of every plot. */
export const PLOT_OPTIONS = ['height', 'picture'] as const satisfies readonly (keyof PlotOptions)[]

/** Instead of axes without a line. */
const NOTHING = {
  xaxis: { visible: false },
  yaxis: { visible: false },
  annotations: [{ text: 'Nothing was measured', xref: 'paper', yref: 'paper', x: 0.5, y: 0.5, showarrow: false }],
} as const

/** Joins a figure with its drawing in characters. */
export function plot(figure: Figure, text: string, alt: string, options: PlotOptions = {}): Plot {
  const { height = 400, picture = 'png' } = options
  const content = figure.data.length === 0 ? { ...figure.layout, ...NOTHING } : figure.layout
  const sized: Figure = { data: figure.data, layout: { ...content, height } }
  const draw = async (scale?: number) =>
    (await import('./png.ts')).renderPng(sized, { height, alt, ...(scale !== undefined && { scale }) })
  // Where nobody reads how large a picture should be, it is as large as its pixels.
  const onPage = () => draw(1)
  const bundle = async ({ lateParts }: DisplayHost): Promise<MimeBundle> => ({
    'application/vnd.plotly.v1+json': { ...sized, config: PLOT_CONFIG },
    ...(picture === 'png' && {
      'image/png': lateParts ? onPage : Buffer.from(await onPage()).toString('base64'),
    }),
  })
  return Object.assign(shown(text, bundle), { figure: sized, alt, png: () => draw() }) as Plot
}

const axisLook = {
  automargin: true,
  showline: true,
  linecolor: 'rgba(128,128,128,0.6)',
  gridcolor: 'rgba(128,128,128,0.25)',
  zeroline: false,
}

/** The layout that every figure starts from. `x` and `y` are the axes' titles, units in brackets. */
export function layout(
  title: string,
  x: string,
  y: string,
  axes: { x?: Record<string, unknown>; y?: Record<string, unknown> } = {},
): Record<string, unknown> {
  return {
    title: {
      text: `<b>${title}</b>`,
      font: { size: 15 },
      x: 0,
      xref: 'paper',
      xanchor: 'left',
      y: 0.97,
      yanchor: 'top',
    },
    font: { family: 'DejaVu Sans, Verdana, Arial, sans-serif', size: 12, color: INK },
    paper_bgcolor: CLEAR,
    plot_bgcolor: CLEAR,
    modebar: { bgcolor: CLEAR, color: INK, activecolor: PALETTE.blue },
    margin: { l: 56, r: 24, t: 72, b: 48 },
    legend: { orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom' },
    hovermode: 'closest',
    xaxis: { ...axisLook, title: { text: x, standoff: 8 }, ...axes.x },
    yaxis: { ...axisLook, title: { text: y, standoff: 8 }, ...axes.y },
  }
}

/** An axis of shares from 0 to 1. */
export const shareAxis = { range: [0, 1.02], tickformat: '.0%', dtick: 0.2 } as const
