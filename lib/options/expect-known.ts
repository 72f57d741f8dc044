// Objects of options come from notebooks and plain JavaScript, where a misspelt name would change nothing and say nothing.
import { nearestName } from './nearest-name.ts'

/** Every option of `T`, by name: the compiler sees to it that none is left out and none is made up. */
export type OptionNames<T> = { readonly [K in keyof Required<T>]: true }

/** Expects every name of `options` to be one of `known`. `of`: whose options these are. Errors: those of `expectOptions`. */
export const expectKnown = <T extends object>(of: string, options: T, known: OptionNames<T>): void =>
  expectOptions(of, options, Object.keys(known))

/** Errors: a TypeError for an option that `of` does not have, with the nearest one that it has. */
export function expectOptions(of: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const nearest = nearestName(known, key)
    const hint = nearest === null ? '' : ` Did you mean \`${nearest}\`?`
    throw new TypeError(`Expected options of \`${of}\` to be among ${known.join(', ')}, got \`${key}\`.${hint}`)
  }
}
