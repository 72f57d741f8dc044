// Type errors as people read them: what is wrong, where, the line, and a mark under the place. Plain text.
import type { CellDiagnostic } from './diagnostics.ts'

/** More errors than this of one cell are only counted. */
const SHOWN = 10
/** Longer lines are cut around the place, in characters. */
const WIDTH = 100

/** The first line of an error. Example: `Cannot find name 'x'. (TS2304, cell 3:2:7)`. */
export function headlineOf(cell: string, { message, code, line, column }: CellDiagnostic): string {
  const [first = '', ...more] = message.split('\n')
  return [`${first} (TS${code}, ${cell}:${line}:${column})`, ...more].join('\n')
}

/** All errors of a cell, with their lines. `cell`: its name, as in stack traces. */
export function diagnosticText(cell: string, source: string, found: readonly CellDiagnostic[]): string {
  const lines = source.split('\n')
  const shown = found
    .slice(0, SHOWN)
    .map((one) => `${headlineOf(cell, one)}\n${excerpt(lines[one.line - 1] ?? '', one)}`)
  const rest = found.length - shown.length
  return [...shown, ...(rest > 0 ? [`… and ${rest} more type errors`] : [])].join('\n')
}

function excerpt(line: string, { line: number, column, length }: CellDiagnostic): string {
  const cut = Math.max(0, column - 1 - WIDTH / 2)
  const part = line.slice(cut, cut + WIDTH)
  const at = column - 1 - cut
  const indent = part.slice(0, at).replace(/[^\t]/gu, ' ') // tabs stay tabs, so that the mark stands where they end
  const mark = '^'.repeat(Math.max(1, Math.min(length, part.length - at)))
  const gutter = `${number}`
  return `  ${gutter} | ${part}\n  ${' '.repeat(gutter.length)} | ${indent}${mark}`
}
