// Draws a plotly figure without a browser: jsdom holds the SVG that plotly builds, resvg turns it into a PNG. The
// heavy parts (about 0.6 s and 150 MB) load at the first picture, never at import. What jsdom lacks of layout is
// answered from the font's own widths. No WebGL traces, no heatmaps (they need a canvas).
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { DOMWindow } from 'jsdom'
import { FONT_FAMILY, fontFiles, readFont } from './font.ts'
import { type Fonts, localBox, pageBox } from './svg-box.ts'

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
}

interface Studio {
  svg(figure: PlotlyFigure, width: number, height: number): Promise<string>
  png(svg: string, width: number): Uint8Array
}

let studio: Promise<Studio> | undefined
let queue: Promise<unknown> = Promise.resolve()

/** A figure as PNG bytes. One picture is drawn at a time; equal figures give equal bytes. */
export function renderPng(figure: PlotlyFigure, size: PictureSize = {}): Promise<Uint8Array> {
  const { width = 760, height = 400, scale = 1.5 } = size
  if (!(scale >= 1 && scale <= 4)) throw new RangeError(`Expected \`scale\` to be from 1 to 4, got \`${scale}\``)
  const drawn = queue.then(async () => {
    studio ??= openStudio()
    const { svg, png } = await studio
    return png(await svg(figure, width, height), Math.round(width * scale))
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
      // Plotly would draw other traces as if they were lines.
      const other = figure.data.map(({ type = 'scatter' }) => String(type)).find((type) => !known.has(type))
      if (other !== undefined) throw new Error(`only a browser draws \`${other}\` traces`)
      const layout = { ...figure.layout, width, height, font: { ...figure.layout.font, family: FONT_FAMILY } }
      // Plotly tells plain objects by their prototype, so the figure must be made of the window's own.
      const own = window.JSON.parse(JSON.stringify({ data: figure.data, layout, config: { staticPlot: true } }))
      return window.Plotly.toImage(own, { format: 'svg', width, height, imageDataOnly: true })
    },
    png: (svg, width) =>
      new Resvg(svg, {
        fitTo: { mode: 'width', value: width },
        font: { fontFiles: fontFiles(), loadSystemFonts: false, defaultFontFamily: FONT_FAMILY },
      })
        .render()
        .asPng(),
  }
}

/** The text of the plotly script, for a page or a window. */
export const plotlyBundle = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('plotly.js-cartesian-dist-min'), 'utf8')

/** Gives jsdom's window the measurements of text that plotly asks for, and refuses canvases without noise. */
function fillLayoutGaps(window: DOMWindow, fonts: Fonts): void {
  const { SVGElement, HTMLCanvasElement, URL } = window
  Object.assign(SVGElement.prototype, {
    getBBox(this: Element) {
      return localBox(this, fonts)
    },
    getBoundingClientRect(this: Element) {
      return pageBox(this, fonts)
    },
    // Asked for where words may follow a line, which ours do not.
    getTotalLength: () => 0,
    getPointAtLength: () => ({ x: 0, y: 0 }),
  })
  HTMLCanvasElement.prototype.getContext = () => {
    throw new Error('only a browser draws traces of pixels')
  }
  URL.createObjectURL = () => 'blob:none'
}
