// The shells of a kernel (JEP 91): the main one, and those that clients create beside it. Each takes its cells one after
// another and never waits for the cells of another. All share one user-code process and its one thread: a cell runs while
// a cell of another shell awaits something; a cell that computes without a pause holds all shells up.
import { randomUUID } from 'node:crypto'

/** One queue of cells. */
export interface Shell {
  /** Runs work after all earlier work of this shell. `isAborted`: the work was told to give up while it waited. */
  inTurn(work: (isAborted: boolean) => Promise<void>): Promise<void>
  /** Tells everything that waits now to give up. */
  abortWaiting(): void
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
  let turn: Promise<void> = Promise.resolve()
  return {
    inTurn(work) {
      const ticket = { isAborted: false }
      waiting.add(ticket)
      const done = turn.then(() => {
        waiting.delete(ticket)
        return work(ticket.isAborted)
      })
      turn = done.catch(() => undefined) // the caller hears of it; the next one has its turn all the same
      return done
    },
    abortWaiting() {
      for (const ticket of waiting) ticket.isAborted = true
    },
  }
}
