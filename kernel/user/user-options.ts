// What the processes of a kernel are told when they start: over their environment, because they read it before anything
// else.
import type { Typecheck } from '../cell/typecheck.ts'

/** Where the cells run, and how. */
export interface UserOptions {
  /** Working directory. @default that of this process */
  cwd?: string
  /** Notebook that the cells belong to: imports are resolved from its folder. @default see notebook-path.ts */
  notebook?: string
  /** What happens to cells with type errors. @default ASTERISM_TYPECHECK, else `warn` */
  typecheck?: Typecheck
}

/** The environment of a process with these options. */
export const environmentOf = ({ notebook, typecheck }: UserOptions): NodeJS.ProcessEnv => ({
  ...process.env,
  ...(notebook === undefined ? {} : { ASTERISM_NOTEBOOK: notebook }),
  ...(typecheck === undefined ? {} : { ASTERISM_TYPECHECK: typecheck }),
})
