// A bar that moves: one display, updated in place and not more often than eyes can follow. Its text is one line, for
// terminals and stored notebooks. Time is shown, never used for anything else.
import { type DisplayHandle, display, hasScreen } from './display.ts'
import { DISPLAY, type Displayable } from './format.ts'

/** At least this long between two drawings, in milliseconds. */
const REDRAW_MS = 100
/** The same where each drawing is a printed line. */
const PRINT_MS = 3000
const WIDTH = 20

/** A progress bar on the page. As a cell's last value it shows nothing more. */
export interface Progress extends Displayable {
  /** How much is done, from 0 to the total, and a note behind it. Both stay as they were where left out. */
  update(done?: number, note?: string): void
  /** Draws the final state: all is done. */
  done(note?: string): void
}

/**
 * Starts a bar. `total`: how much there is to do, in any unit; 0 where unknown. It is drawn at most ten times a second,
 * and outside a kernel, where each drawing is a printed line, every three seconds.
 * @example
 * const bar = progress(100, 'reading')
 * bar.update(30, 'a.jsonl')
 * bar.done()
 */
export function progress(total: number, label = ''): Progress {
  const started = performance.now()
  const interval = hasScreen() ? REDRAW_MS : PRINT_MS
  let count = 0
  let note = ''
  let drawnAt = started
  let finished = false
  let timer: NodeJS.Timeout | null = null
  const frame = (): Displayable => bar({ count, total, label, note, seconds: (performance.now() - started) / 1000 })
  const handle: DisplayHandle = display(frame())
  const draw = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    drawnAt = performance.now()
    handle.update(frame())
  }
  return {
    update(done = count, text = note) {
      if (finished) return
      count = done
      note = text
      const wait = drawnAt + interval - performance.now()
      if (wait <= 0) draw()
      else timer ??= setTimeout(draw, wait).unref()
    },
    done(text = note) {
      if (finished) return
      finished = true
      if (total > 0) count = total
      note = text
      draw()
    },
    [DISPLAY]: () => ({}),
  }
}

interface Bar {
  count: number
  total: number
  label: string
  note: string
  seconds: number
}

function bar({ count, total, label, note, seconds }: Bar): Displayable {
  const share = total > 0 ? Math.min(Math.max(count / total, 0), 1) : 0
  const filled = Math.round(share * WIDTH)
  const amount = total > 0 ? `${count}/${total}` : `${count}`
  const parts = [label, '█'.repeat(filled) + '░'.repeat(WIDTH - filled), amount, `${seconds.toFixed(1)} s`, note]
  const text = parts.filter((part) => part !== '').join('  ')
  const escaped = (part: string): string => part.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  const page =
    `<div>${escaped(label)} <progress value="${share}" max="1" style="width: 20em; vertical-align: middle"></progress> ` +
    `${amount}, ${seconds.toFixed(1)} s ${escaped(note)}</div>`
  return { [DISPLAY]: () => ({ 'text/plain': text, 'text/html': page }) }
}
