// Draws a plotly figure without a browser: jsdom holds the SVG that plotly builds, resvg turns it into a PNG. The
// heavy parts (about 0.6 s and 150 MB) load at the first picture, never at import. What jsdom lacks of layout is
// answered from the font's own widths, and heatmaps are painted on a canvas of our own. What needs WebGL, a map or a file of
// the network is refused with the reason.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { DOMWindow } from 'jsdom'
import { FONT_FAMILY, fontFiles, readFont } from './font.ts'
import { type PixelCanvas, pixelCanvas } from './pixel-canvas.ts'
import { described } from './png-chunks.ts'
import { type Fonts, localBox, pageBox } from './svg-box.ts'
import { measuredPath } from './svg-path.ts'

/** What plotly draws: its traces, and where they stand. */
export interface PlotlyFigure {
  readonly data: readonly Readonly<Record<string, unknown>>[]
  readonly layout: Readonly<Record<string, unknown>> & { readonly font?: object }
}

/** Size of a picture. */
export interface PictureSize {
  /** CSS pixels. @default 760 */
  width?: number
  /** CSS pixels. @default 400 */
  height?: number
  /** Device pixels per CSS pixel, 1 to 4. @default 1.5 */
  scale?: number
  /** What the picture shows, in words; it stands in the file. @default none */
  alt?: string
}

interface Studio {
  svg(figure: PlotlyFigure, width: number, height: number): Promise<string>
  png(svg: string, width: number): Uint8Array
}

let studio: Promise<Studio> | undefined
let queue: Promise<unknown> = Promise.resolve()

/** A figure as PNG bytes. One picture is drawn at a time; equal figures give equal bytes. */
export function renderPng(figure: PlotlyFigure, size: PictureSize = {}): Promise<Uint8Array> {
  const { width = 760, height = 400, scale = 1.5, alt = '' } = size
  if (!(scale >= 1 && scale <= 4)) throw new RangeError(`Expected \`scale\` to be from 1 to 4, got \`${scale}\``)
  const drawn = queue.then(async () => {
    studio ??= openStudio()
    const { svg, png } = await studio
    const bytes = png(await svg(figure, width, height), Math.round(width * scale))
    return alt === '' ? bytes : described(bytes, alt)
  })
  queue = drawn.catch(() => undefined)
  return drawn
}

async function openStudio(): Promise<Studio> {
  const [{ JSDOM }, { Resvg }] = await Promise.all([import('jsdom'), import('@resvg/resvg-js')])
  const { window } = new JSDOM('<!doctype html><body></body>', { runScripts: 'outside-only' })
  const [regular, bold] = fontFiles()
  fillLayoutGaps(window, { regular: readFont(regular!), bold: readFont(bold!) })
  window.eval(plotlyBundle())
  const known = new Set(Object.keys(window.Plotly.PlotSchema.get().traces))
  return {
    svg: async (figure, width, height) => {
      const data = figure.data.map(onPaper)
      const reason = refusal(data, figure.layout, known)
      if (reason !== null) throw new Error(reason)
      const layout = { ...figure.layout, width, height, font: { ...figure.layout.font, family: FONT_FAMILY } }
      // Plotly tells plain objects by their prototype, so the figure must be made of the window's own.
      const own = window.JSON.parse(JSON.stringify({ data, layout, config: { staticPlot: true } }))
      return window.Plotly.toImage(own, { format: 'svg', width, height, imageDataOnly: true })
    },
    png: (svg, width) =>
      // The rasterizer knows only the older word for hard edges, and only as an attribute.
      new Resvg(svg.replace(/style="[^"]*image-rendering: ?pixelated[^"]*"/g, 'image-rendering="optimizeSpeed"'), {
        fitTo: { mode: 'width', value: width },
        font: { fontFiles: fontFiles(), loadSystemFonts: false, defaultFontFamily: FONT_FAMILY },
      })
        .render()
        .asPng(),
  }
}

/** The traces that a browser draws with its graphics card, as plotly draws the same with lines and pixels. */
const PAPER: Readonly<Record<string, string>> = { scattergl: 'scatter', heatmapgl: 'heatmap' }

type GivenTrace = Readonly<Record<string, unknown>>

const onPaper = (trace: GivenTrace): GivenTrace =>
  String(trace.type) in PAPER ? { ...trace, type: PAPER[String(trace.type)] } : trace

/** Why a figure cannot be drawn here, where plotly would draw something else or wait for ever; null where it can. */
function refusal(data: readonly GivenTrace[], layout: GivenTrace, known: ReadonlySet<string>): string | null {
  const other = data.map(({ type = 'scatter' }) => String(type)).find((type) => !known.has(type))
  if (other !== undefined) return `only a browser draws \`${other}\` traces`
  const images = Array.isArray(layout.images) ? (layout.images as GivenTrace[]) : []
  const isElsewhere = ({ source }: GivenTrace) => typeof source === 'string' && !source.startsWith('data:')
  if (images.some(isElsewhere)) return 'only a browser loads `layout.images` from elsewhere'
  if (data.some(({ type, z, source }) => type === 'image' && z === undefined && source !== undefined))
    return 'only a browser draws `image` traces with a `source`'
  return null
}

/** The text of the plotly script, for a page or a window. */
export const plotlyBundle = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('plotly.js-cartesian-dist-min'), 'utf8')

/** Gives jsdom's window the measurements of text that plotly asks for, of lines, and a canvas. */
function fillLayoutGaps(window: DOMWindow, fonts: Fonts): void {
  const { SVGElement, HTMLCanvasElement, URL } = window
  let latest = { path: '', measure: measuredPath('') } // plotly asks for hundreds of points of one path
  const measured = (element: Element): ReturnType<typeof measuredPath> => {
    const path = element.getAttribute('d') ?? ''
    if (path !== latest.path) latest = { path, measure: measuredPath(path) }
    return latest.measure
  }
  Object.assign(SVGElement.prototype, {
    getBBox(this: Element) {
      return localBox(this, fonts)
    },
    getBoundingClientRect(this: Element) {
      return pageBox(this, fonts)
    },
    getTotalLength(this: Element) {
      return measured(this).length
    },
    getPointAtLength(this: Element, length: number) {
      return measured(this).pointAt(length)
    },
  })
  const canvases = new WeakMap<object, PixelCanvas>()
  const canvasOf = (element: HTMLCanvasElement): PixelCanvas => {
    const canvas = canvases.get(element) ?? pixelCanvas(element.width, element.height)
    canvases.set(element, canvas)
    return canvas
  }
  Object.assign(HTMLCanvasElement.prototype, {
    getContext(this: HTMLCanvasElement) {
      return canvasOf(this).context
    },
    toDataURL(this: HTMLCanvasElement) {
      return canvasOf(this).dataUrl()
    },
  })
  URL.createObjectURL = () => 'blob:none'
}
