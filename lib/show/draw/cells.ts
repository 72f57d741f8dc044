// How numbers read in tables, plots and on the terminal: shares with their intervals, counts, durations.
import type { Measure } from '../../eval/intervals.ts'

/** What stands in a table for a value that was not measured. */
export const ABSENT = '–'

/**
 * A share with its interval, e.g. `0.874 ±.05`. The interval is not symmetric; the larger of its two sides is given.
 * With `n`, the count follows: `0.874 ±.05 (n 180)`.
 */
export function measureCell(measure: Measure | undefined, options: { n?: boolean } = {}): string {
  if (measure === undefined) return ABSENT
  const half = Math.max(measure.value - measure.low, measure.high - measure.value)
  const spread = `±${half.toFixed(2).replace(/^0/, '')}`
  return `${measure.value.toFixed(3)} ${spread}${options.n ? ` (n ${countCell(measure.n)})` : ''}`
}

/** True for a value that has the fields of a Measure. */
export const isMeasure = (value: unknown): value is Measure =>
  typeof value === 'object' && value !== null && ['value', 'n', 'low', 'high'].every((key) => key in value)

/** A count with a comma at each thousand, e.g. `12,150`. The same on every machine, whatever its language. */
export const countCell = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, ',')

/** A large amount in short, e.g. 1,234,567 as `1.23 M`. */
export function amountCell(amount: number): string {
  if (Math.abs(amount) >= 1e9) return `${(amount / 1e9).toPrecision(3)} G`
  if (Math.abs(amount) >= 1e6) return `${(amount / 1e6).toPrecision(3)} M`
  return countCell(amount)
}

/** Seconds as a person says them: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function durationCell(seconds: number): string {
  if (!Number.isFinite(seconds)) return ABSENT
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const two = (value: number) => String(value).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** Any value as the text of a table cell: measures with interval, numbers to three decimals at most, nothing as `–`. */
export function cellText(value: unknown): string {
  if (value === undefined || value === null || value === '') return ABSENT
  if (isMeasure(value)) return measureCell(value, { n: true })
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return String(value)
    if (Number.isInteger(value)) return countCell(value).replace(/^(-?)(\d{1,4})$/, '$1$2')
    return String(Number(value.toPrecision(4)))
  }
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}
