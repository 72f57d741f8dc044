// Figures that were measured of several peers, as a table with a column for each.
import { type Table, table } from '../lib/show/draw/table.ts'
import { type Figure, measuredText } from './figure.ts'

/** One row for each figure, one column for each `of`, both in order of appearance; a row has the one target it finds. */
export function sideBySide(figures: readonly Figure[]): Table {
  const peers = [...new Set(figures.map(({ of }) => of))]
  const rows = [...new Set(figures.map(({ figure }) => figure))].map((name) => {
    const same = figures.filter(({ figure }) => figure === name)
    const aimed = same.find(({ target }) => target !== null)
    return {
      figure: `${same[0]?.bench}: ${name}`,
      ...Object.fromEntries(same.map(({ of, measured, unit, missing }) => [of, measuredText(measured, unit, missing)])),
      target: aimed?.target ?? '',
      holds: aimed?.holds == null ? '' : aimed.holds ? 'yes' : 'NO',
    }
  })
  const left = ['figure', 'target', 'holds']
  const columns = ['figure', ...peers, 'target', 'holds'].map((key) => ({
    key,
    align: left.includes(key) ? ('left' as const) : ('right' as const),
  }))
  return table(rows, { columns, width: 170 })
}
