// Rows as a table: HTML for the page and aligned text for terminals, both with a note where rows or columns are missing.
import { inspect } from 'node:util'
import type { MimeBundle } from '../protocol/message.ts'

/** A table shows at most this many rows and columns. */
export const MAX_ROWS = 50
const MAX_COLUMNS = 30
/** Cells are cut after this many characters. */
const MAX_CELL = 200

/** `rows`: those that are shown; `total`: how many there are; `index`: what stands in front of each. @default 0, 1, 2 … */
export function tableBundle(
  names: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
  total: number,
  index?: readonly string[],
): MimeBundle {
  const columns = names.slice(0, MAX_COLUMNS)
  const labels = index ?? rows.map((_, i) => String(i))
  const cells = rows.map((row) => columns.map((name) => textOfCell(row[name])))
  const isNumber = columns.map((name) => rows.every((row) => row[name] == null || isNumeric(row[name])))
  const missing = [
    ...(total > rows.length ? [`${(total - rows.length).toLocaleString('en')} more rows`] : []),
    ...(names.length > columns.length ? [`${names.length - columns.length} more columns`] : []),
  ]
  const note = missing.length === 0 ? '' : `… ${missing.join(', ')}`
  const cell = (text: string, i: number): string =>
    `<td${isNumber[i] ? ' style="text-align:right"' : ''}>${escaped(text)}</td>`
  const head = `<tr><th></th>${columns.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr>`
  const body = cells.map((row, i) => `<tr><th>${escaped(labels[i] ?? '')}</th>${row.map(cell).join('')}</tr>`)
  const html = `<table><thead>${head}</thead><tbody>${body.join('')}</tbody></table>${note === '' ? '' : `<p>${note}</p>`}`
  return {
    'text/html': html,
    'text/plain': textTable(
      ['', ...columns],
      cells.map((row, i) => [labels[i] ?? '', ...row]),
      note,
    ),
  }
}

const isNumeric = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint'

function textTable(head: readonly string[], rows: readonly (readonly string[])[], note: string): string {
  const lines = [head, ...rows].map((row) => row.map((text) => text.replace(/\s+/g, ' ')))
  const widths = head.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)))
  const text = lines.map((line) =>
    line
      .map((one, i) => one.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...text, ...(note === '' ? [] : [note])].join('\n')
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

function textOfCell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text =
    typeof value === 'string'
      ? value
      : typeof value === 'bigint'
        ? String(value)
        : value instanceof Date
          ? dateText(value)
          : inspect(value, { depth: 1, breakLength: Infinity })
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text
}

const dateText = (date: Date): string => (Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString())
