// The records that the pool keeps of its fork servers and of what runs alone in them; pool.ts and fleet.ts write them.
import type { Group } from './group.ts'
import type { Checkpoint, Zygote } from './zygote.ts'

/** What a server holds before it forks; the code decides which one it runs in. */
export type Kind = 'bare' | 'sympy'

export interface Lane {
  readonly kind: Kind
  zygote: Zygote | null // null while one starts
  runs: number
  batches: number // under way: 0 or 1
  singles: number // under way
  kept: Set<string> // keys of steps that a process of this server waits with, the oldest first; some may be gone
  worn: boolean // takes no more work; replaced when idle
}

export interface Single {
  readonly group: Group
  readonly candidate: number
  readonly kind: Kind
  readonly checkpoint: Checkpoint | null
  deaths: number // servers that ended while it ran
  retries: number // other failures that are not the code's
}

export function newLane(kind: Kind): Lane {
  return { kind, zygote: null, runs: 0, batches: 0, singles: 0, kept: new Set(), worn: false }
}

export function requestOf({ group, candidate, checkpoint }: Single) {
  const steps = [...group.steps, group.candidates[candidate]!]
  return group.detail ? { steps, detail: true } : { steps, ...checkpoint }
}
