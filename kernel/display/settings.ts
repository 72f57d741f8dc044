// The `kernel` object of the notebook API: what a cell may change about the kernel that runs it. Whoever runs the cells
// connects it; without a kernel the values are kept and nothing follows from them.
import { type Typecheck, typecheckOf } from '../cell/typecheck.ts'

/** Settings of the kernel. They hold for the cells after the one that changes them, until the kernel restarts. */
export interface KernelSettings {
  /** `off`, `warn` (the cell runs, type errors are shown) or `error` (it does not run). @default 'warn' */
  typecheck: Typecheck
  /**
   * Whether a picture follows each plotly figure, for pages that cannot draw it. Costs about a tenth of a second for each
   * figure, and half a second for the first. @default true
   */
  pictures: boolean
}

type Change = (name: 'typecheck', value: string) => void

let typecheck = process.env.ASTERISM_TYPECHECK as Typecheck | undefined
let changed: Change = () => undefined

/** From here on every change is told. */
export function connectSettings(to: Change): void {
  changed = to
}

/**
 * Settings of the kernel: `kernel.typecheck = 'error'`. Outside a kernel the values are kept and nothing follows from
 * them.
 * Errors: a RangeError for a `typecheck` that is none of the three.
 * @example
 * kernel.pictures // true
 */
export const kernel: KernelSettings = {
  pictures: true,
  get typecheck() {
    return typecheckOf(typecheck)
  },
  set typecheck(value) {
    typecheck = typecheckOf(value)
    changed('typecheck', typecheck)
  },
}
