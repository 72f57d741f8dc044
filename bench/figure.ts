// One measured figure, the target it is held against, and how both are shown: as a line of JSON, as a row of a table.
import { type Table, table } from '../lib/show/draw/table.ts'

export interface Figure {
  /** The bench that measured it, e.g. 'train'. */
  readonly bench: string
  /** What was measured, e.g. 'tokens/s, 3.4 M parameters'. */
  readonly figure: string
  /** What distinguishes it from the same figure of another run, e.g. 'seed 1'; '' for none. */
  readonly of: string
  /** One number, several in order (of rounds, say), or null where it could not be measured. */
  readonly measured: number | readonly number[] | null
  /** Why it could not be measured, in a few words. */
  readonly missing?: string
  /** `share` is shown in percent. */
  readonly unit: Unit
  /** What it must reach, in words; null where nothing is promised. */
  readonly target: string | null
  /** Whether it does; null without a target or without a measurement. */
  readonly holds: boolean | null
  /** How it was measured, in a few words. */
  readonly how: string
}

export type Unit = 'share' | 'tokens/s' | '1/s' | 'ms' | 's' | 'µs' | 'MB' | 'ratio' | 'count' | 'yes/no'

type Given = Pick<Figure, 'bench' | 'figure' | 'measured' | 'missing' | 'unit' | 'how'> & { readonly of?: string }

/** A figure that nothing is promised of. */
export const plain = (given: Given): Figure => ({ of: '', ...given, target: null, holds: null })

/** A figure with a target. `holds` is asked only when something was measured. */
export function aimed<T extends Figure['measured']>(
  given: Given & { readonly measured: T },
  target: string,
  holds: (measured: NonNullable<T>) => boolean,
): Figure {
  return { of: '', ...given, target, holds: given.measured === null ? null : holds(given.measured as NonNullable<T>) }
}

/** Whether there are several numbers, each larger than the one before it. */
export const rises = (values: readonly number[]): boolean =>
  values.length > 1 && values.every((value, i) => i === 0 || value > values[i - 1]!)

/** The figures as a table. */
export function figureTable(figures: readonly Figure[]): Table {
  const rows = figures.map(({ bench, figure, of, measured, missing, unit, target, holds, how }) => ({
    figure: `${bench}: ${figure}${of === '' ? '' : `, ${of}`}`,
    measured: measuredText(measured, unit, missing),
    target: target ?? '',
    holds: holds === null ? '' : holds ? 'yes' : 'NO',
    how,
  }))
  const columns = ['figure', 'measured', 'target', 'holds', 'how'].map((key) => ({ key, align: 'left' as const }))
  return table(rows, { columns, width: 170 })
}

/** A measurement in words, e.g. `53.3 → 67.1 %`, `12,100 tokens/s`. */
export function measuredText(measured: Figure['measured'], unit: Unit, missing = 'not measured'): string {
  if (measured === null) return missing
  const values = typeof measured === 'number' ? [measured] : measured
  if (unit === 'yes/no') return values.map((value) => (value === 1 ? 'yes' : 'no')).join(', ')
  const texts = values.map((value) => (unit === 'share' ? (100 * value).toFixed(1) : digits(value)))
  const suffix = { share: ' %', ratio: ' ×', count: '' }[unit as string] ?? ` ${unit}`
  return texts.join(' → ') + suffix
}

/** Three digits, or all of a larger whole part. */
function digits(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

/** The middle of a list of odd length, the upper middle of an even one. Errors: an empty list. */
export function median(numbers: readonly number[]): number {
  if (numbers.length === 0) throw new RangeError('Expected at least one number to take the median of, got none')
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!
}
