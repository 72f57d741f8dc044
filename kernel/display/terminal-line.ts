// The last line of what a cell has printed, as a terminal would hold it. Pages know `\r` and colours, but no cursor: what
// moves it, erases or writes over is done here, and the page gets the whole line again behind a `\r`. A line only: what
// moves the cursor to another row (a second bar, `\x1b[A`) is left out, so that such output appears below itself.
import { inOwnRealm } from './own-realm.ts'

/** One line. Text without a control character passes as it is, and costs next to nothing. */
export interface TerminalLine {
  /** What to send so that the page shows what a terminal would show after this text. */
  write(text: string): string
  /** The text since the last line break, without colours. */
  text(): string
}

interface Cell {
  readonly style: string
  readonly character: string
}

/** Longer lines are not held: they pass as they are, in characters. */
const MAX_LINE = 4096
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what this file is about
const TOKEN =
  /\x1b\[([?<=>]*)([\d;:]*)([ -/]*[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\r\n\b]|[^\x1b]/gsu
const COLOURS = /\x1b\[[\d;:]*m/g
const CURSOR = /[\x1b\r\b]/
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above

const uncurried = Function.prototype.bind.bind(Function.prototype.call) as <T, A extends unknown[], R>(
  method: (this: T, ...args: A) => R,
) => (that: T, ...args: A) => R
// This part runs for every printed line, in the realm as cells have left it (own-realm.ts).
const indexOf = uncurried(String.prototype.indexOf)
const lastIndexOf = uncurried(String.prototype.lastIndexOf)
const slice = uncurried(String.prototype.slice)

/** An empty line. */
export function createTerminalLine(): TerminalLine {
  /** The line as it was sent. Once cells hold it, they are what counts. */
  let plain = ''
  let row: Row | null = null

  return {
    write(text) {
      const isSimple = indexOf(text, '\x1b') < 0 && indexOf(text, '\r') < 0 && indexOf(text, '\b') < 0
      if (row === null && (isSimple || inOwnRealm(() => !CURSOR.test(text.replace(COLOURS, ''))))) {
        const end = lastIndexOf(text, '\n')
        plain = end < 0 ? plain + text : slice(text, end + 1)
        if (plain.length > MAX_LINE) plain = ''
        return text
      }
      return inOwnRealm(() => {
        row ??= createRow(plain)
        const sent = row.write(text)
        if (row.isPlain()) {
          plain = row.text()
          row = null
        }
        return sent
      })
    },
    text: () => inOwnRealm(() => row?.text() ?? plain.replace(COLOURS, '')),
  }
}

const ENDS = new Set([22, 23, 24, 27, 28, 29, 39, 49])

/** What a colour code changes. */
function styleOf(code: number): string | null {
  if ((code >= 30 && code <= 39) || (code >= 90 && code <= 97)) return 'colour'
  if ((code >= 40 && code <= 49) || (code >= 100 && code <= 107)) return 'background'
  if (code === 1 || code === 2 || code === 22) return 'weight'
  return code > 2 && code < 30 ? `${code % 20}` : null
}

interface Row {
  write(text: string): string
  text(): string
  /** Whether the page's cursor is where the terminal's would be, with nothing to remember. */
  isPlain(): boolean
}

function createRow(begun: string): Row {
  let cells: Cell[] = []
  let column = 0
  let saved: number | null = null
  const styles = new Map<string, string>()
  let style = ''
  /** Width of what the page shows. */
  let shown = 0
  let isTouched = false

  const put = (character: string): void => {
    while (cells.length < column) cells.push({ style: '', character: ' ' })
    cells[column] = { style, character }
    column += 1
  }
  const erase = (from: number, to: number): void => {
    for (let at = from; at < Math.min(to, cells.length); at++) cells[at] = { style: '', character: ' ' }
    if (to >= cells.length) cells.length = Math.min(from, cells.length)
  }
  const render = (): string => {
    let text = ''
    let last = ''
    for (const cell of cells) {
      if (cell.style !== last) text += `${last === '' ? '' : '\x1b[0m'}${cell.style}`
      text += cell.character
      last = cell.style
    }
    return last === '' ? text : `${text}\x1b[0m`
  }
  /** The whole line, behind what the page shows of it. */
  const redraw = (): string => {
    if (!isTouched) return ''
    isTouched = false
    const blank = ' '.repeat(Math.max(0, shown - cells.length))
    const text = `${shown > 0 ? '\r' : ''}${render()}${blank}`
    shown = Math.max(shown, cells.length)
    return text
  }
  const control = (kind: string, first: number | null, second: number | null): void => {
    const count = Math.max(1, first ?? 1)
    if (kind === 'G' || kind === '`') column = count - 1
    else if (kind === 'H' || kind === 'f') column = Math.max(1, second ?? 1) - 1
    else if (kind === 'C') column += count
    else if (kind === 'D') column = Math.max(0, column - count)
    else if (kind === 'E' || kind === 'F') column = 0
    else if (kind === 's') saved = column
    else if (kind === 'u') column = saved ?? 0
    else if (kind === 'K' || kind === 'J') {
      if (first === 1) erase(0, column + 1)
      else erase(first === 2 || first === 3 ? 0 : column, Number.POSITIVE_INFINITY)
      isTouched = true
    }
  }
  const colour = (parameters: string): void => {
    const codes = parameters.split(/[;:]/).map(Number)
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at] as number
      // 38 and 48 take a colour by number (5;n) or by its parts (2;r;g;b).
      const more = code !== 38 && code !== 48 ? 0 : codes[at + 1] === 5 ? 2 : 4
      const kind = styleOf(code)
      if (code === 0) styles.clear()
      else if (kind !== null && ENDS.has(code)) styles.delete(kind)
      else if (kind !== null) styles.set(kind, `\x1b[${codes.slice(at, at + 1 + more).join(';')}m`)
      at += more
    }
    style = [...styles.values()].join('')
  }

  /** Goes through the text; `sent` gets what is complete. */
  const feed = (text: string, sent: (part: string) => void): void => {
    for (const [token, mode, parameters = '', kind] of text.matchAll(TOKEN)) {
      if (kind === 'm') colour(parameters)
      else if (kind !== undefined) {
        const [first, second] = parameters.split(';').map((one) => (one === '' ? null : Number(one)))
        if (mode === '') control(kind, first ?? null, second ?? null)
      } else if (token === '\x1b7') saved = column
      else if (token === '\x1b8') column = saved ?? 0
      else if (token === '\r') column = 0
      else if (token === '\b') column = Math.max(0, column - 1)
      else if (token === '\n') {
        sent(`${redraw()}\n`)
        cells = []
        column = 0
        shown = 0
        saved = null
      } else if (token[0] !== '\x1b') {
        put(token)
        isTouched = true
      }
    }
  }

  feed(begun, () => undefined)
  shown = cells.length
  isTouched = false
  return {
    write(text) {
      let out = ''
      feed(text, (part) => {
        out += part
      })
      return out + redraw()
    },
    text: () => cells.map((cell) => cell.character).join(''),
    isPlain: () =>
      column === cells.length &&
      shown === column &&
      saved === null &&
      style === '' &&
      !cells.some((cell) => cell.style),
  }
}
