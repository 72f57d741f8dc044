// Gathers the single requests of many trees into batches for one model. When a batch is sent depends on the clock, what
// is in it on who came first; results must not depend on either, which is the contract of Policy and Ppm.

/** What every batcher of a search shares: who could still add a request, and a way to be asked again. */
export interface Gathering {
  /** Trees under way that wait in no batcher, i.e. that may add a request soon. */
  mayAdd(): number
  /** Asks every batcher again whether to send, once all that runs now has run. */
  poke(): void
}

export interface BatchStatistics {
  batches: number
  /** Requests over all batches; mean fill = requests / (batches * size). */
  requests: number
  /** Seconds during which a batch was under way. */
  seconds: number
}

interface Pending<Request, Result> {
  readonly request: Request
  resolve(result: Result): void
  reject(reason: unknown): void
}

/** Seconds to wait for company before the length of a batch is known. */
const FIRST_PATIENCE_SECONDS = 0.005

/** Share of a batch that is worth sending while others may still join; less at the end of a search, so above one half. */
const FULL_ENOUGH = 0.75

export class Batcher<Request, Result> {
  readonly statistics: BatchStatistics = { batches: 0, requests: 0, seconds: 0 }
  readonly #call: (requests: Request[]) => Promise<Result[]>
  readonly #size: number
  readonly #gathering: Gathering
  readonly #pending: Pending<Request, Result>[] = []
  #underWay = false
  #lastArrival = 0
  #timer: NodeJS.Timeout | undefined
  #stopped: { readonly reason: unknown } | null = null

  /** `call` serves up to `size` requests at once; one call is under way at a time. */
  constructor(call: (requests: Request[]) => Promise<Result[]>, size: number, gathering: Gathering) {
    this.#call = call
    if (Number.isNaN(Number(size))) throw new TypeError(`Expected the size of a batch to be a number, got ${size}`)
    this.#size = Math.max(1, Math.floor(size))
    this.#gathering = gathering
  }

  /** Requests that wait to be sent. */
  get waiting(): number {
    return this.#pending.length
  }

  submit(request: Request): Promise<Result> {
    if (this.#stopped) return Promise.reject(this.#stopped.reason)
    return new Promise((resolve, reject) => {
      this.#lastArrival = performance.now()
      this.#pending.push({ request, resolve, reject })
      this.#gathering.poke()
    })
  }

  /**
   * Sends a batch if the model is idle and the batch is full enough, or not likely to become so: no tree may add to it,
   * or none has for as long as a batch takes. A tree waits with one request at a time, so the others stop adding
   * at some point, and one that is slow elsewhere holds nobody up.
   */
  consider(): void {
    if (this.#underWay || this.#pending.length === 0 || this.#stopped) return
    const fullEnough = this.#pending.length >= FULL_ENOUGH * this.#size
    const { batches, seconds } = this.statistics
    const patience = batches === 0 ? FIRST_PATIENCE_SECONDS : seconds / batches
    const left = patience * 1000 - (performance.now() - this.#lastArrival)
    if (fullEnough || left <= 0 || this.#gathering.mayAdd() === 0) return void this.#send()
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.consider()
    }, Math.ceil(left))
  }

  /** Rejects what waits and what comes; a batch under way is not interrupted. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    clearTimeout(this.#timer)
    for (const { reject } of this.#pending.splice(0)) reject(reason)
  }

  async #send(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#pending.splice(0, this.#size)
    if (batch.length === 0) return
    this.#underWay = true
    const start = performance.now()
    try {
      const results = await this.#call(batch.map(({ request }) => request))
      if (results.length !== batch.length)
        throw new Error(`Expected ${batch.length} results, one for each request of a batch, got ${results.length}`)
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]!)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      this.#underWay = false
      this.statistics.batches++
      this.statistics.requests += batch.length
      this.statistics.seconds += (performance.now() - start) / 1000
      this.#gathering.poke()
    }
  }
}
