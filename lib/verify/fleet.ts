// The fork servers of a pool: starts them, adds those that hold sympy when they are first needed, replaces the worn and the
// dead. What runs in which of them is pool.ts's matter.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Kind, type Lane, newLane } from './lane.ts'
import { type Isolation, launchOf } from './level.ts'
import type { Limits, Reply, Request } from './protocol.ts'
import type { Python } from './python.ts'
import { Zygote } from './zygote.ts'

export interface FleetOptions {
  readonly python: Python
  /** Fork servers of each kind. Minimum: 1. */
  readonly processes: number
  /** A server is replaced after this many runs. Minimum: 1. */
  readonly recycleAfter: number
  /** Modules that every server imports once, before it forks. */
  readonly preload: readonly string[]
  readonly isolation: Isolation
  /** Processes that may wait in each server with steps run, so that a prefix with sympy runs once. 0: none. */
  readonly checkpoints: number
}

/** Counts since the fleet was opened. */
export interface FleetCounts {
  /** Processes forked: batches and single runs. */
  forks: number
  /** CPU time of all forked processes, in milliseconds. */
  cpuMs: number
  /** Servers that ended unasked. */
  deaths: number
  /** Servers replaced after `recycleAfter` runs, or because a run could not be set up. */
  recycled: number
}

export interface FleetEvents {
  /** A server has places now. */
  onPlaces(): void
  /** No server that holds sympy starts. */
  onNoSympy(): void
  /** A server cannot be replaced: nothing can be run any more. */
  onFailure(error: Error): void
}

const MAX_STARTS = 4
const WARM_UP = join(import.meta.dirname, 'python', 'sympy_warm_up.py')

export class Fleet {
  readonly counts: FleetCounts = { forks: 0, cpuMs: 0, deaths: 0, recycled: 0 }
  readonly #options: FleetOptions
  readonly #events: FleetEvents
  readonly #lanes: Lane[]
  readonly #starting = new Set<Promise<void>>()
  #isClosed = false

  constructor(options: FleetOptions, events: FleetEvents) {
    this.#options = options
    this.#events = events
    this.#lanes = Array.from({ length: options.processes }, () => newLane('bare'))
  }

  /** Starts the servers without sympy. Rejects when one of them does not start; dispose() is due all the same. */
  async open(): Promise<void> {
    const started = await Promise.allSettled(this.#lanes.map((lane) => this.#fill(lane, 1)))
    const failure = started.find((result) => result.status === 'rejected')
    if (failure) throw failure.reason
  }

  /** Process ids of the servers that run now. */
  get pids(): number[] {
    return this.#lanes.flatMap(({ zygote }) => (zygote?.isAlive ? [zygote.pid] : []))
  }

  /** The servers that take work. */
  get places(): Lane[] {
    return this.#lanes.filter(({ zygote, worn }) => zygote?.isAlive && !worn)
  }

  /** One more server with sympy, where none is starting and there are fewer than servers without. */
  addSympy(): void {
    const lanes = this.#lanes.filter(({ kind }) => kind === 'sympy')
    const isStarting = lanes.some(({ zygote }) => zygote === null)
    if (this.#isClosed || lanes.length >= this.#options.processes || isStarting) return
    const lane = newLane('sympy')
    this.#lanes.push(lane)
    this.#track(this.#fill(lane, 1), () => {
      this.#lanes.splice(this.#lanes.indexOf(lane), 1)
      if (lanes.length === 0) this.#events.onNoSympy() // else the others do
    })
  }

  /** Runs a request in a server. Rejects as Zygote.ask. */
  async ask(lane: Lane, request: Request, limits: Limits): Promise<Reply> {
    lane.runs++
    return this.#counted(lane.zygote!, request, limits)
  }

  /** Runs a request in a server started for it alone. Rejects as Zygote.ask; with another error where none starts. */
  async askApart(kind: Kind, request: Request, limits: Limits): Promise<Reply> {
    const zygote = await this.#start(kind).catch((error: Error) => {
      throw new Error(error.message, { cause: error }) // a ZygoteDied would be taken for the code's doing
    })
    try {
      return await this.#counted(zygote, request, limits)
    } finally {
      await zygote.dispose()
    }
  }

  /** After a run: replaces the server when it is dead or worn and idle. */
  release(lane: Lane): void {
    if (lane.runs >= this.#options.recycleAfter) lane.worn = true
    const isIdle = lane.batches + lane.singles === 0
    if (!isIdle || !lane.zygote || this.#isClosed || !(lane.worn || !lane.zygote.isAlive)) return
    if (lane.zygote.isAlive) this.counts.recycled++
    else this.counts.deaths++
    const old = lane.zygote
    lane.zygote = null
    this.#track(Promise.all([old.dispose(), this.#fill(lane, MAX_STARTS)]), (error) => this.#events.onFailure(error))
  }

  /** Ends every server; what they run rejects. */
  async dispose(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#starting)
    await Promise.all(this.#lanes.map((lane) => lane.zygote?.dispose()))
  }

  async #counted(zygote: Zygote, request: Request, limits: Limits): Promise<Reply> {
    this.counts.forks++
    const reply = await zygote.ask(request, limits)
    this.counts.cpuMs += reply.cpuMs
    return reply
  }

  /** Waits for a start on behalf of dispose(), then tells of the places, or `onFailure` first. */
  #track(start: Promise<unknown>, onFailure: (error: Error) => void): void {
    const settled = start.then(() => undefined, onFailure).then(() => this.#events.onPlaces())
    this.#starting.add(settled)
    void settled.finally(() => this.#starting.delete(settled))
  }

  async #start(kind: Kind): Promise<Zygote> {
    const { python, isolation, preload, checkpoints } = this.#options
    const launch = launchOf(python, isolation, preload)
    if (kind === 'bare') return Zygote.start(launch)
    const warmUp = readFileSync(WARM_UP, 'utf8')
    return Zygote.start({ ...launch, preload: [...preload, 'sympy'], warmUp, checkpoints })
  }

  /** Starts a server for the lane, again after a pause when that fails, `starts` times in all. */
  async #fill(lane: Lane, starts: number): Promise<void> {
    for (let start = 1; ; start++) {
      try {
        const zygote = await this.#start(lane.kind)
        Object.assign(lane, newLane(lane.kind), { zygote })
        zygote.onDeath = () => {
          this.release(lane)
          this.#events.onPlaces()
        }
        return
      } catch (error) {
        if (start >= starts || this.#isClosed) throw error
        await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** start))
      }
    }
  }
}
