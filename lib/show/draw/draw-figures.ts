// Lets whoever shows a plotly figure in this process draw its picture too: our kernel, which knows nothing of this
// library, looks behind this symbol when it shows a figure that somebody made by hand.
import type { PictureSize, PlotlyFigure } from './png.ts'

Object.defineProperty(globalThis, Symbol.for('asterism.drawFigure'), {
  value: async (figure: PlotlyFigure, size: PictureSize): Promise<Uint8Array> =>
    (await import('./png.ts')).renderPng(figure, size),
  configurable: true,
})
