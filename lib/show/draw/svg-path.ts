// Points along an SVG path where nothing lays it out, for words that follow a line, as a contour's do. Knows what plotly
// draws lines with: M, L, H, V, C, Q and Z, absolute. Curves are measured as eight straight parts.

/** A point in the path's own coordinates. */
export interface PathPoint {
  readonly x: number
  readonly y: number
}

const PARTS = 8
const PAIRS: Readonly<Record<string, number>> = { M: 1, L: 1, Q: 2, C: 3 }

/** The corners of a path whose curves are made of straight parts. Parts that are apart are joined by a straight line. */
export function pathPoints(path: string): PathPoint[] {
  const points: PathPoint[] = []
  let start: PathPoint = { x: 0, y: 0 }
  for (const [, command = '', list = ''] of path.matchAll(/([MLHVCQZ])([^MLHVCQZ]*)/gi)) {
    const name = command.toUpperCase()
    const values = (list.match(/-?(?:\d*\.\d+|\d+\.?)(?:e[-+]?\d+)?/gi) ?? []).map(Number)
    const last = () => points.at(-1) ?? start
    if (name === 'H') for (const x of values) points.push({ x, y: last().y })
    else if (name === 'V') for (const y of values) points.push({ x: last().x, y })
    else if (name === 'Z') points.push(start)
    else {
      const size = 2 * PAIRS[name]!
      for (let at = 0; at + size <= values.length; at += size) {
        const pairs = Array.from({ length: size / 2 }, (_, i) => ({
          x: values[at + 2 * i]!,
          y: values[at + 2 * i + 1]!,
        }))
        if (pairs.length === 1) points.push(pairs[0]!)
        else {
          const corners = [last(), ...pairs]
          for (let i = 1; i <= PARTS; i++) points.push(onCurve(corners, i / PARTS))
        }
      }
      if (name === 'M') start = last()
    }
  }
  return points
}

/** The point of a Bézier curve at a share of its way, by de Casteljau's halving. */
function onCurve(corners: readonly PathPoint[], share: number): PathPoint {
  if (corners.length === 1) return corners[0]!
  const between = (a: number, b: number) => a + share * (b - a)
  const next = corners.slice(1).map((to, i) => ({ x: between(corners[i]!.x, to.x), y: between(corners[i]!.y, to.y) }))
  return onCurve(next, share)
}

/** A path's length, and the point that so much of it leads to; what is beyond an end is the end. */
export function measuredPath(path: string): { readonly length: number; pointAt(length: number): PathPoint } {
  const points = pathPoints(path)
  const ends = [0]
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!]
    ends.push(ends[i - 1]! + Math.hypot(b.x - a.x, b.y - a.y))
  }
  return {
    length: ends.at(-1)!,
    pointAt(length) {
      const i = ends.findIndex((end) => end >= length)
      if (i <= 0) return points[i < 0 ? points.length - 1 : 0] ?? { x: 0, y: 0 }
      const [a, b] = [points[i - 1]!, points[i]!]
      const share = (length - ends[i - 1]!) / (ends[i]! - ends[i - 1]! || 1)
      return { x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y) }
    },
  }
}
