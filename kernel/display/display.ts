// display() and its handles, and the values that wrap a MIME type. Where the output goes is decided by whoever connects a
// screen: the kernel's user process does; without one, text/plain goes to stdout, so that a script may import this too.
import { randomUUID } from 'node:crypto'
import type { MimeBundle } from '../protocol/message.ts'
import { heightOf, PLOTLY } from './figure-picture.ts'
import { DISPLAY, type Displayable, shownOf, textOf } from './format.ts'
import { expectOptions } from './known-options.ts'
import { isWhole, type Shown, wholeOf } from './late-parts.ts'
import { inOwnRealm } from './own-realm.ts'

/** Where displays go. */
export interface Screen {
  show(bundle: MimeBundle, id: string): void
  update(bundle: MimeBundle, id: string): void
  /** `wait`: only when the next output arrives. */
  clear(wait: boolean): void
  /** The cell does not end before this has settled. */
  hold(work: Promise<unknown>): void
  /** Asks the person at the notebook. */
  ask(question: string, password: boolean): Promise<string>
  /** Aborted when the current cell is interrupted. */
  signal(): AbortSignal
}

const never = new AbortController().signal

const printed = (bundle: MimeBundle): void => {
  const text = bundle['text/plain'] ?? Object.values(bundle)[0]
  if (text !== undefined && text !== '') process.stdout.write(`${typeof text === 'string' ? text : textOf(text)}\n`)
}

const plainScreen: Screen = {
  show: printed,
  update: printed,
  clear: () => undefined,
  hold: () => undefined,
  ask: async () => {
    throw new Error('Expected a notebook to ask in: prompt() works only inside a kernel')
  },
  signal: () => never,
}

let screen = plainScreen

/** From here on displays go to this screen. */
export function connectScreen(to: Screen): void {
  screen = to
}

/** True inside a kernel. */
export const hasScreen = (): boolean => screen !== plainScreen

/** A display that is on the page and can change in place. As a cell's last value it shows nothing more. */
export interface DisplayHandle extends Displayable {
  readonly id: string
  /** Replaces what is shown, also from a later cell. */
  update(value: unknown): void
  /** Empties the display; it can be updated again. */
  clear(): void
}

/**
 * Shows a value on the page now. `id`: a name of your own, so that a later `display(value, { id })` gives a handle to
 * update; default: a fresh one. A value shows itself through Symbol.for('Jupyter.display'), else as text. Outside a
 * kernel the text is printed.
 * Errors: what the value throws when it shows itself; a TypeError for an option that it does not have.
 * @example
 * display('one', { id: 'counter' }).update('two')
 */
export function display(value: unknown, { id = randomUUID() as string, ...rest }: { id?: string } = {}): DisplayHandle {
  expectOptions('display', rest, ['id'])
  publish(value, id, false)
  return {
    id,
    update: (next) => publish(next, id, true),
    clear: () => publish(NOTHING, id, true),
    [DISPLAY]: () => ({}),
  }
}

const NOTHING: Displayable = { [DISPLAY]: () => ({ 'text/plain': '' }) }

/** The newest value of each display wins, whichever was ready first. */
const turns = new Map<string, number>()

function publish(value: unknown, id: string, isUpdate: boolean): void {
  inOwnRealm(() => {
    const work = present(value, id, isUpdate)
    if (work !== null) screen.hold(work)
  })
}

/**
 * Puts a value on the page. Null: it is there; else a promise that settles when it is, and rejects with what the value
 * throws. Parts that take more time follow, and the cell waits for them.
 */
export function present(value: unknown, id: string, isUpdate: boolean): Promise<void> | null {
  return inOwnRealm(() => {
    const isWanted = nextTurn(id)
    const ready = shownOf(value)
    if (!(ready instanceof Promise)) return put(ready, { id, isUpdate, isWanted })
    // A value that needs time keeps its place on the page.
    if (!isUpdate && hasScreen()) screen.show({ 'text/plain': '' }, id)
    return ready.then((found) =>
      inOwnRealm(() =>
        isWanted() ? (put(found, { id, isUpdate: isUpdate || hasScreen(), isWanted }) ?? undefined) : undefined,
      ),
    )
  })
}

/**
 * The bundle of a cell's last value; null where it is on the page already, as one whose picture follows. At once where the
 * value needs no time.
 */
export function resultBundle(value: unknown): MimeBundle | null | Promise<MimeBundle | null> {
  return inOwnRealm(() => {
    const ready = shownOf(value)
    return ready instanceof Promise ? ready.then((found) => inOwnRealm(() => placed(found))) : placed(ready)
  })
}

function placed(found: Shown): MimeBundle | null | Promise<null> {
  if (isWhole(found)) return found.bundle
  const id = randomUUID()
  return put(found, { id, isUpdate: false, isWanted: nextTurn(id) })?.then(() => null) ?? null
}

function nextTurn(id: string): () => boolean {
  const turn = (turns.get(id) ?? 0) + 1
  turns.set(id, turn)
  return () => turns.get(id) === turn
}

interface Put {
  readonly id: string
  readonly isUpdate: boolean
  isWanted(): boolean
}

function put(found: Shown, { id, isUpdate, isWanted }: Put): Promise<void> | null {
  const to = screen
  const isFigure = PLOTLY in found.bundle
  const bundle = isFigure && !isWhole(found) ? { ...emptyPlace(found.bundle), ...found.bundle } : found.bundle
  const show = (): void => {
    if (!isUpdate) to.show(bundle, id)
    else {
      if (hasScreen() && isFigure && figures.has(id)) to.update(emptyPlace(bundle), id)
      to.update(bundle, id)
    }
    if (isFigure) figures.set(id, performance.now())
    else figures.delete(id)
    if (isWhole(found) || !hasScreen()) return
    const late = wholeOf(found, { isUpdate, isWanted }).then((full) =>
      inOwnRealm(() => {
        if (full !== null) to.update(full, id)
      }),
    )
    to.hold(late)
  }
  const wait = isUpdate && isFigure ? (figures.get(id) ?? 0) + REDRAW_MS - performance.now() : 0
  if (wait <= 0) {
    show()
    return null
  }
  return new Promise((resolve) => setTimeout(resolve, wait)).then(() =>
    inOwnRealm(() => {
      if (isWanted()) show()
    }),
  )
}

/** Displays that hold a figure, and when it was drawn. */
const figures = new Map<string, number>()
/** At least this long between two drawings of a figure, in milliseconds. */
const REDRAW_MS = 100

/**
 * Plotly's extension of JupyterLab draws the first figure of a display and ignores the next: it starts anew where something
 * else stood between them. As tall, so that the page does not jump. Pages that cannot draw figures show it until the
 * picture is there.
 */
const emptyPlace = (bundle: MimeBundle): MimeBundle => ({
  'text/html': `<div style="height:${heightOf(bundle)}px"></div>`,
  'text/plain': bundle['text/plain'] ?? '',
})

/**
 * Removes the output of the current cell; `wait` (default false): only when the next output arrives, so that the page
 * does not flicker.
 * Errors: a TypeError for an option that it does not have.
 */
export function clearOutput({ wait = false, ...rest }: { wait?: boolean } = {}): void {
  expectOptions('clearOutput', rest, ['wait'])
  screen.clear(wait)
}

/**
 * Asks the person at the notebook for a line of text; `password` (default false) hides what is typed.
 * Errors: rejects where nobody can answer: outside a kernel, and with a client that takes no input. A TypeError for an
 * option that it does not have.
 * @example
 * await prompt('Your name?') // Error: Expected a notebook to ask in: prompt() works only inside a kernel
 */
export function prompt(question = '', { password = false, ...rest }: { password?: boolean } = {}): Promise<string> {
  expectOptions('prompt', rest, ['password'])
  return screen.ask(question, password)
}

/**
 * Asks a question that is answered by yes or no: true for an answer that begins with y. As all questions it is awaited.
 * Errors: those of `prompt`.
 * @example
 * await confirm('Delete all?') // Error: Expected a notebook to ask in: prompt() works only inside a kernel
 */
export async function confirm(question = 'Confirm'): Promise<boolean> {
  return /^\s*y/i.test(await screen.ask(`${question} [y/N] `, false))
}

/**
 * Shows a text and waits until the person has seen it and pressed Enter.
 * Errors: those of `prompt`.
 * @example
 * await alert('Done') // Error: Expected a notebook to ask in: prompt() works only inside a kernel
 */
export async function alert(text = 'Alert'): Promise<void> {
  await screen.ask(`${text} [Enter] `, false)
}

/**
 * Aborted when the cell that calls it is interrupted: pass it to long work, which otherwise goes on unseen. Outside a
 * kernel it is never aborted.
 * @example
 * cellSignal().aborted // false
 */
export const cellSignal = (): AbortSignal => screen.signal()

type Text = string | TemplateStringsArray

const joined = (text: Text, values: unknown[]): string =>
  typeof text === 'string' ? text : String.raw({ raw: text }, ...values)

const wrapped =
  (type: string, plain: (data: string) => string = (data) => data) =>
  (text: Text, ...values: unknown[]): Displayable => {
    const data = inOwnRealm(() => joined(text, values))
    return shown(() => ({ [type]: data, 'text/plain': plain(data) }))
  }

const shown = (bundle: () => MimeBundle): Displayable => ({ [DISPLAY]: () => inOwnRealm(bundle) })

/** Longer pages are cut in their plain text: it is there for terminals, beside the page itself. */
const PLAIN_PAGE = 2000

/** The words of a page. */
function wordsOf(page: string): string {
  const words = page.slice(0, 10 * PLAIN_PAGE).replace(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
  const text = words.replace(/\s+/g, ' ').trim()
  return text.length > PLAIN_PAGE ? `${text.slice(0, PLAIN_PAGE)}…` : text || '[HTML page]'
}

/**
 * A value that shows as HTML. Values in a template are not escaped. Its text form is the words of the page, 2000
 * characters at most.
 * @example
 * html`<b>${4}</b>`[DISPLAY]() // { 'text/html': '<b>4</b>', 'text/plain': '4' }
 */
export const html = wrapped('text/html', wordsOf)
/**
 * A value that shows as Markdown. Its text form is the source.
 * @example
 * markdown`**${4}**`[DISPLAY]() // { 'text/markdown': '**4**', 'text/plain': '**4**' }
 */
export const markdown = wrapped('text/markdown')
/** A value that shows as an SVG image, from its source. */
export const svg = wrapped('image/svg+xml', () => '[SVG image]')
/** Pages set as mathematics only what stands between such marks. */
const MATHEMATICS = /\$|\\\(|\\\[|\\begin\{/

/**
 * A value that shows as LaTeX mathematics. Write latex`\frac12` or latex('\\frac12'); text with mathematics in it has
 * marks of its own: latex`Half is $\frac12$`.
 * @example
 * latex`x^2`[DISPLAY]() // { 'text/latex': '$\\displaystyle x^2$', 'text/plain': 'x^2' }
 */
export const latex = (text: Text, ...values: unknown[]): Displayable => {
  const data = inOwnRealm(() => (typeof text === 'string' ? text : String.raw(text, ...values)))
  return shown(() => {
    const marked = MATHEMATICS.test(data) ? data : `$\\displaystyle ${data}$`
    return { 'text/latex': marked, 'text/plain': data }
  })
}

/**
 * A value that shows as a PNG image: bytes, or base64 text. `alt`: what it shows, in words, for people who cannot see it
 * and as its text form. The bytes are not looked at.
 * Errors: a TypeError for an option that it does not have.
 * @example
 * png(new Uint8Array(300))[DISPLAY]() // { 'image/png': '…', 'text/plain': '[PNG image, 300 bytes]' }
 */
export function png(data: Uint8Array | string, { alt, ...rest }: { alt?: string } = {}): Displayable {
  expectOptions('png', rest, ['alt'])
  return shown(() => {
    const base64 = typeof data === 'string' ? data : Buffer.from(data).toString('base64')
    const size = Math.floor((base64.length * 3) / 4)
    const text = alt ?? `PNG image, ${size.toLocaleString('en')} bytes`
    return { 'image/png': base64, 'text/plain': `[${text}]` }
  })
}

/**
 * A value that shows as a JSON tree, where the client has one, else as indented text. Needs what JSON can hold.
 * Errors: when it is shown, those of JSON.stringify: a circle, a bigint.
 */
export function json(value: unknown): Displayable {
  return shown(() => ({ 'application/json': value, 'text/plain': JSON.stringify(value, null, 2) }))
}
