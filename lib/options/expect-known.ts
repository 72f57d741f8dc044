// Objects of options come from notebooks and plain JavaScript, where a misspelt name would change nothing and say nothing.
import { nearestName } from './nearest-name.ts'

/** Every option of `T`, by name: the compiler sees to it that none is left out and none is made up. */
export type OptionNames<T> = { readonly [K in keyof Required<T>]: true }

/**
 * Expects every name of `options` to be one of `known`. `of`: whose options these are, for the message. Errors: a TypeError
 * that names the one that is not, the nearest known one, and all.
 */
export function expectKnown<T extends object>(of: string, options: T, known: OptionNames<T>): void {
  for (const given of Object.keys(options)) {
    if (Object.hasOwn(known, given)) continue
    const names = Object.keys(known)
    const nearest = nearestName(names, given)
    const hint = nearest === null ? '' : ` Did you mean \`${nearest}\`?`
    throw new TypeError(`Expected only known options of ${of}, got \`${given}\`.${hint} Known: ${names.join(', ')}`)
  }
}
