// Type errors as people read them: what is wrong, where, the line, and a mark under the place. Plain text.
import { excerpt } from '../cell/excerpt.ts'
import type { CellDiagnostic } from './diagnostics.ts'

/** More errors than this of one cell are only counted. */
const SHOWN = 10

/** The first line of an error. Example: `Cannot find name 'x'. (TS2304, cell 3:2:7)`. */
export function headlineOf(cell: string, { message, code, line, column }: CellDiagnostic): string {
  const [first = '', ...more] = message.split('\n')
  return [`${first} (TS${code}, ${cell}:${line}:${column})`, ...more].join('\n')
}

/** All errors of a cell, with their lines. `cell`: its name, as in stack traces. */
export function diagnosticText(cell: string, source: string, found: readonly CellDiagnostic[]): string {
  const shown = found.slice(0, SHOWN).map((one) => `${headlineOf(cell, one)}\n${excerpt(source, one)}`)
  const rest = found.length - shown.length
  return [...shown, ...(rest > 0 ? [`… and ${rest} more type errors`] : [])].join('\n')
}
