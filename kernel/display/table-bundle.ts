// Rows as a table: HTML for the page and aligned text for terminals, both with a note where rows or columns are missing.
import { inspect } from 'node:util'
import type { MimeBundle } from '../protocol/message.ts'

/** A table shows at most this many rows and columns. */
export const MAX_ROWS = 50
const MAX_COLUMNS = 30
/** Cells are cut after this many characters, on the page and in text. */
const MAX_CELL = 200
const MAX_TEXT_CELL = 40
/** Text has no more columns than fit in this many characters. */
const MAX_TEXT_WIDTH = 160

/** `rows`: those that are shown; `total`: how many there are; `index`: what stands in front of each. @default 0, 1, 2 … */
export function tableBundle(
  names: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
  total: number,
  index?: readonly string[],
): MimeBundle {
  const columns = names.slice(0, MAX_COLUMNS)
  const table: Table = {
    heads: ['', ...columns],
    rows: rows.map((row, i) => [index?.[i] ?? String(i), ...columns.map((name) => textOfCell(row[name]))]),
    isNumber: [false, ...columns.map((name) => rows.every((row) => row[name] == null || isNumeric(row[name])))],
  }
  const note = (columnsLeft: number): string => {
    const missing = [counted(total - rows.length, 'row'), counted(columnsLeft, 'column')].filter((part) => part !== '')
    return missing.length === 0 ? '' : `… ${missing.join(', ')}`
  }
  return {
    'text/html': htmlTable(table, note(names.length - columns.length)),
    'text/plain': textTable(table, (hidden) => note(names.length - columns.length + hidden)),
  }
}

interface Table {
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly isNumber: readonly boolean[]
}

const isNumeric = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint'

const counted = (left: number, what: string): string =>
  left <= 0 ? '' : `${left.toLocaleString('en')} more ${what}${left === 1 ? '' : 's'}`

function htmlTable({ heads, rows, isNumber }: Table, note: string): string {
  // Pages differ in where they put text that says nothing.
  const style = (i: number): string => ` style="text-align:${isNumber[i] ? 'right' : 'left'}"`
  const head = heads.map((name, i) => (i === 0 ? '<th></th>' : `<th${style(i)}>${escaped(name)}</th>`))
  const body = rows.map(([label = '', ...cells]) => {
    const rest = cells.map((text, i) => `<td${style(i + 1)}>${escaped(text)}</td>`)
    return `<tr><th>${escaped(label)}</th>${rest.join('')}</tr>`
  })
  const table = `<table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`
  return note === '' ? table : `${table}<p>${note}</p>`
}

function textTable({ heads, rows, isNumber }: Table, note: (hiddenColumns: number) => string): string {
  const lines = [heads, ...rows].map((row) => row.map((text) => cut(text.replace(/\s+/g, ' '), MAX_TEXT_CELL)))
  const widths = heads.map((_, i) => Math.max(...lines.map((line) => widthOf(line[i] ?? ''))))
  let [shown, width] = [0, -2]
  while (shown < widths.length && (shown < 2 || width + 2 + (widths[shown] ?? 0) <= MAX_TEXT_WIDTH)) {
    width += 2 + (widths[shown] ?? 0)
    shown++
  }
  const padded = (text: string, i: number): string => {
    const space = ' '.repeat((widths[i] ?? 0) - widthOf(text))
    return isNumber[i] ? space + text : text + space
  }
  const text = lines.map((line) => line.slice(0, shown).map(padded).join('  ').trimEnd())
  const below = note(heads.length - shown)
  return [...text, ...(below === '' ? [] : [below])].join('\n')
}

const widthOf = (text: string): number => [...text].length

const cut = (text: string, most: number): string => {
  if (text.length <= most) return text
  const characters = [...text.slice(0, 2 * most)]
  return characters.length <= most && text.length <= 2 * most ? text : `${characters.slice(0, most - 1).join('')}…`
}

/** A page sets what stands between two dollars as mathematics, unless an element comes between. */
const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\$/g, '<span>$</span>')

function textOfCell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return cut(value, MAX_CELL)
  if (typeof value === 'bigint') return cut(String(value), MAX_CELL)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  return cut(nested(value), MAX_CELL)
}

/** Longer lists within a cell are told by their length: to show one, inspect visits all that it holds. */
const MAX_NESTED = 1000

function nested(value: unknown): string {
  const list = value as { length?: unknown; constructor?: { name?: unknown } }
  const isList = Array.isArray(value) || ArrayBuffer.isView(value)
  if (isList && typeof list.length === 'number' && list.length > MAX_NESTED) {
    return `${String(list.constructor?.name)}(${list.length})`
  }
  const short = { depth: 1, breakLength: Infinity, compact: true, maxArrayLength: 5, maxStringLength: 50 }
  return inspect(value, short)
}
