// As much of a page's canvas as plotly needs for heatmaps and images: rectangles of one colour, pixels, and the PNG of both.
// Jsdom has none. Everything else that a canvas can do is refused.
import { encodePng } from './png-chunks.ts'

interface Pixels {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** A drawing context. */
export interface PixelContext {
  /** `rgb(…)`, `rgba(…)`, `hsl(…)` or `hsla(…)`. */
  fillStyle: string
  /** Corners are rounded to whole pixels; sides may be negative. */
  fillRect(x: number, y: number, width: number, height: number): void
  createImageData(width: number, height: number): Pixels
  putImageData(pixels: Pixels, x: number, y: number): void
}

/** A canvas of whole pixels, at first transparent. */
export interface PixelCanvas {
  readonly context: PixelContext
  /** `data:image/png;base64,…` */
  dataUrl(): string
}

/** Opens a canvas; sizes are cut to whole numbers from 1 up. */
export function pixelCanvas(wide: number, high: number): PixelCanvas {
  const [width, height] = [Math.max(1, Math.floor(wide)), Math.max(1, Math.floor(high))]
  const data = new Uint8ClampedArray(4 * width * height)
  const words = new Uint32Array(data.buffer)
  const context: PixelContext = {
    fillStyle: 'rgba(0,0,0,1)',
    fillRect(x, y, w, h) {
      const colour = new Uint32Array(new Uint8ClampedArray(parsedColour(context.fillStyle)).buffer)[0]!
      const [left, right] = ends(x, w, width)
      const [top, bottom] = ends(y, h, height)
      for (let row = top; row < bottom; row++)
        words.fill(colour, row * width + left, row * width + Math.max(left, right))
    },
    createImageData: (w, h) => ({ data: new Uint8ClampedArray(4 * w * h), width: w, height: h }),
    putImageData(pixels, x, y) {
      if (x !== 0 || y !== 0 || pixels.width !== width || pixels.height !== height)
        throw new Error('Expected the pixels of the whole canvas')
      data.set(pixels.data)
    },
  }
  const dataUrl = () =>
    `data:image/png;base64,${encodePng(new Uint8Array(data.buffer), width, height).toString('base64')}`
  return { context, dataUrl }
}

/** From where to where, within the canvas. */
function ends(start: number, length: number, most: number): [number, number] {
  const [from, to] = [Math.min(start, start + length), Math.max(start, start + length)]
  const within = (at: number) => Math.min(most, Math.max(0, Math.round(at)))
  return [within(from), within(to)]
}

/** Red, green, blue and opacity, each from 0 to 255. */
function parsedColour(text: string): [number, number, number, number] {
  const [, model, list] = /^(rgb|hsl)a?\(([^)]*)\)$/.exec(text) ?? []
  const parts = (list ?? '').split(',').map((part) => Number.parseFloat(part))
  const [a = 0, b = 0, c = 0, opacity = 1] = parts
  if (model === undefined || parts.some(Number.isNaN))
    throw new Error(`Expected a colour such as rgba(0,0,0,1), got ${text}`)
  const [red, green, blue] = model === 'rgb' ? [a, b, c] : ofHue(a, b / 100, c / 100)
  return [red, green, blue, opacity * 255]
}

/** Red, green and blue of a hue in degrees, a saturation and a lightness in [0, 1]. */
function ofHue(hue: number, saturation: number, lightness: number): [number, number, number] {
  const part = (n: number): number => {
    const k = (n + hue / 30) % 12
    const strength = saturation * Math.min(lightness, 1 - lightness)
    return 255 * (lightness - strength * Math.max(-1, Math.min(k - 3, 9 - k, 1)))
  }
  return [part(0), part(8), part(4)]
}
