// The picture that a plotly figure carries for pages that cannot draw it: JupyterLab without plotly's extension, GitHub,
// nbconvert. The kernel cannot draw: a library in the cells' process that can leaves a function behind a symbol, as
// `asterism` does when it is imported. It loads what it needs (about half a second, 150 MB) at the first figure. Figures
// with traces that only a browser draws go without, and say so in their text.
import type { MimeBundle } from '../protocol/message.ts'
import { kernel } from './settings.ts'

export const PLOTLY = 'application/vnd.plotly.v1+json'

/** Plotly's own size of a figure that has none, in CSS pixels; the width is that of a page of text. */
const WIDTH = 760
const HEIGHT = 450
/** A marker is an element of its own: more of them take seconds. */
const MAX_MARKERS = 5000
/** Values of a grid, such as a heatmap's: more of them take seconds as JSON alone. */
const MAX_GRID = 1_000_000

type Trace = Record<string, unknown> & { mode?: unknown; x?: unknown; y?: unknown; z?: unknown }

interface Figure {
  data: Trace[]
  layout: { width?: unknown; height?: unknown } & Record<string, unknown>
}

/** A figure as PNG bytes, one pixel for each of the page. Rejects for one that it cannot draw, with the reason. */
type Draw = (figure: Figure, size: { width: number; height: number; scale: number }) => Promise<Uint8Array>
/** Where a library leaves its `Draw` in the global object. */
const DRAW = Symbol.for('asterism.drawFigure')

/** Draws the picture of a figure; null where pictures are off or nobody can draw. The promise rejects with the reason. */
export function pictureOf(bundle: MimeBundle): (() => Promise<Uint8Array>) | null {
  const draw = (globalThis as { [DRAW]?: Draw })[DRAW]
  if (!kernel.pictures || draw === undefined) return null
  const figure = bundle[PLOTLY] as Figure
  return async () => {
    if (markers(figure) > MAX_MARKERS || gridSize(figure) > MAX_GRID) throw new Error('too many points for a picture')
    const { width, height } = figure.layout
    return draw(figure, { width: sizeOf(width, WIDTH), height: sizeOf(height, HEIGHT), scale: 1 })
  }
}

/** How tall JupyterLab's extension draws a figure, in CSS pixels. */
export const heightOf = (bundle: MimeBundle): number => sizeOf((bundle[PLOTLY] as Figure).layout?.height, 360)

const sizeOf = (given: unknown, otherwise: number): number =>
  typeof given === 'number' && given >= 10 && given <= 4000 ? given : otherwise

const markers = ({ data }: Figure): number =>
  data
    .filter(({ mode }) => typeof mode === 'string' && /markers|text/.test(mode))
    .reduce((sum, { x, y }) => sum + Math.max(lengthOf(x), lengthOf(y)), 0)

const gridSize = ({ data }: Figure): number =>
  data.reduce((sum, { z }) => sum + (Array.isArray(z) ? lengthOf(z) * Math.max(1, lengthOf(z[0])) : 0), 0)

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0)
