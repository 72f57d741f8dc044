// Fields of a row by name, whatever their spelling: `Question`, `question`, `final_answer` and `finalAnswer`.
import { WrittenNumber } from './exact-json.ts'

/** A field of a row: its name, the name in lower case without signs, and its value. */
export interface Named {
  readonly name: string
  readonly key: string
  readonly value: unknown
}

/** The fields of a row, in order. Asked for often while a row is read, so those of the last one are kept. */
export function fieldsOf(row: Readonly<Record<string, unknown>>): readonly Named[] {
  if (last.row === row) return last.fields
  const fields = Object.keys(row).map((name) => ({ name, key: keyOf(name), value: row[name] }))
  last = { row, fields }
  return fields
}

let last: { readonly row: object | null; readonly fields: readonly Named[] } = { row: null, fields: [] }

/** Names that are kept: those of a file are few, but for a row that is keyed by its content. */
const MOST_NAMES = 1000
const keys = new Map<string, string>()

function keyOf(name: string): string {
  const known = keys.get(name)
  if (known !== undefined) return known
  const key = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (keys.size >= MOST_NAMES) keys.clear()
  keys.set(name, key)
  return key
}

/** Whether a value says nothing: null, blanks, an empty list. */
export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.every(isEmpty))

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string' && value.trim() === '') return 'an empty string'
  return JSON.stringify(value, (_, inner) => (inner instanceof WrittenNumber ? inner.text : inner)).slice(0, 60)
}
