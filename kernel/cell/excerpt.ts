// Lines of a source as people are shown them: numbered, with a mark under the place that is meant. Pure.

/** A place in a source: line and column are 1-based, the length is in UTF-16 units. */
export interface MarkedPlace {
  readonly line: number
  readonly column: number
  /** @default 1 */
  readonly length?: number
}

/** Longer lines are cut around the place, in characters. */
const WIDTH = 100

/** The line of a place and a mark under it, between so many of its neighbours. */
export function excerpt(source: string, { line, column, length = 1 }: MarkedPlace, context = 0): string {
  const lines = source.split('\n')
  const first = Math.max(1, line - context)
  const last = Math.min(lines.length, line + context)
  const shift = column > WIDTH ? column - 1 - WIDTH / 2 : 0
  const digits = `${last}`.length
  const rows: string[] = []
  for (let number = first; number <= last; number++) {
    const cut = number === line ? shift : 0
    const part = (lines[number - 1] ?? '').slice(cut, cut + WIDTH)
    const arrow = context > 0 && number === line ? '→' : ' '
    rows.push(`${arrow} ${`${number}`.padStart(digits)} | ${part}`)
    if (number === line) rows.push(`  ${' '.repeat(digits)} | ${markUnder(part, column - 1 - cut, length)}`)
  }
  return rows.map((row) => row.trimEnd()).join('\n')
}

/** Tabs stay tabs, so that the mark stands where they end. */
function markUnder(part: string, at: number, length: number): string {
  const indent = part.slice(0, at).replace(/[^\t]/gu, ' ')
  return `${indent}${'^'.repeat(Math.max(1, Math.min(length, part.length - at)))}`
}
