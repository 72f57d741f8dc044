// A value → its MIME bundle: what it says of itself through Symbol.for('Jupyter.display'), else what its shape tells
// (shapes.ts; a figure's picture follows later), else text as util.inspect writes it. No colours: other clients store the
// text as it is.
import { type InspectOptions, inspect } from 'node:util'
import type { MimeBundle } from '../protocol/message.ts'
import { PLOTLY, pictureOf } from './figure-picture.ts'
import type { LatePart, Shown } from './late-parts.ts'
import { inOwnRealm, inTheirRealm, withoutPrototype } from './own-realm.ts'
import { kernel } from './settings.ts'
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

/** What whoever asks a value to show itself can do. */
export interface DisplayHost {
  /** Takes functions as parts of the bundle: each makes its part, which is shown when it is ready. */
  readonly lateParts?: boolean
}

/** A value that shows itself. */
export interface Displayable {
  [DISPLAY](host?: DisplayHost): MimeBundle | Promise<MimeBundle>
}

function isDisplayable(value: unknown): value is Displayable {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  try {
    return typeof (value as Partial<Displayable>)[DISPLAY] === 'function'
  } catch {
    return false // a proxy that throws at every touch: its text says so
  }
}

/** The MIME bundle of a value: at once, or a promise where the value needs time. Throws what the value throws. */
export function mimeBundle(value: unknown): MimeBundle | Promise<MimeBundle> {
  return inOwnRealm(() => {
    if (!isDisplayable(value)) return plainBundle(value)
    const bundle = inTheirRealm(() => value[DISPLAY]())
    return bundle instanceof Promise ? bundle.then(checkedLate) : checked(bundle)
  })
}

/** No promise takes it for another one, whatever `then` all objects were given. */
const checkedLate = (bundle: unknown): MimeBundle =>
  inOwnRealm(() => Object.defineProperty(checked(bundle), 'then', { value: undefined }))

/** The same where some parts may follow later. */
export function shownOf(value: unknown): Shown | Promise<Shown> {
  return inOwnRealm(() => {
    if (isDisplayable(value)) {
      const bundle = inTheirRealm(() => value[DISPLAY]({ lateParts: true }))
      return bundle instanceof Promise
        ? bundle.then((ready) => inOwnRealm(() => withLateParts(checkedLate(ready))))
        : withLateParts(checked(bundle))
    }
    const bundle = plainBundle(value)
    const draw = PLOTLY in bundle ? pictureOf(bundle) : null
    const late: Record<string, LatePart> =
      draw === null ? {} : { 'image/png': async () => encoded('image/png', await draw()) }
    return withoutPrototype({ bundle, late })
  })
}

const plainBundle = (value: unknown): MimeBundle => shapeOf(value) ?? { 'text/plain': textOf(value) }

function withLateParts(bundle: MimeBundle): Shown {
  const late: Record<string, LatePart> = {}
  for (const [type, part] of Object.entries(bundle)) {
    if (typeof part !== 'function') continue
    delete bundle[type]
    if (kernel.pictures) late[type] = async () => encoded(type, await (part as LatePart)())
  }
  return withoutPrototype({ bundle, late })
}

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
  return type.startsWith('text/') && typeof data !== 'string' && typeof data !== 'function' ? String(data) : data
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
