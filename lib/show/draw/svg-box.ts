// Bounding boxes of SVG elements where nothing lays them out: jsdom has the elements but no measurements. Text is
// measured by its font's widths, rectangles by their attributes, groups as the union of their children under their
// transforms. Paths and circles count as empty: plotly never asks for theirs while it places text.
import type { FontMetrics } from './font.ts'

/** Fonts of a page. */
export interface Fonts {
  readonly regular: FontMetrics
  readonly bold: FontMetrics
}

/** What getBBox and getBoundingClientRect answer, in CSS pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Affine map `(x, y) → (a·x + c·y + e, b·x + d·y + f)`, as SVG's matrix(a, b, c, d, e, f). */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0]
const LINE_HEIGHT = 1.3 // plotly's distance between the lines of a text, in font sizes

/** The element's box in its own coordinates, without its own transform. */
export function localBox(element: Element, fonts: Fonts): Box {
  return boxOf(corners(element, fonts))
}

/** The element's box in the coordinates of the page. */
export function pageBox(element: Element, fonts: Fonts): Box {
  let points = corners(element, fonts)
  for (let at: Element | null = element; at !== null; at = at.parentElement) points = mapped(points, placement(at))
  return boxOf(points)
}

type Point = readonly [x: number, y: number]

function corners(element: Element, fonts: Fonts): Point[] {
  if (element.tagName === 'text') return textCorners(element, fonts)
  if (element.tagName === 'rect') {
    const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => Number(element.getAttribute(name) ?? 0))
    return rectangle(x!, y!, width!, height!)
  }
  if (element.tagName === 'defs' || element.tagName === 'clipPath') return []
  return [...element.children].flatMap((child) => mapped(corners(child, fonts), placement(child)))
}

function textCorners(text: Element, fonts: Fonts): Point[] {
  if (!text.textContent) return []
  const lines = [...text.querySelectorAll('tspan.line')]
  const texts = lines.length > 0 ? lines : [text]
  const size = Number.parseFloat(inherited(text, 'font-size')) || 12
  const isBold = (node: Element) => /^(bold|[6-9]00)$/.test(inherited(node, 'font-weight'))
  const width = Math.max(
    ...texts.map((line) => {
      const runs = line.children.length > 0 ? [...line.children] : [line]
      return runs.reduce((sum, run) => sum + (isBold(run) ? fonts.bold : fonts.regular).width(run.textContent ?? ''), 0)
    }),
  )
  const { ascent, descent } = fonts.regular
  const anchor = inherited(text, 'text-anchor')
  const shift = anchor === 'middle' ? 0.5 : anchor === 'end' ? 1 : 0
  const x = Number(text.getAttribute('x') ?? 0) - shift * size * width
  const y = Number(text.getAttribute('y') ?? 0) - size * ascent
  return rectangle(x, y, size * width, size * (ascent + descent + LINE_HEIGHT * (texts.length - 1)))
}

const rectangle = (x: number, y: number, width: number, height: number): Point[] => [
  [x, y],
  [x + width, y],
  [x, y + height],
  [x + width, y + height],
]

function boxOf(points: readonly Point[]): Box {
  if (points.length === 0) return { x: 0, y: 0, width: 0, height: 0, left: 0, top: 0, right: 0, bottom: 0 }
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const [left, top, right, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
  return { x: left, y: top, width: right - left, height: bottom - top, left, top, right, bottom }
}

const mapped = (points: readonly Point[], [a, b, c, d, e, f]: Matrix): Point[] =>
  points.map(([x, y]) => [a * x + c * y + e, b * x + d * y + f])

const times = (m: Matrix, n: Matrix): Matrix => [
  m[0] * n[0] + m[2] * n[1],
  m[1] * n[0] + m[3] * n[1],
  m[0] * n[2] + m[2] * n[3],
  m[1] * n[2] + m[3] * n[3],
  m[0] * n[4] + m[2] * n[5] + m[4],
  m[1] * n[4] + m[3] * n[5] + m[5],
]

/** Where an element puts its content: its `transform`, and the corner of a nested svg. */
function placement(element: Element): Matrix {
  let matrix = IDENTITY
  if (element.tagName === 'svg' && element.parentElement?.tagName !== 'DIV')
    matrix = [1, 0, 0, 1, Number(element.getAttribute('x') ?? 0), Number(element.getAttribute('y') ?? 0)]
  for (const [, name, list] of (element.getAttribute('transform') ?? '').matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [first = 0, second, third] = list!.split(/[\s,]+/).map(Number)
    if (name === 'translate') matrix = times(matrix, [1, 0, 0, 1, first, second ?? 0])
    if (name === 'scale') matrix = times(matrix, [first, 0, 0, second ?? first, 0, 0])
    if (name === 'rotate') matrix = times(matrix, rotation(first, second ?? 0, third ?? 0))
  }
  return matrix
}

function rotation(degrees: number, x: number, y: number): Matrix {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  return [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y]
}

/** A style of an SVG element: its own, or the nearest ancestor's that has one. */
function inherited(node: Element, name: string): string {
  for (let at: Element | null = node; at !== null; at = at.parentElement) {
    const value = (at as SVGElement).style?.getPropertyValue(name) || at.getAttribute(name)
    if (value) return value
  }
  return ''
}
