// Tables that show themselves: HTML for notebooks, Markdown for readers of both, box lines for a terminal. Cells are
// formatted once, the same everywhere; sorting and selecting rows is the caller's business.

import { expectOptions } from '../../options/expect-known.ts'
import { ABSENT, cellText } from './cells.ts'
import { cut, wrapped } from './characters.ts'
import { escapeHtml, type Shown, shown } from './display.ts'

/** A row: values by column key. */
export type Row = Readonly<Record<string, unknown>>

/** One column. */
export interface Column {
  readonly key: string
  /** Heading. @default the key */
  readonly title?: string
  /** @default right when every cell of the column starts like a number, else left */
  readonly align?: 'left' | 'right'
  /** Text of a cell. @default numbers to four digits, measures as `0.874 ±.05 (n 180)`, nothing as `–` */
  readonly format?: (value: unknown, row: Row) => string
}

/** Title, columns and formats of a table. */
export interface TableOptions {
  readonly title?: string
  /** Columns in order, as keys or in full. @default every key of the rows, in order of appearance */
  readonly columns?: readonly (string | Column)[]
  /** Formats by key, for columns given as keys. */
  readonly format?: Readonly<Record<string, (value: unknown, row: Row) => string>>
  /** Widest line of the text form, in characters. Minimum: 20. @default 100 */
  readonly width?: number
  /** One sentence below the table. */
  readonly note?: string
}

/** A table that shows itself, with its forms at hand. */
export interface Table extends Shown {
  readonly title: string
  readonly html: string
  readonly markdown: string
  readonly text: string
}

interface Cells {
  readonly titles: readonly string[]
  readonly right: readonly boolean[]
  readonly body: readonly (readonly string[])[]
}

/**
 * A table of `rows`, in the order in which they come. A cell that a row lacks reads `–`; a measure reads with its
 * interval. Shows itself as HTML, as Markdown and as box lines.
 * Errors: a RangeError for a `width` below 20; a TypeError for an option that it does not have.
 * @example
 * table([{ round: 1, coverage: 0.374 }]).markdown.split('\n').at(-1) // '| 1 | 0.374 |'
 */
export function table(rows: readonly Row[], options: TableOptions = {}): Table {
  expectOptions('table', options, ['title', 'columns', 'format', 'width', 'note'])
  const { title = '', width = 100, note = '' } = options
  if (!(width >= 20)) throw new RangeError(`Expected \`width\` to be 20 columns or more, got \`${width}\``)
  const columns = columnsOf(rows, options)
  const body = rows.map((row) =>
    columns.map(({ key, format }) => oneLine(format ? format(row[key], row) : cellText(row[key]))),
  )
  const right = columns.map(({ align }, i) => (align ? align === 'right' : isNumeric(body.map((cells) => cells[i]!))))
  const cells: Cells = { titles: columns.map((column) => column.title ?? column.key), right, body }
  const forms = { html: htmlTable(title, cells, note), markdown: markdownTable(title, cells, note) }
  const text = [wrapped(title, width), boxed(cells, width), wrapped(note, width)]
    .filter((part) => part !== '')
    .join('\n')
  const bundle = () => ({ 'text/html': forms.html, 'text/markdown': forms.markdown })
  return Object.assign(shown(text, bundle), { title, text, ...forms })
}

function columnsOf(rows: readonly Row[], options: TableOptions): Column[] {
  const chosen = options.columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return chosen.map((column) => {
    if (typeof column !== 'string') return column
    const format = options.format?.[column]
    return format ? { key: column, format } : { key: column }
  })
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ↵ ')
const isNumeric = (cells: readonly string[]) =>
  cells.some((cell) => cell !== ABSENT) && cells.every((cell) => cell === ABSENT || /^[-+−]?\.?\d/.test(cell))

function htmlTable(title: string, { titles, right, body }: Cells, note: string): string {
  const align = (i: number) => ` style="text-align:${right[i] ? 'right' : 'left'}"`
  const head = titles.map((text, i) => `<th scope="col"${align(i)}>${escapeHtml(text)}</th>`).join('')
  const lines = body.map((cells) => {
    const [first, ...others] = cells.map(escapeHtml)
    return `<tr><th scope="row"${align(0)}>${first ?? ''}</th>${others.map((cell, i) => `<td${align(i + 1)}>${cell}</td>`).join('')}</tr>`
  })
  const caption = title === '' ? '' : `<caption style="text-align:left;font-weight:bold">${escapeHtml(title)}</caption>`
  const below = note === '' ? '' : `\n<p><small>${escapeHtml(note)}</small></p>`
  return `<table>${caption}<thead><tr>${head}</tr></thead><tbody>\n${lines.join('\n')}\n</tbody></table>${below}`
}

function markdownTable(title: string, { titles, right, body }: Cells, note: string): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`
  const rule = `|${right.map((isRight) => (isRight ? '---:' : ':---')).join('|')}|`
  const parts = [title && `**${title}**\n`, line(titles), rule, ...body.map(line), note && `\n${note}`]
  return parts.filter((part) => part !== '').join('\n')
}

/** Box lines; text columns are cut with `…` to fit, and columns that still do not fit follow below, row heads repeated. */
function boxed(cells: Cells, width: number): string {
  const natural = cells.titles.map((title, i) => Math.max(length(title), ...cells.body.map((row) => length(row[i]!))))
  const widths = shrunk(natural, cells.right, width)
  const groups: number[][] = []
  let used = Number.POSITIVE_INFINITY
  for (let i = 1; i < widths.length; i++) {
    if (used + widths[i]! + 3 > width) {
      groups.push([0])
      used = widths[0]! + 4
    }
    groups.at(-1)!.push(i)
    used += widths[i]! + 3
  }
  if (groups.length === 0) groups.push(widths.length === 0 ? [] : [0])
  return groups.map((group) => box(cells, widths, group)).join('\n')
}

const MIN_TEXT = 8

function shrunk(natural: readonly number[], right: readonly boolean[], width: number): number[] {
  const widths = natural.map((wide) => Math.min(wide, width - 4))
  const total = () => widths.reduce((sum, wide) => sum + wide + 3, 1)
  while (total() > width) {
    const widest = widths.reduce((best, wide, i) => (!right[i] && wide > (widths[best] ?? MIN_TEXT) ? i : best), -1)
    if (widest === -1) break
    widths[widest]! -= 1
  }
  return widths
}

function box({ titles, right, body }: Cells, widths: readonly number[], group: readonly number[]): string {
  const rule = (left: string, middle: string, end: string) =>
    left + group.map((i) => '─'.repeat(widths[i]! + 2)).join(middle) + end
  const line = (row: readonly string[]) =>
    `│${group.map((i) => ` ${padded(row[i]!, widths[i]!, right[i]!)} `).join('│')}│`
  return [rule('┌', '┬', '┐'), line(titles), rule('├', '┼', '┤'), ...body.map(line), rule('└', '┴', '┘')].join('\n')
}

const length = (text: string) => [...text].length

function padded(text: string, width: number, right: boolean): string {
  const fitted = cut(text, width)
  const space = ' '.repeat(width - length(fitted))
  return right ? space + fitted : fitted + space
}
