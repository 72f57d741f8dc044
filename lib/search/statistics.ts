// Where the time of a search went, and what it cost. Times are for reports: nothing in a tree depends on them.
import type { BatchStatistics } from './batch.ts'

export type Activity = 'policy' | 'ppm' | 'verify'

/** Of the batches sent to one model. */
export interface Batches {
  readonly batches: number
  /** Requests over all batches. */
  readonly requests: number
  /** requests / (batches * batchSize), in [0, 1]; null before the first batch. */
  readonly meanFill: number | null
}

export interface SearchStatistics {
  /** Wall-clock seconds since the search began. */
  readonly seconds: number
  /** Seconds during which a batch of the policy was under way. Activities overlap. */
  readonly policySeconds: number
  readonly ppmSeconds: number
  /** Seconds during which at least one step was being verified. */
  readonly verifySeconds: number
  /** Seconds during which none of the three was under way. */
  readonly otherSeconds: number
  readonly policy: Batches
  readonly ppm: Batches
  readonly rollouts: number
  readonly expansions: number
  /** Distinct candidates given to the verifier, by tree; a cache may have answered for some. */
  readonly executions: number
  readonly proposals: number
  readonly tokens: number
}

type Cost = Pick<SearchStatistics, 'rollouts' | 'expansions' | 'executions' | 'proposals' | 'tokens'>

/** Measures a search while it runs. */
export class SearchClock {
  readonly #underWay: Record<Activity, number> = { policy: 0, ppm: 0, verify: 0 }
  readonly #busyMs: Record<Activity | 'any', number> = { policy: 0, ppm: 0, verify: 0, any: 0 }
  readonly #cost: { -readonly [K in keyof Cost]: number } = {
    rollouts: 0,
    expansions: 0,
    executions: 0,
    proposals: 0,
    tokens: 0,
  }
  readonly #batches: Record<'policy' | 'ppm', () => Batches> = { policy: noBatches, ppm: noBatches }
  #begun: number | null = null
  #ended: number | null = null
  #last = 0

  /** The figures as of now. */
  statistics(): SearchStatistics {
    if (this.#begun !== null && this.#ended === null) this.#pass()
    const wallMs = this.#begun === null ? 0 : (this.#ended ?? this.#last) - this.#begun
    return {
      seconds: wallMs / 1000,
      policySeconds: this.#busyMs.policy / 1000,
      ppmSeconds: this.#busyMs.ppm / 1000,
      verifySeconds: this.#busyMs.verify / 1000,
      otherSeconds: Math.max(0, wallMs - this.#busyMs.any) / 1000,
      policy: this.#batches.policy(),
      ppm: this.#batches.ppm(),
      ...this.#cost,
    }
  }

  begin(): void {
    this.#begun = this.#last = performance.now()
  }

  end(): void {
    this.#pass()
    this.#ended = this.#last
  }

  add(cost: Cost): void {
    for (const key of Object.keys(cost) as (keyof Cost)[]) this.#cost[key] += cost[key]
  }

  /** Says where the batches of a model are counted. */
  batched(model: 'policy' | 'ppm', counted: BatchStatistics, size: number): void {
    this.#batches[model] = () => {
      const { batches, requests } = counted
      return { batches, requests, meanFill: batches === 0 ? null : requests / (batches * size) }
    }
  }

  /** Runs `work` and counts its time as that of an activity. */
  async during<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    this.#pass()
    this.#underWay[activity]++
    try {
      return await work()
    } finally {
      this.#pass()
      this.#underWay[activity]--
    }
  }

  /** Books the time since the last change to whatever was under way. */
  #pass(): void {
    const now = performance.now()
    const passed = now - this.#last
    this.#last = now
    const { policy, ppm, verify } = this.#underWay
    if (policy > 0) this.#busyMs.policy += passed
    if (ppm > 0) this.#busyMs.ppm += passed
    if (verify > 0) this.#busyMs.verify += passed
    if (policy + ppm + verify > 0) this.#busyMs.any += passed
  }
}

const noBatches = (): Batches => ({ batches: 0, requests: 0, meanFill: null })
