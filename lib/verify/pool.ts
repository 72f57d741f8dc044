// Shares fork servers among all that wants to run: plain groups gather into batches while a batch is under way, whatever
// is not plain runs alone, and each server has a place for a batch beside its places for single runs, so slow code
// delays no plain code. Code that names sympy runs in servers that hold it already; they start when first needed.
// Assumes that a run may be repeated. Keeps no verdicts: verifier.ts does.
import { refusalOf } from './execution.ts'
import { Fleet, type FleetCounts, type FleetOptions } from './fleet.ts'
import { charactersOf, failAll, type Group, isCompound, keysOf, LONGEST_BATCHED, partOf, usesSympy } from './group.ts'
import { type Kind, type Lane, laneFor, requestOf, type Single } from './lane.ts'
import { failed, prefixFailed, printed, verdictOf } from './outcome.ts'
import type { Limits, PlainResult, Reply } from './protocol.ts'
import type { Verdict } from './verdict.ts'
import { ZygoteDied } from './zygote.ts'

export interface PoolOptions extends FleetOptions {
  /** Single runs at once in each server. Minimum: 1. */
  readonly singlesPerProcess: number
  /** Groups in a batch at most. Minimum: 1. */
  readonly groupsPerBatch: number
  readonly limits: Limits
  /** Candidates that may wait before `room()` makes callers wait. Minimum: 1. */
  readonly queueLimit: number
}

/** Counts since the pool was opened. */
export interface PoolCounts extends FleetCounts {
  batches: number
  /** Groups that went through a batch. */
  groups: number
  singles: number
  /** Single runs that left a process waiting with their steps run. */
  checkpoints: number
}

const MAX_RETRIES = 2
const LOOK_AHEAD = 64 // runs of a queue that may be passed by others
const PLAIN_CPU_MS = 2_000 // a batch is many steps, so a small limit for one step does not fit it
const PLAIN_WALL_MS = 10_000

export class Pool {
  readonly #options: PoolOptions
  readonly #batchLimits: Limits
  readonly #fleet: Fleet
  readonly #counts = { batches: 0, groups: 0, singles: 0, checkpoints: 0 }
  #groups: Group[] = []
  readonly #singles: Record<Kind, Single[]> = { bare: [], sympy: [] }
  #isSympyReady: boolean
  #waiting = 0 // candidates submitted and not settled
  #callers: (() => void)[] = []
  #quarantine: Promise<void> = Promise.resolve()
  #pumpScheduled = false
  #closed: Error | null = null

  /** Starts the servers. Rejects when one of them does not start. */
  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options)
    try {
      await pool.#fleet.open()
      return pool
    } catch (error) {
      await pool.dispose()
      throw error
    }
  }

  private constructor(options: PoolOptions) {
    this.#options = options
    this.#batchLimits = {
      ...options.limits,
      cpuMs: Math.max(options.limits.cpuMs, PLAIN_CPU_MS),
      wallMs: Math.max(options.limits.wallMs, PLAIN_WALL_MS),
    }
    this.#isSympyReady = options.isolation.sympy !== null
    this.#fleet = new Fleet(options, {
      onPlaces: () => this.#schedulePump(),
      onNoSympy: () => {
        this.#isSympyReady = false // a sympy that cannot be imported is the step's own error to meet
        this.#singles.bare.push(...this.#singles.sympy.splice(0))
      },
      onFailure: (error) => this.#close(error),
    })
  }

  get counts(): PoolCounts {
    return { ...this.#fleet.counts, ...this.#counts }
  }

  /** Process ids of the servers that run now. */
  get pids(): number[] {
    return this.#fleet.pids
  }

  /** Resolves when fewer candidates wait than `queueLimit`; null when that is so now. */
  room(): Promise<void> | null {
    if (this.#waiting < this.#options.queueLimit || this.#closed) return null
    return new Promise((resolve) => this.#callers.push(resolve))
  }

  submit(asked: Group): void {
    if (this.#closed) {
      failAll(asked, this.#closed)
      return
    }
    const group = this.#counted(asked)
    const alone = group.detail || group.steps.some(isCompound) || charactersOf(group) > LONGEST_BATCHED
    const batched: number[] = []
    for (const [candidate, text] of group.candidates.entries()) {
      if (alone || isCompound(text)) this.#queueSingle(group, candidate)
      else batched.push(candidate)
    }
    if (batched.length > 0) this.#groups.push(partOf(group, batched))
    this.#schedulePump()
  }

  /** Runs a program with details in a server started for it, so that nothing is as it was in another run. */
  async runApart(steps: readonly string[]): Promise<{ verdict: Verdict; reply: Reply }> {
    const { limits, python } = this.#options
    const reply = await this.#fleet.askApart('bare', { steps, detail: true }, limits)
    return { verdict: judged(reply, limits, python.path), reply }
  }

  /** Ends every server. What is queued or under way fails. */
  async dispose(): Promise<void> {
    this.#close(new Error('The verifier was disposed'))
    await this.#fleet.dispose()
    await this.#quarantine
  }

  #close(reason: Error): void {
    this.#closed ??= reason
    for (const group of this.#groups.splice(0)) failAll(group, this.#closed)
    for (const queue of Object.values(this.#singles)) {
      for (const { group, candidate } of queue.splice(0)) group.fail(candidate, this.#closed)
    }
    for (const resolve of this.#callers.splice(0)) resolve()
  }

  /** The group, with its candidates counted as waiting until each is settled. */
  #counted(group: Group): Group {
    this.#waiting += group.candidates.length
    const done = () => {
      this.#waiting--
      if (this.#waiting < this.#options.queueLimit) this.#callers.shift()?.()
    }
    return {
      ...group,
      settle: (candidate, verdict, reply) => {
        done()
        group.settle(candidate, verdict, reply)
      },
      fail: (candidate, error) => {
        done()
        group.fail(candidate, error)
      },
    }
  }

  #schedulePump(): void {
    if (this.#pumpScheduled) return
    this.#pumpScheduled = true
    setImmediate(() => {
      this.#pumpScheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    const open = this.#fleet.places
    const forBatches = open.filter(({ batches, kind }) => batches === 0 && kind === 'bare')
    forBatches.forEach((lane, index) => {
      const share = Math.ceil(this.#groups.length / (forBatches.length - index))
      const groups = this.#groups.splice(0, Math.min(share, this.#options.groupsPerBatch))
      if (groups.length > 0) void this.#runBatch(lane, groups)
    })
    for (const kind of ['bare', 'sympy'] as const) {
      const lanes = open.filter((lane) => lane.kind === kind)
      this.#startSingles(this.#singles[kind], lanes)
    }
    if (this.#singles.sympy.length > 0 && !this.#closed) this.#fleet.addSympy()
  }

  /** Runs what has a place, in the order of the queue; some may wait for the one server that has a start on them. */
  #startSingles(queue: Single[], lanes: readonly Lane[]): void {
    const most = this.#options.singlesPerProcess
    for (let at = 0, seen = 0; at < queue.length && seen < LOOK_AHEAD; seen++) {
      if (lanes.every(({ singles }) => singles >= most)) return
      const lane = laneFor(queue[at]!, lanes, most)
      if (lane) void this.#runSingle(lane, queue.splice(at, 1)[0]!)
      else at++
    }
  }

  async #runBatch(lane: Lane, groups: Group[]): Promise<void> {
    lane.batches++
    this.#counts.batches++
    this.#counts.groups += groups.length
    let reply: Reply | null = null
    try {
      const request = { groups: groups.map(({ steps, candidates }) => ({ steps, candidates })) }
      reply = await this.#fleet.ask(lane, request, this.#batchLimits)
    } catch {
      reply = null // the server died; its groups run alone, each candidate in a child of its own
    }
    lane.batches--
    const results = reply?.status === 'batch' ? reply.results : []
    for (const [index, group] of groups.entries()) this.#settleGroup(group, results[index] ?? null)
    this.#release(lane)
  }

  #settleGroup(group: Group, result: PlainResult): void {
    if (result === null) {
      this.#runAlone(group)
    } else if (Array.isArray(result)) {
      group.candidates.forEach((_, candidate) => {
        const outcome = result[candidate] ?? null
        if (outcome === null) this.#queueSingle(group, candidate)
        else group.settle(candidate, typeof outcome === 'string' ? printed(outcome) : failed(outcome), null)
      })
    } else {
      const verdict = failed(result.error)
      group.candidates.forEach((_, candidate) => {
        group.settle(candidate, group.whole ? verdict : prefixFailed(verdict), null)
      })
    }
  }

  #runAlone(group: Group): void {
    for (const candidate of group.candidates.keys()) this.#queueSingle(group, candidate)
  }

  #queueSingle(group: Group, candidate: number): void {
    if (this.#closed) group.fail(candidate, this.#closed)
    else {
      const kind = this.#isSympyReady && usesSympy(group, candidate) ? 'sympy' : 'bare'
      const { checkpoints, isolation } = this.#options
      const mayWait = kind === 'sympy' && checkpoints > 0 && isolation.inner === 'jail' && !group.detail
      const keys = mayWait ? keysOf(group.steps) : []
      this.#singles[kind].push({ group, candidate, kind, keys, deaths: 0, retries: 0 })
    }
  }

  async #runSingle(lane: Lane, single: Single): Promise<void> {
    lane.singles++
    this.#counts.singles++
    this.#noteKept(lane, single, true) // what follows the same steps goes there too
    try {
      const reply = await this.#fleet.ask(lane, requestOf(single), this.#options.limits)
      if (reply.kept === 'made') this.#counts.checkpoints++
      this.#noteKept(lane, single, reply.kept !== undefined)
      this.#settleSingle(single, reply, lane)
    } catch (error) {
      single.deaths++
      if (this.#closed) single.group.fail(single.candidate, this.#closed)
      else if (!(error instanceof ZygoteDied)) single.group.fail(single.candidate, error as Error)
      else if (single.deaths < MAX_RETRIES) this.#singles[single.kind].unshift(single)
      else this.#isolate(single)
    }
    lane.singles--
    this.#release(lane)
  }

  #noteKept(lane: Lane, { keys }: Single, isKept: boolean): void {
    const key = keys.at(-1)
    if (key === undefined) return
    lane.kept.delete(key)
    if (isKept) lane.kept.add(key)
    if (lane.kept.size > this.#options.checkpoints) lane.kept.delete(lane.kept.values().next().value!)
  }

  #settleSingle(single: Single, reply: Reply, lane: Lane | null): void {
    const { group, candidate } = single
    const verdict = judged(reply, this.#options.limits, this.#options.python.path)
    const byEarlierStep = verdict.kind !== 'ok' && !reply.reachedLast && group.steps.length > 0
    if (verdict.kind !== 'infra' && (group.whole || !byEarlierStep)) {
      group.settle(candidate, verdict, reply)
      return
    }
    if (verdict.kind === 'infra' && lane) lane.worn = true // a fresh server may manage what this one could not
    if (single.retries < MAX_RETRIES && lane && !this.#closed) {
      single.retries++
      this.#singles[single.kind].push(single)
    } else if (verdict.kind === 'infra') {
      const told = `Expected the sandbox to run a step, but it failed ${single.retries + 1} times: ${verdict.message}`
      group.fail(candidate, this.#closed ?? new Error(told))
    } else {
      group.settle(candidate, prefixFailed(verdict), reply)
    }
  }

  /** Code under which servers died runs once more in a server of its own: when that dies too, the code did it. */
  #isolate(single: Single): void {
    const { group, candidate, kind } = single
    this.#quarantine = this.#quarantine.then(async () => {
      try {
        if (this.#closed) throw this.#closed
        this.#settleSingle(single, await this.#fleet.askApart(kind, requestOf(single), this.#options.limits), null)
      } catch (error) {
        if (this.#closed || !(error instanceof ZygoteDied)) group.fail(candidate, this.#closed ?? (error as Error))
        else group.settle(candidate, { kind: 'died', how: 'its fork server ended each time it ran' }, null)
      }
    })
  }

  /** After a run: the server may have to be replaced, then there may be more work. */
  #release(lane: Lane): void {
    this.#fleet.release(lane)
    this.#schedulePump()
  }
}

/** The verdict of a run, with the reason where no model should learn from it. */
function judged(reply: Reply, limits: Limits, python: string): Verdict {
  const verdict = verdictOf(reply, limits, python)
  const refusal = reply.flags ? refusalOf(reply.flags, verdict) : null
  return refusal === null ? verdict : { ...verdict, refusal }
}
