// Verdicts by what was run: the least recently used one leaves first. Knows nothing of processes; keeps no infra verdict.
import type { Verdict } from './verdict.ts'

/** Longest stdout that is kept, in characters: one entry must not weigh as much as thousands. */
const LONGEST_KEPT = 4096

export class VerdictCache {
  readonly #entries = new Map<string, Verdict>() // in order of use, the oldest first
  readonly #capacity: number

  /** @param capacity entries kept, 0 or more. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Verdict | undefined {
    const verdict = this.#entries.get(key)
    if (verdict === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, verdict)
    return verdict
  }

  set(key: string, verdict: Verdict): void {
    if (this.#capacity === 0 || verdict.kind === 'infra') return
    if (verdict.kind === 'ok' && verdict.stdout.length > LONGEST_KEPT) return
    this.#entries.delete(key)
    this.#entries.set(key, verdict)
    if (this.#entries.size > this.#capacity) this.#entries.delete(this.#entries.keys().next().value!)
  }
}
