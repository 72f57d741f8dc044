// Values that show themselves: in a notebook through `Symbol.for('Jupyter.display')`, in a terminal through
// `toString` and `console.log`. Knows no kernel; any kernel that honours the symbol shows them.

/** The method by which a kernel asks a value for its MIME bundle. */
export const jupyterDisplay: unique symbol = Symbol.for('Jupyter.display')
const nodeInspect: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** Content by MIME type, e.g. `{ 'text/plain': '…', 'image/png': base64 }`. */
export type MimeBundle = Record<string, unknown>

/** What a kernel that shows a value can do. */
export interface DisplayHost {
  /** Takes functions as parts of a bundle: each makes its part, which is shown when it is ready. */
  readonly lateParts?: boolean
}

/** A value that shows itself. */
export interface Shown {
  [jupyterDisplay](host?: DisplayHost): MimeBundle | Promise<MimeBundle>
  /** The same for a terminal: plain text without colour and without a final newline. */
  toString(): string
  /** What its picture says, in words; absent where it has none. */
  readonly alt?: string
}

/** Makes a value of its terminal text and of the MIME types beside `text/plain`, which are made when asked for. */
export function shown(
  text: string,
  others: (host: DisplayHost) => MimeBundle | Promise<MimeBundle> = () => ({}),
): Shown {
  const value = {
    [jupyterDisplay]: (host: DisplayHost = {}) => {
      const rest = others(host)
      return rest instanceof Promise
        ? rest.then((bundle) => ({ ...bundle, 'text/plain': text }))
        : { ...rest, 'text/plain': text }
    },
    [nodeInspect]: () => text,
    toString: () => text,
  }
  return value
}

/** Several values under each other, shown as one. Rich content of each survives only in `text/html` and `text/plain`. */
export function stacked(values: readonly Shown[]): Shown {
  return shown(values.map(String).join('\n\n'), async () => {
    const bundles = await Promise.all(values.map((value) => value[jupyterDisplay]()))
    return { 'text/html': bundles.map((bundle, i) => htmlOf(bundle, values[i]!.alt)).join('\n') }
  })
}

function htmlOf(bundle: MimeBundle, alt = ''): string {
  if (typeof bundle['text/html'] === 'string') return bundle['text/html']
  if (typeof bundle['image/png'] === 'string')
    return `<img src="data:image/png;base64,${bundle['image/png']}" alt="${escapeHtml(alt)}">`
  return `<pre>${escapeHtml(String(bundle['text/plain']))}</pre>`
}

/** Text made safe between tags and inside quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
