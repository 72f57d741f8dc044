// Values of packages that know nothing of notebooks, told by their shape and shown as what they are: figures, tables,
// tensors, pictures, page elements, lists of plain rows. No package is imported; a value that only looks like one shows the
// same way. Lists of lists and maps stay text, which says what they are.
import { types } from 'node:util'
import type { MimeBundle } from '../protocol/message.ts'
import { onAnyPage } from './figure-look.ts'
import { PLOTLY } from './figure-picture.ts'
import { pictureBundle } from './picture.ts'
import { MAX_ROWS, tableBundle } from './table-bundle.ts'
import { type TensorFacts, tensorText } from './tensor-text.ts'

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
  const { layout } = value
  if (!isBag(layout)) return null
  if (!Object.keys(value).every((key) => ['data', 'layout', 'config', 'frames'].includes(key))) return null
  const { data } = value
  if (!Array.isArray(data) || !data.every(isTrace)) return null
  const kinds = [...new Set(data.map((trace: Bag) => String(trace.type ?? 'scatter')))]
  const title = titleOf(layout)
  const text = `[Plotly figure${title}: ${counted(data.length, 'trace')} (${kinds.join(', ')})]`
  return { [PLOTLY]: onAnyPage(jsonOf(value) as { layout: Bag }), 'text/plain': text }
}

function titleOf({ title }: Bag): string {
  const text = isBag(title) ? title.text : title
  return typeof text === 'string' && text !== '' ? ` "${text.replace(/<[^>]*>/g, '').slice(0, 100)}"` : ''
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

/** Apache Arrow, as DuckDB and others give it. */
const arrowTable: Shape = (value) => {
  const { schema, numRows, get } = value
  if (!isFields(schema) || typeof numRows !== 'number' || typeof get !== 'function') return null
  const names = schema.fields.map(({ name }) => name)
  const rows = Array.from({ length: Math.min(numRows, MAX_ROWS) }, (_, i) => get.call(value, i) as Bag)
  return tableBundle(names, rows, numRows)
}

const isFields = (schema: unknown): schema is { fields: { name: string }[] } =>
  typeof schema === 'object' && schema !== null && Array.isArray((schema as { fields?: unknown }).fields)

/** danfojs: DataFrame and Series. */
const dataFrame: Shape = (value) => {
  const { values, shape, index, columns, dtypes } = value
  if (![values, shape, index, columns, dtypes].every(Array.isArray)) return null
  const names = (columns as unknown[]).map(String)
  const isSeries = !Array.isArray((values as unknown[])[0]) // of one value for each row, not a list
  const rows = (values as unknown[]).slice(0, MAX_ROWS).map((row) => (isSeries ? [row] : (row as unknown[])))
  const records = rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
  return tableBundle(names, records, (values as unknown[]).length, (index as unknown[]).slice(0, MAX_ROWS).map(String))
}

/** onnxruntime: `dims`, `type` and `data`, which only tensors in this machine's memory have. */
const onnxTensor: Shape = (value) => {
  const { dims, type, location } = value
  if (!isDims(dims) || typeof type !== 'string' || !('data' in value) || !('size' in value)) return null
  const here = location === undefined || location === 'cpu' || location === 'cpu-pinned'
  const data = here ? (value.data as ArrayLike<unknown>) : `its data is on the device: ${String(location)}`
  return tensorBundle({ type, dims, data })
}

/** TensorFlow.js. */
const tfTensor: Shape = (value) => {
  const { shape, dtype, dataSync, isDisposed } = value
  if (!isDims(shape) || typeof dtype !== 'string' || typeof dataSync !== 'function') return null
  const data = isDisposed ? 'disposed' : (dataSync.call(value) as ArrayLike<unknown>)
  return tensorBundle({ type: dtype, dims: shape, data })
}

const tensorBundle = (facts: TensorFacts): MimeBundle => ({ 'text/plain': tensorText(facts) })

/** An element of a page, from a browser's DOM or one like it. */
const element: Shape = ({ nodeType, outerHTML, tagName }) => {
  if (nodeType !== 1 || typeof outerHTML !== 'string') return null
  return { 'text/html': outerHTML, 'text/plain': `[<${String(tagName).toLowerCase()}> element]` }
}

/** Bytes of a picture, as files and replies give them. */
const picture: Shape = (value) => {
  if (types.isUint8Array(value) || types.isUint8ClampedArray(value))
    return pictureBundle(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  return types.isAnyArrayBuffer(value) ? pictureBundle(new Uint8Array(value)) : null
}

/** As many rows of a long list are looked at, to find its columns. */
const MAX_LOOKED_AT = 1000

/** Plain objects with much in common, at least one of whose columns holds plain values. */
const records: Shape = (value) => {
  if (!Array.isArray(value) || value.length === 0) return null
  const looked = value.slice(0, MAX_LOOKED_AT) as unknown[]
  if (!looked.every(isBag)) return null
  const counts = new Map<string, number>()
  for (const row of looked) for (const name of Object.keys(row)) counts.set(name, (counts.get(name) ?? 0) + 1)
  const names = [...counts.keys()]
  const cells = [...counts.values()].reduce((sum, count) => sum + count, 0)
  // Mostly empty cells are no table.
  if (names.length === 0 || 2 * cells <= names.length * looked.length) return null
  const shown = looked.slice(0, MAX_ROWS)
  if (!names.some((name) => shown.every((row) => isAtom(row[name])))) return null
  return tableBundle(names, shown, value.length)
}

const SHAPES: readonly Shape[] = [
  figure,
  columnTable,
  arrowTable,
  dataFrame,
  onnxTensor,
  tfTensor,
  picture,
  element,
  records,
]

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
