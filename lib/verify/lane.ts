// The records that a pool keeps of its fork servers and of what runs alone in them, and which of them takes what. Written by
// pool.ts and fleet.ts only.
import type { Group } from './group.ts'
import type { StepsRequest } from './protocol.ts'
import type { Zygote } from './zygote.ts'

/** What a server holds before it forks; the code decides which one it runs in. */
export type Kind = 'bare' | 'sympy'

export interface Lane {
  readonly kind: Kind
  zygote: Zygote | null // null while one starts
  runs: number
  batches: number // under way: 0 or 1
  singles: number // under way
  kept: Set<string> // keys of steps that a process of this server waits with, or will, the oldest first; some may be gone
  worn: boolean // takes no more work; replaced when idle
}

export interface Single {
  readonly group: Group
  readonly candidate: number
  readonly kind: Kind
  readonly keys: readonly string[] // of its earlier steps; empty where no process is to wait with them
  deaths: number // servers that ended while it ran
  retries: number // other failures that are not the code's
}

export function newLane(kind: Kind): Lane {
  return { kind, zygote: null, runs: 0, batches: 0, singles: 0, kept: new Set(), worn: false }
}

export function requestOf({ group, candidate, keys }: Single): StepsRequest {
  const steps = [...group.steps, group.candidates[candidate]!]
  return group.detail ? { steps, detail: true } : keys.length > 0 ? { steps, keys } : { steps }
}

/**
 * Which of some servers of its kind takes a run: the one that waits with all its earlier steps, else the one that waits
 * with the most of them and has a place, else the one with the most places. null: none, or it waits for a place in that one.
 */
export function laneFor({ keys }: Single, lanes: readonly Lane[], most: number): Lane | null {
  const isFree = ({ singles }: Lane) => singles < most
  const whole = lanes.find(({ kept }) => kept.has(keys.at(-1) ?? ''))
  if (whole) return isFree(whole) ? whole : null
  const free = lanes.filter(isFree).sort((a, b) => a.singles - b.singles)
  for (const key of keys.toReversed()) {
    const near = free.find(({ kept }) => kept.has(key))
    if (near) return near
  }
  return free[0] ?? null
}
