// One line that says how far something is. Pure text: who writes it, how often, and over which line is the caller's.
import { durationCell } from './cells.ts'
import { blocks, cut } from './characters.ts'

/** `done` of `total` as a bar between edges, `width` characters wide inside. Example: 5 of 10 in 4 is `▕██  ▏`. */
export const bar = (done: number, total: number, width = 24): string =>
  `▕${blocks(total > 0 ? done / total : 1, width)}▏`

/**
 * Seconds left at the mean pace so far. Undefined before anything is done, 0 at the end.
 * Example: 25 of 100 done in 10 s leaves 30 s.
 */
export function secondsLeft(done: number, total: number, elapsedSeconds: number): number | undefined {
  if (done >= total) return 0
  return done > 0 ? (elapsedSeconds * (total - done)) / done : undefined
}

/** What a progress line says. */
export interface Progress {
  readonly label: string
  readonly done: number
  readonly total: number
  /** Wall seconds since the start. Absent: no time is shown. */
  readonly elapsedSeconds?: number
  /** A few words at the end, e.g. `812 of 840 covered`. */
  readonly note?: string
}

/**
 * A progress line of at most `width` characters, by default 100. `done` and `total` count anything, from 0 up; seconds
 * left are told from the mean pace so far.
 * @example
 * progressText({ label: 'search', done: 336, total: 840 }) // 'search  ▕█████████▋              ▏   40 %  336/840'
 */
export function progressText(progress: Progress, width = 100): string {
  const { label, done, total, elapsedSeconds, note } = progress
  const percent = `${Math.floor((100 * Math.min(done, total)) / Math.max(1, total))} %`.padStart(5)
  const counts = `${String(done).padStart(String(total).length)}/${total}`
  const left = elapsedSeconds === undefined ? undefined : secondsLeft(done, total, elapsedSeconds)
  const time = elapsedSeconds === undefined ? '' : durationCell(elapsedSeconds)
  const remaining = left === undefined || left === 0 ? '' : `, ${durationCell(left)} left`
  const line = [label, bar(done, total), percent, counts, time + remaining, note ?? '']
    .filter((part) => part !== '')
    .join('  ')
  return cut(line, width)
}
