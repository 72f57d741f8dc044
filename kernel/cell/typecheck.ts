// What happens to a cell with type errors. Chosen by ASTERISM_TYPECHECK when the kernel starts, and by
// `kernel.typecheck = …` in a cell for the cells after it.

/**
 * `off`: types are not looked at, and the checker never starts. `warn`: the cell runs at once, its type errors follow as
 * text on stderr. `error`: a cell with type errors does not run.
 */
export type Typecheck = 'off' | 'warn' | 'error'

const TYPECHECKS: readonly unknown[] = ['off', 'warn', 'error'] satisfies Typecheck[]

/** The setting of that name; nothing means `warn`. Throws for any other. */
export function typecheckOf(value: unknown): Typecheck {
  if (value === undefined || value === '') return 'warn'
  if (TYPECHECKS.includes(value)) return value as Typecheck
  throw new RangeError(`Expected \`typecheck\` to be 'off', 'warn' or 'error', got ${JSON.stringify(value)}`)
}
