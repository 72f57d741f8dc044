// A misspelt option would be silently without effect: it is refused, with the name that was probably meant.
import { nearestName } from '../../run/nearest-name.ts'

/** Errors: a TypeError for an option that `of` does not have, with the nearest one that it has. */
export function expectOptions(of: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const nearest = nearestName(known, key)
    const hint = nearest === null ? '' : ` Did you mean \`${nearest}\`?`
    throw new TypeError(`Expected options of \`${of}\` to be among ${known.join(', ')}, got \`${key}\`.${hint}`)
  }
}
