// A misspelt option would be silently without effect: it is refused, with the name that was probably meant.
import { inOwnRealm } from './own-realm.ts'

/** Errors: a TypeError for an option that `of` does not have, with the nearest one that it has. */
export const expectOptions = (of: string, given: object, known: readonly string[]): void =>
  inOwnRealm(() => compare(of, given, known))

function compare(of: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const [nearest = ''] = [...known].sort((a, b) => distance(a, key) - distance(b, key))
    const hint = distance(nearest, key) <= Math.max(3, key.length / 2) ? ` Did you mean \`${nearest}\`?` : ''
    throw new TypeError(`Expected options of \`${of}\` to be among ${known.join(', ')}, got \`${key}\`.${hint}`)
  }
}

/** How many letters must change, be added or be left out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
