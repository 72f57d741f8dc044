// Shares fork servers among all that wants to run: plain groups gather into batches while a batch is under way, whatever
// is not plain runs alone, and each server has a place for a batch beside its places for single runs, so slow code
// delays no plain code. Assumes that a run may be repeated. Keeps no verdicts: verifier.ts does.
import { failed, prefixFailed, printed, verdictOf } from './outcome.ts'
import type { Python } from './python.ts'
import type { Verdict } from './verdict.ts'
import { type Limits, type PlainResult, type Reply, Zygote, ZygoteDied } from './zygote.ts'

/** Earlier steps and candidates for the next one, with where each verdict goes. Exactly one call per candidate. */
export interface Group {
  readonly steps: readonly string[]
  readonly candidates: readonly string[]
  /** True when the earlier steps are judged too: the first that fails gives the verdict. */
  readonly whole: boolean
  settle(candidate: number, verdict: Verdict): void
  fail(candidate: number, error: Error): void
}

export interface PoolOptions {
  readonly python: Python
  /** Fork servers. Minimum: 1. */
  readonly processes: number
  /** Single runs at once in each server. Minimum: 1. */
  readonly singlesPerProcess: number
  /** Groups in a batch at most. Minimum: 1. */
  readonly groupsPerBatch: number
  /** A server is replaced after this many runs. Minimum: 1. */
  readonly recycleAfter: number
  readonly limits: Limits
  /** Modules that every server imports once, before it forks. */
  readonly preload: readonly string[]
}

/** Counts since the pool was opened. */
export interface PoolCounts {
  /** Processes forked: batches and single runs. */
  forks: number
  batches: number
  /** Groups that went through a batch. */
  groups: number
  singles: number
  /** CPU time of all forked processes, in milliseconds. */
  cpuMs: number
  /** Servers that ended unasked. */
  deaths: number
  /** Servers replaced after `recycleAfter` runs, or because a run could not be set up. */
  recycled: number
}

interface Lane {
  zygote: Zygote | null // null while one starts
  runs: number
  batches: number // under way: 0 or 1
  singles: number // under way
  worn: boolean // takes no more work; replaced when idle
}

interface Single {
  readonly group: Group
  readonly candidate: number
  deaths: number // servers that ended while it ran
  retries: number // other failures that are not the code's
}

const MAX_RETRIES = 2
const MAX_STARTS = 4
const LONGEST_BATCHED = 32_768 // characters of one group; a longer one is not plain anyway
const COMPOUND =
  /^[ \t]*(?:import|from|for|while|if|elif|else|def|class|try|with|return|raise|assert|del|global|lambda|async|@)/m
const PLAIN_CPU_MS = 2_000 // a batch is many steps, so a small limit for one step does not fit it
const PLAIN_WALL_MS = 10_000

export class Pool {
  readonly counts: PoolCounts = { forks: 0, batches: 0, groups: 0, singles: 0, cpuMs: 0, deaths: 0, recycled: 0 }
  readonly #options: PoolOptions
  readonly #batchLimits: Limits
  readonly #lanes: Lane[]
  #groups: Group[] = []
  #singles: Single[] = []
  #quarantine: Promise<void> = Promise.resolve()
  readonly #starting = new Set<Promise<void>>()
  #pumpScheduled = false
  #closed: Error | null = null

  /** Starts the servers. Rejects when one of them does not start. */
  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options)
    const started = await Promise.allSettled(pool.#lanes.map((lane) => pool.#fill(lane, 1)))
    const failure = started.find((result) => result.status === 'rejected')
    if (failure) {
      await pool.dispose()
      throw failure.reason
    }
    return pool
  }

  private constructor(options: PoolOptions) {
    this.#options = options
    this.#batchLimits = {
      ...options.limits,
      cpuMs: Math.max(options.limits.cpuMs, PLAIN_CPU_MS),
      wallMs: Math.max(options.limits.wallMs, PLAIN_WALL_MS),
    }
    this.#lanes = Array.from({ length: options.processes }, () => newLane())
  }

  /** Process ids of the servers that run now. */
  get pids(): number[] {
    return this.#lanes.flatMap(({ zygote }) => (zygote?.isAlive ? [zygote.pid] : []))
  }

  submit(group: Group): void {
    if (this.#closed) {
      failAll(group, this.#closed)
      return
    }
    const alone = group.steps.some(isCompound) || charactersOf(group) > LONGEST_BATCHED
    const batched: number[] = []
    for (const [candidate, text] of group.candidates.entries()) {
      if (alone || isCompound(text)) this.#queueSingle(group, candidate)
      else batched.push(candidate)
    }
    if (batched.length > 0) this.#groups.push(partOf(group, batched))
    this.#schedulePump()
  }

  /** Ends every server. What is queued or under way fails. */
  async dispose(): Promise<void> {
    this.#close(new Error('The verifier was disposed'))
    await Promise.all(this.#starting)
    await Promise.all(this.#lanes.map((lane) => lane.zygote?.dispose()))
    await this.#quarantine
  }

  #close(reason: Error): void {
    this.#closed ??= reason
    for (const group of this.#groups.splice(0)) failAll(group, this.#closed)
    for (const { group, candidate } of this.#singles.splice(0)) group.fail(candidate, this.#closed)
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
    const open = this.#lanes.filter(({ zygote, worn }) => zygote?.isAlive && !worn)
    const forBatches = open.filter(({ batches }) => batches === 0)
    forBatches.forEach((lane, index) => {
      const share = Math.ceil(this.#groups.length / (forBatches.length - index))
      const groups = this.#groups.splice(0, Math.min(share, this.#options.groupsPerBatch))
      if (groups.length > 0) void this.#runBatch(lane, groups)
    })
    for (let place = 0; place < this.#options.singlesPerProcess; place++) {
      for (const lane of open) {
        if (this.#singles.length > 0 && lane.singles <= place) void this.#runSingle(lane, this.#singles.shift()!)
      }
    }
  }

  async #runBatch(lane: Lane, groups: Group[]): Promise<void> {
    lane.batches++
    this.counts.batches++
    this.counts.groups += groups.length
    let reply: Reply | null = null
    try {
      const request = { groups: groups.map(({ steps, candidates }) => ({ steps, candidates })) }
      reply = await this.#ask(lane, request, this.#batchLimits)
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
        else group.settle(candidate, typeof outcome === 'string' ? printed(outcome) : failed(outcome))
      })
    } else {
      const verdict = failed(result.error)
      group.candidates.forEach((_, candidate) => {
        group.settle(candidate, group.whole ? verdict : prefixFailed(verdict))
      })
    }
  }

  #runAlone(group: Group): void {
    for (const candidate of group.candidates.keys()) this.#queueSingle(group, candidate)
  }

  #queueSingle(group: Group, candidate: number): void {
    if (this.#closed) group.fail(candidate, this.#closed)
    else this.#singles.push({ group, candidate, deaths: 0, retries: 0 })
  }

  async #runSingle(lane: Lane, single: Single): Promise<void> {
    lane.singles++
    this.counts.singles++
    try {
      this.#settleSingle(single, await this.#ask(lane, requestOf(single), this.#options.limits), lane)
    } catch (error) {
      single.deaths++
      if (this.#closed) single.group.fail(single.candidate, this.#closed)
      else if (!(error instanceof ZygoteDied)) single.group.fail(single.candidate, error as Error)
      else if (single.deaths < MAX_RETRIES) this.#singles.unshift(single)
      else this.#isolate(single)
    }
    lane.singles--
    this.#release(lane)
  }

  #settleSingle(single: Single, reply: Reply, lane: Lane | null): void {
    const { group, candidate } = single
    const verdict = verdictOf(reply, this.#options.limits, this.#options.python.path)
    const byEarlierStep = verdict.kind !== 'ok' && !reply.reachedLast && group.steps.length > 0
    if (verdict.kind !== 'infra' && (group.whole || !byEarlierStep)) {
      group.settle(candidate, verdict)
      return
    }
    if (verdict.kind === 'infra' && lane) lane.worn = true // a fresh server may manage what this one could not
    if (single.retries < MAX_RETRIES && lane && !this.#closed) {
      single.retries++
      this.#singles.push(single)
    } else if (verdict.kind === 'infra') {
      const told = `Expected the sandbox to run a step, but it failed ${single.retries + 1} times: ${verdict.message}`
      group.fail(candidate, this.#closed ?? new Error(told))
    } else {
      group.settle(candidate, prefixFailed(verdict))
    }
  }

  /** Code under which servers died runs once more in a server of its own: when that dies too, the code did it. */
  #isolate(single: Single): void {
    const { group, candidate } = single
    this.#quarantine = this.#quarantine.then(async () => {
      let zygote: Zygote | null = null
      try {
        if (this.#closed) throw this.#closed
        zygote = await Zygote.start(this.#options.python, this.#options.preload)
        this.counts.forks++
        this.#settleSingle(single, await zygote.ask(requestOf(single), this.#options.limits), null)
      } catch (error) {
        if (this.#closed || !zygote || !(error instanceof ZygoteDied)) {
          group.fail(candidate, this.#closed ?? (error as Error))
        } else {
          group.settle(candidate, { kind: 'died', how: 'its fork server ended each time it ran' })
        }
      }
      await zygote?.dispose()
    })
  }

  async #ask(lane: Lane, request: Parameters<Zygote['ask']>[0], limits: Limits): Promise<Reply> {
    lane.runs++
    this.counts.forks++
    const reply = await lane.zygote!.ask(request, limits)
    this.counts.cpuMs += reply.cpuMs
    return reply
  }

  /** After a run: replaces the server when it is dead or worn, then looks for more work. */
  #release(lane: Lane): void {
    if (lane.runs >= this.#options.recycleAfter) lane.worn = true
    if (lane.batches + lane.singles === 0 && lane.zygote && !this.#closed && (lane.worn || !lane.zygote.isAlive)) {
      if (lane.zygote.isAlive) this.counts.recycled++
      else this.counts.deaths++
      const old = lane.zygote
      lane.zygote = null
      const replaced = Promise.all([old.dispose(), this.#fill(lane, MAX_STARTS)]).then(
        () => this.#schedulePump(),
        (error: Error) => this.#close(error), // nothing can be run any more
      )
      this.#starting.add(replaced)
      void replaced.finally(() => this.#starting.delete(replaced))
    }
    this.#schedulePump()
  }

  /** Starts a server for the lane, again after a pause when that fails, `starts` times in all. */
  async #fill(lane: Lane, starts: number): Promise<void> {
    for (let start = 1; ; start++) {
      try {
        const zygote = await Zygote.start(this.#options.python, this.#options.preload)
        Object.assign(lane, newLane(), { zygote })
        zygote.onDeath = () => this.#release(lane)
        return
      } catch (error) {
        if (start >= starts || this.#closed) throw error
        await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** start))
      }
    }
  }
}

/** Whether a line begins as no plain step's does: no use in trying it in a batch. A wrong yes costs only time. */
function isCompound(text: string): boolean {
  return COMPOUND.test(text)
}

function partOf(group: Group, candidates: number[]): Group {
  if (candidates.length === group.candidates.length) return group
  return {
    ...group,
    candidates: candidates.map((candidate) => group.candidates[candidate]!),
    settle: (index, verdict) => group.settle(candidates[index]!, verdict),
    fail: (index, error) => group.fail(candidates[index]!, error),
  }
}

function failAll(group: Group, error: Error): void {
  for (const candidate of group.candidates.keys()) group.fail(candidate, error)
}

function newLane(): Lane {
  return { zygote: null, runs: 0, batches: 0, singles: 0, worn: false }
}

function requestOf({ group, candidate }: Single) {
  return { steps: [...group.steps, group.candidates[candidate]!] }
}

function charactersOf({ steps, candidates }: Group): number {
  return [...steps, ...candidates].reduce((sum, text) => sum + text.length, 0)
}
