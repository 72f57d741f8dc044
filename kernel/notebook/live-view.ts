// A notebook run as a terminal shows it: each cell's heading, first line and time; its text outputs; displays that change.
// On a terminal a changing display is redrawn in place and a clock runs; elsewhere its states become lines, few of them.
import type { MimeBundle } from '../protocol/message.ts'

/** Where the view draws. */
export interface Terminal {
  write(text: string): void
  readonly isTty: boolean
  /** Width in characters. */
  columns(): number
}

/** What a run tells its view. */
export interface RunView {
  heading(text: string): void
  cellStarts(number: number, total: number, source: string): void
  output(type: string, content: Record<string, unknown>): void
  cellEnds(seconds: number, failed: boolean): void
  /** Stops the clock. */
  dispose(): void
}

/** Where drawing in place is impossible, a display's states appear at most this often, in milliseconds. */
const SPARSE_MS = 4000
/** Longer text outputs are cut after this many lines. */
const MAX_LINES = 60
const INDENT = '    '

const style = (isTty: boolean) => {
  const code = (n: number) => (text: string) => (isTty ? `\x1b[${n}m${text}\x1b[0m` : text)
  return { bold: code(1), dim: code(2), red: code(31) }
}

interface Shown {
  text: string
  /** Rows on the terminal. */
  rows: number
  /** Time of the last drawing; a state that is not drawn yet waits in `next`. */
  at: number
  next: string | null
}

/** A view on a terminal. */
export function createLiveView(terminal: Terminal): RunView {
  const { isTty } = terminal
  const { bold, dim, red } = style(isTty)
  const displays = new Map<string, Shown>()
  /** The display at the bottom, which can be redrawn in place. */
  let bottom: string | null = null
  let clock: NodeJS.Timeout | null = null
  let clockShown = false
  let startedAt = 0
  let atLineStart = true

  const hideClock = (): void => {
    if (clockShown) terminal.write('\r\x1b[2K')
    clockShown = false
  }
  const showClock = (): void => {
    if (!atLineStart) return
    hideClock()
    terminal.write(dim(`${INDENT}… ${duration((performance.now() - startedAt) / 1000)}`))
    clockShown = true
  }
  const print = (text: string): void => {
    hideClock()
    if (text === '') return
    terminal.write(text)
    atLineStart = text.endsWith('\n')
    bottom = null
  }
  const startLine = (): void => {
    if (!atLineStart) print('\n')
  }
  const fitted = (line: string): string => {
    const width = Math.max(terminal.columns() - 1, 20)
    return isTty && line.length > width ? `${line.slice(0, width - 1)}…` : line
  }
  const block = (text: string): string[] => {
    const all = text.replace(/\n$/, '').split('\n')
    const cut = all.length > MAX_LINES ? [...all.slice(0, MAX_LINES), `… ${all.length - MAX_LINES} more lines`] : all
    return cut.map((line) => fitted(INDENT + line))
  }
  const draw = (id: string, shown: Shown, text: string): void => {
    const inPlace = isTty && bottom === id
    const rows = text === '' ? [] : block(text)
    hideClock()
    if (inPlace && shown.rows > 0) terminal.write(`\x1b[${shown.rows}A\x1b[0J`)
    else startLine()
    if (rows.length > 0) print(`${rows.join('\n')}\n`)
    Object.assign(shown, { text, rows: rows.length, at: performance.now(), next: null })
    bottom = id
  }
  const displayed = (id: string, text: string, update: boolean): void => {
    const known = displays.get(id)
    const shown = known ?? { text: '', rows: 0, at: Number.NEGATIVE_INFINITY, next: null }
    displays.set(id, shown)
    const inPlace = isTty && bottom === id
    if (update && known === undefined) return // a display of another cell's past
    if (update && text === shown.text) shown.next = null
    else if (update && !inPlace && performance.now() - shown.at < SPARSE_MS && shown.text !== '') shown.next = text
    else draw(id, shown, text)
  }

  return {
    heading(text) {
      startLine()
      print(`\n${bold(fitted(text))}\n`)
    },
    cellStarts(number, total, source) {
      startLine()
      startedAt = performance.now()
      const first = source.split('\n').find((line) => line.trim() !== '') ?? ''
      print(`${fitted(`[${number}/${total}] ${first.trim()}`)}\n`)
      if (isTty) clock = setInterval(showClock, 1000).unref()
    },
    output(type, content) {
      if (type === 'stream') {
        const text = String(content.text)
        hideClock()
        print((atLineStart ? INDENT : '') + text.replace(/\n(?!$)/g, `\n${INDENT}`))
      } else if (type === 'display_data' || type === 'update_display_data') {
        const id = (content.transient as { display_id?: string } | undefined)?.display_id ?? ''
        displayed(id, plainText(content.data as MimeBundle), type === 'update_display_data')
      } else if (type === 'execute_result') {
        startLine()
        const text = plainText(content.data as MimeBundle)
        if (text !== '') print(`${block(text).join('\n')}\n`)
      }
    },
    cellEnds(seconds, failed) {
      if (clock !== null) clearInterval(clock)
      for (const [id, shown] of displays) if (shown.next !== null) draw(id, shown, shown.next)
      startLine()
      if (failed) print(`${INDENT}${red(`failed after ${duration(seconds)}`)}\n`)
      else if (seconds >= 0.1) print(`${dim(`${INDENT}${duration(seconds)}`)}\n`)
      displays.clear()
    },
    dispose() {
      if (clock !== null) clearInterval(clock)
      hideClock()
    },
  }
}

function plainText(data: MimeBundle | undefined): string {
  const text = data?.['text/plain'] ?? data?.['text/markdown']
  if (typeof text === 'string') return text
  const types = Object.keys(data ?? {})
  return types.length === 0 ? '' : `[${types.join(', ')}]`
}

/** 0.4 s, 12 s, 3 min 05 s. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.floor(seconds)} s`
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`
}
