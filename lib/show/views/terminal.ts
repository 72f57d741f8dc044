// A report on a terminal. Colour only where somebody looks at it in colour: a terminal, and NO_COLOR not set.
import type { Report } from '../../eval/report-schema.ts'
import { countCell, durationCell, measureCell } from '../draw/cells.ts'
import { roundCurve } from './curves.ts'
import { resultTables } from './round-table.ts'

/** What decides about colour. */
export interface ColourContext {
  readonly stream: { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** True when text for this stream may carry colour: it is a terminal that knows colour, and NO_COLOR is unset or empty. */
export const wantsColour = ({ stream, env }: ColourContext): boolean =>
  stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'

const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const
export type Style = keyof typeof STYLES

/** Paints text, or leaves it alone. */
export type Paint = (text: string, style: Style) => string

/** A brush for a stream: `const paint = painter({ stream: process.stdout, env: process.env })`. */
export function painter(context: ColourContext): Paint {
  if (!wantsColour(context)) return (text) => text
  return (text, style) => `\u001b[${STYLES[style][0]}m${text}\u001b[${STYLES[style][1]}m`
}

/** The headline figures of a report: what the last round reached. */
export function headline(report: Report): { label: string; value: string }[] {
  const last = report.rounds.at(-1)
  const figures: [string, string | undefined][] = [
    ['coverage of training problems', last?.coverage && measureCell(last.coverage.all, { n: true })],
    ['coverage, hard band', last?.coverage?.hard && measureCell(last.coverage.hard, { n: true })],
    ['greedy pass@1, held-out', last?.passAt1 && measureCell(last.passAt1.all, { n: true })],
    ['bootstrap, greedy, held-out', report.baseline && measureCell(report.baseline.all, { n: true })],
    ['System 2, held-out', last?.system2 && measureCell(last.system2.all, { n: true })],
    ['best-of-N at the same tokens', last?.bestOfN && measureCell(last.bestOfN.all, { n: true })],
    ['PPM pair accuracy, held-out', last?.ppmPairAccuracy && measureCell(last.ppmPairAccuracy, { n: true })],
    ['time', durationCell(report.seconds)],
    ['peak memory', report.peakRssMb === undefined ? undefined : `${countCell(report.peakRssMb)} MB`],
  ]
  return figures.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]))
}

/** A whole report as text: headline, bars of coverage, every table. At most 100 columns. */
export function reportText(report: Report, paint: Paint = (text) => text): string {
  const figures = headline(report)
  const margin = Math.max(...figures.map(({ label }) => label.length))
  const title = `Run ${report.name}, seed ${report.seed}, ${report.rounds.length} ${report.rounds.length === 1 ? 'round' : 'rounds'}`
  const parts = [
    [
      paint(title, 'bold'),
      ...figures.map(({ label, value }) => `  ${label.padEnd(margin)}  ${paint(value, 'cyan')}`),
    ].join('\n'),
    ...(report.rounds.some(({ coverage }) => coverage)
      ? [String(roundCurve(report.rounds, 'coverage', { picture: 'none' }))]
      : []),
    ...resultTables(report).map(String),
  ]
  return parts.map((part, i) => (i === 0 ? part : firstLineBold(part, paint))).join('\n\n')
}

function firstLineBold(text: string, paint: Paint): string {
  const [first = '', ...rest] = text.split('\n')
  return [paint(first, 'bold'), ...rest].join('\n')
}
