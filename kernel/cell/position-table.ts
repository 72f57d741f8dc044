// A script's source maps as one table of positions, in both directions. Built when a debugger asks, never before.
import { type Position, type PositionMap, throughMaps } from './source-position.ts'

/** Rows of four numbers: line and column in the generated code, line and column in what the person wrote; all 0-based. */
export type PositionTable = readonly number[]

/** Follows the entries of the last step of generation through the other steps. */
export function positionTable(steps: readonly PositionMap[]): PositionTable {
  const [last, ...earlier] = steps
  if (last === undefined) return []
  const { mappings } = last() as { mappings: string }
  return decodeMappings(mappings).flatMap(([line, column, fromLine, fromColumn]) => {
    const from = throughMaps(earlier, { line: fromLine + 1, column: fromColumn + 1 })
    return from === null ? [] : [line, column, from.line - 1, from.column - 1]
  })
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]))

type Row = readonly [line: number, column: number, fromLine: number, fromColumn: number]

/** The segments of a source map's `mappings`, those without an origin left out. */
export function decodeMappings(mappings: string): Row[] {
  const rows: Row[] = []
  let fromLine = 0
  let fromColumn = 0
  for (const [line, segments] of mappings.split(';').entries()) {
    let column = 0
    for (const segment of segments === '' ? [] : segments.split(',')) {
      const [columnStep = 0, , lineStep, fromColumnStep] = decodeVlq(segment)
      column += columnStep
      if (lineStep === undefined || fromColumnStep === undefined) continue
      fromLine += lineStep
      fromColumn += fromColumnStep
      rows.push([line, column, fromLine, fromColumn])
    }
  }
  return rows
}

function decodeVlq(text: string): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (const digit of text) {
    const bits = VALUES.get(digit) ?? 0
    value += (bits & 31) * 2 ** shift
    shift += 5
    if (bits & 32) continue
    numbers.push(value % 2 === 1 ? -(value - 1) / 2 : value / 2)
    value = 0
    shift = 0
  }
  return numbers
}

/**
 * Where generated code comes from. Code that the compiler put in front of a statement comes from that statement, so a
 * position before the first entry of its line takes that entry. Null on lines that nobody wrote. 0-based in, 1-based out.
 */
export function originOf(table: PositionTable, line: number, column: number): Position | null {
  const isAfter = (row: number): boolean => {
    const rowLine = table[row * 4] as number
    return rowLine > line || (rowLine === line && (table[row * 4 + 1] as number) > column)
  }
  let low = 0
  let high = table.length / 4
  while (low < high) {
    const middle = (low + high) >> 1
    if (isAfter(middle)) high = middle
    else low = middle + 1
  }
  const row = [low - 1, low].find((one) => table[one * 4] === line)
  if (row === undefined) return null
  return { line: (table[row * 4 + 2] as number) + 1, column: (table[row * 4 + 3] as number) + 1 }
}
