// A value of the user code as one line of text, from what V8 tells of it without running any of its code.
import type { Runtime } from 'node:inspector'
import { inspect } from 'node:util'

/** Longer text is cut, in characters. */
const MAX_LINE = 10_000

/** How many elements an array-like value has; null for other values. */
export function arrayLength({ subtype, description }: Runtime.RemoteObject): number | null {
  if (subtype !== 'array' && subtype !== 'typedarray') return null
  const size = /\((\d+)\)$/.exec(description ?? '')?.[1]
  return size === undefined ? null : Number(size)
}

/** `'text'`, `3`, `{ a: 1 }`, `Map(2) { 'a' => 1, … }`, `[Function: f]`. */
export function describeValue(value: Runtime.RemoteObject): string {
  const { type, subtype, preview, description = '' } = value
  if (type === 'string')
    return inspect(value.value, { maxStringLength: MAX_LINE, breakLength: Number.POSITIVE_INFINITY })
  if (type === 'boolean') return String(value.value) // the only kind without a description
  if (type === 'undefined' || subtype === 'null') return type === 'undefined' ? 'undefined' : 'null'
  if (type === 'function') return describeFunction(description)
  if (subtype === 'error') return description.split('\n')[0] ?? 'Error'
  return preview === undefined ? description : describePreview(preview)
}

/** The type shown beside a value: a class name where there is one. */
export const typeOf = ({ type, subtype, className }: Runtime.RemoteObject): string =>
  subtype === 'null' ? 'null' : type === 'object' ? (className ?? 'object') : type

function describeFunction(source: string): string {
  if (source.startsWith('class')) return `[${/^class(\s+[\p{ID_Continue}$]+)?/u.exec(source)?.[0] ?? 'class'}]`
  const name = /^(?:async\s+)?(?:function\b\s*\*?|\*)?\s*(?!function\b)([\p{ID_Continue}$]+)\s*\(/u.exec(source)?.[1]
  return name === undefined ? '[Function]' : `[Function: ${name}]`
}

/** Kinds of objects whose fields are shown. */
const OPENED = new Set(['map', 'set', 'weakmap', 'weakset', 'proxy', 'promise'])

/** What the tracking of cells leaves on a promise. */
export const isMark = (name: string): boolean =>
  /^Symbol\((async_id_symbol|trigger_async_id_symbol|destroyed|kResourceStore)\)$/.test(name)

function describePreview(preview: Runtime.ObjectPreview): string {
  const { subtype, description = '', properties, entries, overflow } = preview
  const rest = overflow ? ['…'] : []
  if (subtype === 'array' || subtype === 'typedarray') {
    const elements = properties.filter(({ name }) => /^\d+$/.test(name))
    const items = elements.map(({ name, ...item }) => describeProperty(item))
    const label = subtype === 'typedarray' ? `${description} ` : ''
    return `${label}[${items.concat(rest).join(', ')}]`
  }
  const isPlain = description === 'Object'
  if (subtype !== undefined && !OPENED.has(subtype)) return description
  const isCollection = subtype === 'map' || subtype === 'set'
  const fields = properties.filter(({ name }) => !isMark(name) && !(isCollection && name === 'size'))
  const items = (entries ?? []).map(({ key, value }) =>
    key === undefined ? describePreviewValue(value) : `${describePreviewValue(key)} => ${describePreviewValue(value)}`,
  )
  const all = [...fields.map(({ name, ...item }) => `${name}: ${describeProperty(item)}`), ...items, ...rest]
  const inner = all.length === 0 ? '{}' : `{ ${all.join(', ')} }`
  return isPlain ? inner : `${description} ${inner}`
}

type PropertyValue = Omit<Runtime.PropertyPreview, 'name'>

function describeProperty({ type, subtype, value = '', valuePreview }: PropertyValue): string {
  if (valuePreview !== undefined) return describePreview(valuePreview)
  if (type === 'string') return inspect(value)
  if (type === 'function') return '[Function]'
  if (type === 'accessor') return '[Getter]'
  return type === 'object' && subtype === undefined && value === 'Object' ? '{…}' : value
}

const describePreviewValue = (preview: Runtime.ObjectPreview): string =>
  preview.type === 'object'
    ? describePreview(preview)
    : describeProperty({ ...preview, type: preview.type as PropertyValue['type'], value: preview.description })
