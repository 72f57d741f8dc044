// Drawings in characters: bars with eighths of a block, columns, and the text forms of every plot. Plain text of at
// most 100 columns, no colour, so that it reads the same in a terminal, a log and a notebook without plotly.

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const
const LEVELS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** A horizontal bar of `share` (clamped to [0, 1]) in `width` character cells, padded with spaces. Example: .5 of 4 is `██  `. */
export function blocks(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share || 0)) * width * 8)
  const bar = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!
  return bar.padEnd(width)
}

/** One line of a bar chart. */
export interface BarRow {
  readonly label: string
  /** Length of the bar as a share of the longest possible, in [0, 1]. */
  readonly share: number
  /** Written after the bar. */
  readonly note?: string
}

/** A title over bars of equal scale. A row of an empty label and no note separates groups. */
export function barChart(title: string, rows: readonly BarRow[], width = 40): string {
  const margin = Math.max(0, ...rows.map(({ label }) => label.length))
  const lines = rows.map(({ label, share, note = '' }) =>
    `${label.padEnd(margin)} ▕${blocks(share, width)}▏ ${note}`.trimEnd(),
  )
  return [title, ...lines.map((line, i) => (rows[i]!.label === '' && !rows[i]!.note ? '' : line))].join('\n')
}

/** Axis texts of a column chart. */
export interface ColumnAxes {
  readonly left: string
  readonly right: string
  /** Formats the highest value, drawn at the top left. */
  readonly format?: (value: number) => string
}

/**
 * Columns for values from 0 up, one character each, `height` lines tall, with the largest value at the top left and
 * the ends of the horizontal axis below. Values that are not finite stay empty.
 */
export function columnChart(title: string, values: readonly number[], axes: ColumnAxes, height = 6): string {
  const top = Math.max(0, ...values.filter(Number.isFinite))
  const format = axes.format ?? String
  const margin = Math.max(format(top).length, format(0).length)
  const eighths = values.map((value) =>
    Number.isFinite(value) && value > 0 ? Math.max(1, Math.round((value / (top || 1)) * height * 8)) : 0,
  )
  const lines = Array.from({ length: height }, (_, row) => {
    const floor = (height - 1 - row) * 8
    const cells = eighths.map((filled) => LEVELS[Math.min(8, Math.max(0, filled - floor))]!).join('')
    const label = row === 0 ? format(top) : row === height - 1 ? format(0) : ''
    return `${label.padStart(margin)} ▕${cells}`.trimEnd()
  })
  const gap = Math.max(1, values.length - axes.left.length - axes.right.length)
  return [title, ...lines, `${' '.repeat(margin + 2)}${axes.left}${' '.repeat(gap)}${axes.right}`].join('\n')
}

/** Puts drawings beside each other, as many a line as fit in `width` columns. */
export function sideBySide(drawings: readonly string[], width = 100, gap = 3): string {
  const blocksOf = drawings.map((drawing) => drawing.split('\n'))
  const rows: string[][][] = []
  let used = Number.POSITIVE_INFINITY
  for (const lines of blocksOf) {
    const wide = Math.max(...lines.map((line) => [...line].length))
    if (used + gap + wide > width) {
      rows.push([])
      used = -gap
    }
    rows.at(-1)!.push(lines.map((line) => line + ' '.repeat(wide - [...line].length)))
    used += gap + wide
  }
  return rows
    .map((row) => {
      const tall = Math.max(...row.map((lines) => lines.length))
      return Array.from({ length: tall }, (_, i) =>
        row
          .map((lines) => lines[i] ?? ' '.repeat(lines[0]!.length))
          .join(' '.repeat(gap))
          .trimEnd(),
      ).join('\n')
    })
    .join('\n\n')
}

/** Text in lines of at most `width` characters, broken at spaces. A longer word keeps its length. */
export function wrapped(text: string, width: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && [...line].length + 1 + [...word].length <= width)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}

/** Text of at most `width` characters; what is longer ends in `…`. */
export const cut = (text: string, width: number): string =>
  [...text].length > width ? `${[...text].slice(0, width - 1).join('')}…` : text
