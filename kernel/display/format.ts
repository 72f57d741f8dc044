// A value → its MIME bundle: what it says of itself through Symbol.for('Jupyter.display'), else what its shape tells
// (shapes.ts; a figure with a picture beside), else text as util.inspect writes it. No colours: other clients store the
// text as it is.
import { type InspectOptions, inspect } from 'node:util'
import type { MimeBundle } from '../protocol/message.ts'
import { ONCE, PLOTLY, type Wish, withPicture } from './figure-picture.ts'
import { inOwnRealm, inTheirRealm } from './own-realm.ts'
import { bundleOfShape } from './shapes.ts'

/**
 * A value with a method under this symbol shows itself: it returns a MIME bundle, or a promise of one. Bytes in a
 * bundle travel as base64.
 * @example
 * DISPLAY === Symbol.for('Jupyter.display') // true
 */
export const DISPLAY = Symbol.for('Jupyter.display')

/** Longer text is cut, in characters. */
const MAX_TEXT = 100_000

/** A value that shows itself. */
export interface Displayable {
  [DISPLAY](): MimeBundle | Promise<MimeBundle>
}

function isDisplayable(value: unknown): value is Displayable {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  try {
    return typeof (value as Partial<Displayable>)[DISPLAY] === 'function'
  } catch {
    return false // a proxy that throws at every touch: its text says so
  }
}

/**
 * The MIME bundle of a value: at once, or a promise where the value needs time. `wish`: when a picture is worth drawing;
 * null for none. Throws what the value throws.
 */
export function mimeBundle(value: unknown, wish: Wish | null = ONCE): MimeBundle | Promise<MimeBundle> {
  return inOwnRealm(() => bundleOf(value, wish))
}

function bundleOf(value: unknown, wish: Wish | null): MimeBundle | Promise<MimeBundle> {
  if (!isDisplayable(value)) {
    const shape = shapeOf(value) ?? { 'text/plain': textOf(value) }
    return PLOTLY in shape && wish !== null ? withPicture(shape, wish) : shape
  }
  const bundle = inTheirRealm(() => value[DISPLAY]())
  return bundle instanceof Promise ? bundle.then(checkedLate) : checked(bundle)
}

/** No promise takes it for another one, whatever `then` all objects were given. */
const checkedLate = (bundle: unknown): MimeBundle =>
  inOwnRealm(() => Object.defineProperty(checked(bundle), 'then', { value: undefined }))

function shapeOf(value: unknown): MimeBundle | null {
  try {
    return bundleOfShape(value)
  } catch {
    return null // it only looked like one: its text is shown
  }
}

function checked(bundle: unknown): MimeBundle {
  if (typeof bundle !== 'object' || bundle === null || Array.isArray(bundle)) {
    throw new TypeError(`Expected Symbol.for('Jupyter.display') to give an object of MIME types, got ${textOf(bundle)}`)
  }
  return Object.fromEntries(Object.entries(bundle).map(([type, data]) => [type, encoded(type, data)]))
}

/** Bytes travel as base64. */
function encoded(type: string, data: unknown): unknown {
  if (data instanceof Uint8Array) return Buffer.from(data).toString('base64')
  return type.startsWith('text/') && typeof data !== 'string' ? String(data) : data
}

const INSPECT: InspectOptions = { colors: false, depth: 4, maxArrayLength: 100, maxStringLength: 20_000 }

type List = unknown[] | Uint8Array

const isHugeList = (value: unknown): value is List =>
  (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) && (value as List).length > 100_000

/** inspect visits every key of a list, for seconds where there are millions, and shows a hundred. */
function headOf(list: List): string {
  const shown = list.slice(0, 100)
  const text = inspect(shown, INSPECT).replace(`(${shown.length})`, `(${list.length})`)
  return text.replace(/\s*\]$/, `,\n  ... ${list.length - shown.length} more items\n]`)
}

/** The text of a value, cut with a note where it is very long. Never throws. */
export function textOf(value: unknown): string {
  try {
    return inOwnRealm(() => shortened(isHugeList(value) ? headOf(value) : inspect(value, INSPECT)))
  } catch (error) {
    return `[a value that cannot be shown: ${error instanceof Error ? error.message : String(error)}]`
  }
}

/** Cuts text after so many characters and says how much is missing. */
export function shortened(text: string, limit = MAX_TEXT): string {
  if (text.length <= limit) return text
  const rest = (text.length - limit).toLocaleString('en')
  return `${text.slice(0, limit)}\n… ${rest} more characters`
}

/**
 * The tracking of cells leaves marks on each promise, which would show as fields. From here on they do not: they are
 * hidden when a promise is first shown.
 */
export function hidePromiseMarks(): void {
  const hide = (promise: Promise<unknown>): void => {
    for (const mark of Object.getOwnPropertySymbols(promise)) {
      const isMark = /^(async_id_symbol|trigger_async_id_symbol|destroyed|kResourceStore)$/.test(mark.description ?? '')
      if (isMark) Object.defineProperty(promise, mark, { enumerable: false })
    }
    // Without this function, inspect shows the promise in its own way.
    Object.defineProperty(promise, inspect.custom, { value: undefined, configurable: true })
  }
  const show = function (this: Promise<unknown>, depth: number, options: InspectOptions): string {
    inOwnRealm(() => hide(this))
    return inspect(this, { ...options, depth })
  }
  Object.defineProperty(Promise.prototype, inspect.custom, { value: show, configurable: true })
}
