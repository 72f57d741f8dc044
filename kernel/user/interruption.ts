// How an interrupt reaches code in the user-code process. Code that waits: its cell's signal is aborted, and it stops where
// it would go on. Code that computes: the watcher thread halts it for a moment and calls `stopLoops`, whereupon every loop
// of the person's code throws at its next turn (cell/loop-guard.ts). The order of all measures, up to ending the process, is
// `stop` of executions.ts.
import { types } from 'node:util'
import { STOP, TURN } from '../cell/host-names.ts'

/** What stopped code throws. Whoever catches it is thrown at again at the next turn of a loop. */
export class Interruption extends Error {
  override readonly name = 'Interrupted'
  constructor() {
    super('The cell was interrupted')
  }
}

/** Also for a value that must not be touched: a proxy may throw when it is asked. */
export const isInterruption = (thrown: unknown): boolean =>
  types.isNativeError(thrown) && thrown instanceof Interruption

/** As it was before any cell: loops that wait ask at each turn, in the realm as cells have left it. */
const isAborted = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')?.get as () => boolean,
) as (signal: AbortSignal) => boolean
const { defineProperty } = Object
const startImmediate = setImmediate

const realm = globalThis as Record<string, unknown>

/** Prepares the realm. `signal`: that of the cell whose code is running. */
export function installInterruption(signal: () => AbortSignal | undefined): void {
  setStop(undefined)
  const turn = (): void => {
    const current = signal()
    if (isStopping() || (current !== undefined && isAborted(current))) throw new Interruption()
  }
  defineProperty(realm, TURN, { value: turn })
}

/** Makes loops throw until the event loop turns again. */
export function stopLoops(): void {
  setStop(new Interruption())
  startImmediate(() => setStop(undefined))
}

/** True while loops are being stopped. */
export const isStopping = (): boolean => realm[STOP] !== undefined

/** A fresh property is a constant for the optimiser again; a changed one is not. */
function setStop(value: Interruption | undefined): void {
  delete realm[STOP]
  defineProperty(realm, STOP, { __proto__: null, value, writable: true, configurable: true } as PropertyDescriptor)
}
