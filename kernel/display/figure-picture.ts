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
/** A display that changes again and again spends at most one part in so many of its time on pictures. */
const SHARE = 5

interface Figure {
  data: ({ mode?: unknown; x?: unknown; y?: unknown } & Record<string, unknown>)[]
  layout: { width?: unknown; height?: unknown } & Record<string, unknown>
}

/** A figure as PNG bytes. Rejects for one that it cannot draw, with the reason. */
type Draw = (figure: Figure, size: { width: number; height: number }) => Promise<Uint8Array>
/** Where a library leaves its `Draw` in the global object. */
const DRAW = Symbol.for('asterism.drawFigure')

/** Whether what is drawn is still asked for, and how long it can wait. */
export interface Wish {
  isWanted(): boolean
  /** A newer state of a display that is there already. */
  readonly isUpdate: boolean
}

/** What is shown once, whenever it is ready. */
export const ONCE: Wish = { isWanted: () => true, isUpdate: false }

/** No update is drawn before. */
let nextAt = 0

/** The bundle of a figure with its picture; the bundle itself where pictures are off, or nobody wants it any more. */
export async function withPicture(bundle: MimeBundle, { isWanted, isUpdate }: Wish): Promise<MimeBundle> {
  const draw = (globalThis as { [DRAW]?: Draw })[DRAW]
  if (!kernel.pictures || draw === undefined) return bundle
  const wait = isUpdate ? nextAt - performance.now() : 0
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  if (!isWanted()) return bundle
  const figure = bundle[PLOTLY] as Figure
  if (markers(figure) > MAX_MARKERS) return told(bundle, `too many points for a picture`)
  const { width, height } = figure.layout
  const size = { width: sizeOf(width, WIDTH), height: sizeOf(height, HEIGHT) }
  const started = performance.now()
  try {
    const png = await draw(figure, size)
    return { ...bundle, 'image/png': Buffer.from(png).toString('base64') }
  } catch (error) {
    return told(bundle, `no picture: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    const now = performance.now()
    nextAt = now + (SHARE - 1) * (now - started)
  }
}

const told = (bundle: MimeBundle, why: string): MimeBundle => ({
  ...bundle,
  'text/plain': `${String(bundle['text/plain']).replace(/\]$/, '')}; ${why}]`,
})

const sizeOf = (given: unknown, otherwise: number): number =>
  typeof given === 'number' && given >= 10 && given <= 4000 ? given : otherwise

const markers = ({ data }: Figure): number =>
  data
    .filter(({ mode }) => typeof mode === 'string' && /markers|text/.test(mode))
    .reduce((sum, { x, y }) => sum + Math.max(lengthOf(x), lengthOf(y)), 0)

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0)
