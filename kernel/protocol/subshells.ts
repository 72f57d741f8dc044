// The shells of a kernel (JEP 91): the main one, and those that clients create beside it. Each takes its cells one after
// another and never waits for the cells of another. All share one user-code process and its one thread: a cell runs while
// a cell of another shell awaits something; a cell that computes without a pause holds all shells up.
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

/** An error at once is told only after this time: what a client sends together with it comes meanwhile, in milliseconds. */
const MIN_ERROR_MS = 10

/** When a request came in, and when it was sent at the latest (sent-time.ts), by `performance.now()`. */
export interface Arrival {
  readonly at: number
  readonly sent: number
}

/** One queue of cells. */
export interface Shell {
  /** Runs the work of a request after all earlier work of this shell. `isAborted`: it was told to give up meanwhile. */
  inTurn(request: Arrival, work: (isAborted: boolean) => Promise<void>): Promise<void>
  /** Resolves when work waits for its turn. */
  nextWaits(): Promise<void>
  /** Tells everything that waits now to give up. */
  abortWaiting(): void
  /** Tells everything to give up that is sent before the reply of a failed request, which must follow at once. */
  abortEarlier(failed: Arrival): Promise<void>
}

export interface Shells {
  /** The shell of a request, by its header's `subshell_id`; null where there is none of that id. */
  of(id: string | null | undefined): Shell | null
  /** Result: the id of a new subshell. */
  create(): string
  /** Ends a subshell: what waits in it is aborted, the cell that runs goes on to its end. Throws for an unknown id. */
  delete(id: string): void
  list(): string[]
  /** Aborts what waits in all shells. */
  abortWaiting(): void
}

export function createShells(): Shells {
  const main = createShell()
  const children = new Map<string, Shell>()
  return {
    of: (id) => (id === null || id === undefined ? main : (children.get(id) ?? null)),
    create() {
      const id = randomUUID()
      children.set(id, createShell())
      return id
    },
    delete(id) {
      const shell = children.get(id)
      if (shell === undefined) throw noSuchSubshell(id)
      children.delete(id)
      shell.abortWaiting()
    },
    list: () => [...children.keys()],
    abortWaiting() {
      for (const shell of [main, ...children.values()]) shell.abortWaiting()
    },
  }
}

export function noSuchSubshell(id: unknown): Error {
  return Object.assign(new Error(`Expected the id of a subshell of this kernel, got \`${id}\`. Was it deleted?`), {
    name: 'NoSuchSubshell',
  })
}

function createShell(): Shell {
  const waiting = new Set<{ isAborted: boolean }>()
  let failedAt = Number.NEGATIVE_INFINITY
  let turn: Promise<void> = Promise.resolve()
  let heard: (() => void)[] = []
  const abortWaiting = (): void => {
    for (const ticket of waiting) ticket.isAborted = true
  }
  return {
    inTurn(request, work) {
      const ticket = { isAborted: request.sent <= failedAt }
      waiting.add(ticket)
      for (const hear of heard) hear()
      heard = []
      const done = turn.then(() => {
        waiting.delete(ticket)
        return work(ticket.isAborted)
      })
      turn = done.catch(() => undefined) // the caller hears of it; the next one has its turn all the same
      return done
    },
    nextWaits: () => (waiting.size > 0 ? Promise.resolve() : new Promise((resolve) => heard.push(resolve))),
    abortWaiting,
    async abortEarlier({ at }) {
      const early = MIN_ERROR_MS - (performance.now() - at)
      if (early > 0) await wait(Math.ceil(early))
      failedAt = performance.now()
      abortWaiting()
    },
  }
}
