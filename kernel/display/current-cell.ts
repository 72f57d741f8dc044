// Which cell code belongs to, however late it runs: there its output goes, and its interrupt reaches it.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { inspect } from 'node:util'

/** The cell to which output belongs: set for all the code that the cell starts, however late it runs. */
export interface CellContext {
  /** Message id of the execute request. */
  readonly id: string
  /** `cell 3`. */
  readonly name: string
  readonly silent: boolean
  readonly allowStdin: boolean
  /** Aborted when the cell is interrupted. */
  readonly signal: AbortSignal
  /** The comm message whose listeners are running: what they send is its answer. */
  readonly request?: string
  /** Timers carry their cell, and show it when they are shown. */
  [inspect.custom]?(): string
}

const context = new AsyncLocalStorage<CellContext>()
let latest: CellContext | null = null

/** The cell whose code is running, or the last one that ran. */
export const currentCell = (): CellContext | null => context.getStore() ?? latest

/** Runs code as part of a cell. */
export function inCell<T>(cell: CellContext, work: () => T): T {
  latest = cell
  return context.run(cell, work)
}

/** Runs what listens to a comm: its output belongs to the cell that opened the comm or began to listen. */
export function onBehalfOf<T>(cell: CellContext | null, request: string, signal: AbortSignal, work: () => T): T {
  const nobody = { id: '', name: 'comm', silent: false }
  return context.run({ ...(cell ?? nobody), request, signal, allowStdin: false }, work)
}

/** Outside any cell: for timers of the kernel itself. */
export const outsideCells = <T>(work: () => T): T => context.exit(work)
