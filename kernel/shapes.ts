// Values of packages that know nothing of notebooks, told by their shape and shown as what they are: figures, tables,
// tensors, page elements, lists of records. No package is imported; a value that only looks like one shows the same way.
import { inspect } from 'node:util'
import { PLOTLY } from './figure-picture.ts'
import type { MimeBundle } from './message.ts'

/** A table shows at most this many rows and columns. */
const MAX_ROWS = 50
const MAX_COLUMNS = 30
/** A tensor shows at most this many parts of each axis, the first and the last; fewer where it has many axes. */
const MAX_AXIS = 8
/** Cells are cut after this many characters. */
const MAX_CELL = 200

type Bag = Record<string, unknown>
type Shape = (value: Bag) => MimeBundle | null

/** The MIME bundle of a value with a known shape, else null. May throw what a hostile value throws. */
export function bundleOfShape(value: unknown): MimeBundle | null {
  if (typeof value !== 'object' || value === null) return null
  for (const shape of SHAPES) {
    const bundle = shape(value as Bag)
    if (bundle !== null) return bundle
  }
  return null
}

/** plotly.js: `{ data: [traces], layout }`, as its functions take it and Python's plotly writes it. */
const figure: Shape = (value) => {
  const keys = Object.keys(value)
  if (!keys.includes('layout') || !keys.every((key) => ['data', 'layout', 'config', 'frames'].includes(key)))
    return null
  const { data, layout } = value
  if (!Array.isArray(data) || !isBag(layout) || !data.every(isTrace)) return null
  const kinds = [...new Set(data.map((trace: Bag) => String(trace.type ?? 'scatter')))]
  const text = `[Plotly figure: ${counted(data.length, 'trace')} (${kinds.join(', ')})]`
  return { [PLOTLY]: jsonOf(value), 'text/plain': text }
}

const isTrace = (trace: unknown): boolean =>
  isBag(trace) && (typeof trace.type === 'string' || 'x' in trace || 'y' in trace || 'z' in trace)

/** arquero. */
const columnTable: Shape = (value) => {
  const methods = ['numRows', 'numCols', 'columnNames', 'objects'].every((name) => typeof value[name] === 'function')
  if (!methods) return null
  const table = value as unknown as {
    numRows(): number
    columnNames(): string[]
    objects(options: { limit: number }): Bag[]
  }
  return tableBundle(table.columnNames(), table.objects({ limit: MAX_ROWS }), table.numRows())
}

/** danfojs: DataFrame and Series. */
const dataFrame: Shape = (value) => {
  const { values, shape, index, columns } = value
  const isFrame = [values, shape, index, columns].every(Array.isArray) && 'ctypes' in value
  if (!isFrame) return null
  const names = (columns as unknown[]).map(String)
  const isSeries = (shape as number[]).length === 1
  const rows = (values as unknown[]).slice(0, MAX_ROWS).map((row) => (isSeries ? [row] : (row as unknown[])))
  const records = rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
  return tableBundle(names, records, (values as unknown[]).length, (index as unknown[]).slice(0, MAX_ROWS).map(String))
}

/** onnxruntime: `dims`, `type` and `data`, which only tensors in this machine's memory have. */
const onnxTensor: Shape = (value) => {
  const { dims, type, location } = value
  if (!isDims(dims) || typeof type !== 'string' || !('data' in value) || !('size' in value)) return null
  const here = location === undefined || location === 'cpu' || location === 'cpu-pinned'
  return tensorBundle(type, dims, here ? (value.data as ArrayLike<unknown>) : null)
}

/** TensorFlow.js. */
const tfTensor: Shape = (value) => {
  const { shape, dtype, dataSync, isDisposed } = value
  if (!isDims(shape) || typeof dtype !== 'string' || typeof dataSync !== 'function') return null
  return tensorBundle(dtype, shape, isDisposed ? null : (dataSync.call(value) as ArrayLike<unknown>))
}

/** An element of a page, from a browser's DOM or one like it. */
const element: Shape = ({ nodeType, outerHTML, tagName }) => {
  if (nodeType !== 1 || typeof outerHTML !== 'string') return null
  return { 'text/html': outerHTML, 'text/plain': `[<${String(tagName).toLowerCase()}> element]` }
}

/** Two or more plain objects that hold nothing but plain values. */
const records: Shape = (value) => {
  if (!Array.isArray(value) || value.length < 2) return null
  const shown = value.slice(0, MAX_ROWS) as unknown[]
  if (!shown.every((row): row is Bag => isBag(row) && Object.values(row).every(isAtom))) return null
  const names = [...new Set(shown.flatMap((row) => Object.keys(row)))]
  // Rows with little in common are no table.
  if (names.length === 0 || names.length > 2 * Object.keys(shown[0] as Bag).length) return null
  const bundle = tableBundle(names, shown as Bag[], value.length)
  return { ...bundle, 'text/plain': inspect(value, { depth: 4 }) }
}

const SHAPES: readonly Shape[] = [figure, columnTable, dataFrame, onnxTensor, tfTensor, element, records]

function isBag(value: unknown): value is Bag {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

const isAtom = (value: unknown): boolean =>
  value === null || value instanceof Date || (typeof value !== 'object' && typeof value !== 'function')

const isDims = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isInteger(size) && size >= 0)

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`

/** As JSON, with typed arrays as lists. */
const jsonOf = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, one: unknown) => {
      if (typeof one === 'bigint') return Number(one)
      return ArrayBuffer.isView(one) && !(one instanceof DataView) ? Array.from(one as never) : one
    }),
  )

function textOfCell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text =
    typeof value === 'string'
      ? value
      : value instanceof Date
        ? dateText(value)
        : inspect(value, { depth: 1, breakLength: Infinity })
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text
}

const dateText = (date: Date): string => (Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString())

/** HTML for the page and aligned text for terminals, both with a note where rows or columns are missing. */
function tableBundle(
  names: readonly string[],
  rows: readonly Bag[],
  total: number,
  index?: readonly string[],
): MimeBundle {
  const columns = names.slice(0, MAX_COLUMNS)
  const labels = index ?? rows.map((_, i) => String(i))
  const cells = rows.map((row) => columns.map((name) => textOfCell(row[name])))
  const isNumber = columns.map((name) => rows.every((row) => row[name] === undefined || typeof row[name] === 'number'))
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

/** `float32 [2, 3]` and the numbers, nested by axis; `data`: null where the numbers are elsewhere. */
function tensorBundle(type: string, dims: readonly number[], data: ArrayLike<unknown> | null): MimeBundle {
  const head = `Tensor ${type} [${dims.join(', ')}]`
  if (data === null) return { 'text/plain': `${head} (its data is not in this machine's memory)` }
  const number = (i: number): string => {
    const one = data[i]
    return typeof one === 'number'
      ? String(Number(one.toPrecision(6)))
      : typeof one === 'string'
        ? inspect(one)
        : String(one)
  }
  const most = dims.length <= 3 ? MAX_AXIS : 3
  const edge = Math.floor((most - 1) / 2)
  const shown = (size: number): (number | null)[] => {
    if (size <= most) return Array.from({ length: size }, (_, i) => i)
    const ends = Array.from({ length: edge }, (_, i) => i)
    return [...ends, null, ...ends.map((i) => size - edge + i)]
  }
  const nested = (axis: number, offset: number): string => {
    const size = dims[axis]
    if (size === undefined) return number(offset)
    const stride = dims.slice(axis + 1).reduce((product, one) => product * one, 1)
    const parts = shown(size).map((i) => (i === null ? '…' : nested(axis + 1, offset + i * stride)))
    const isLast = axis === dims.length - 1
    return `[${parts.join(isLast ? ', ' : `,\n${' '.repeat(axis + 1)}`)}]`
  }
  return { 'text/plain': `${head}\n${nested(0, 0)}` }
}
