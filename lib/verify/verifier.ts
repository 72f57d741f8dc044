// Runs steps in Python and says what came of them: the public door of this folder. Equal work is done once. Every
// execution has limits on time, memory and output; how far it is kept from files, network and processes is its level
// (level.ts), the best that this machine grants. No reference answer may be among the code. Only Linux is tested.
import { availableParallelism } from 'node:os'
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import type { Step } from '../problem/problem.ts'
import { VerdictCache } from './cache.ts'
import type { Verifier } from './contract.ts'
import { comparedWith, type Execution, executionOf } from './execution.ts'
import { type Group, hashOf } from './group.ts'
import { chooseIsolation, type Isolation, type LevelOptions } from './level.ts'
import { Pool, type PoolCounts } from './pool.ts'
import type { Limits } from './protocol.ts'
import { findPython, namedPython } from './python.ts'
import type { Verdict } from './verdict.ts'

/**
 * How `openVerifier` runs steps: isolation, limits, processes, cache. None of it changes the verdict of a good step.
 */
export interface VerifierOptions extends LevelOptions {
  /** Interpreter, as a path or a name of PATH (with `wrap`: in the container). @default ASTERISM_PYTHON, else python3 */
  readonly python?: string
  /** Fork servers. Minimum: 1. @default the number of cores, at most 2 */
  readonly processes?: number
  /** What one execution may use. @default 2000 ms CPU, 10000 ms wall, 512 MiB, 65536 bytes of output */
  readonly limits?: Partial<Limits>
  /** Whether verdicts are kept and equal work under way is shared. @default true */
  readonly cache?: boolean
  /** Verdicts kept. Minimum: 0. Equal steps come close together: five times as many save 3 % of the runs of a round. @default 10000 */
  readonly cacheEntries?: number
  /** Runs of code that is not plain, at once in each server. Minimum: 1. @default 2 */
  readonly singlesPerProcess?: number
  /** Requests whose plain code shares one process. Minimum: 1. @default 64 */
  readonly groupsPerBatch?: number
  /** A server is replaced after this many runs. Minimum: 1. @default 5000 */
  readonly recycleAfter?: number
  /** Modules that are imported once, before anything runs; sympy is looked after without it. @default [] */
  readonly preload?: readonly string[]
  /**
   * Processes that may wait in each server with steps run, so that a long prefix with sympy is run once and not again for
   * every step after it. Used at level jail, where the prefix took long enough. Minimum: 0. @default 0
   */
  readonly checkpoints?: number
  /** Candidates under way above which further calls wait before they hand over their code. Minimum: 1. @default 20000 */
  readonly queueLimit?: number
}

/** What a verifier has done so far, and with what. */
export interface VerifierStats extends Readonly<PoolCounts> {
  readonly python: { readonly path: string; readonly version: string }
  readonly limits: Limits
  /** How steps are kept from the machine, why not better, and which sympy they find. */
  readonly isolation: Isolation
  /** Process ids of the fork servers that run now. */
  readonly pids: readonly number[]
  readonly executions: number
  /** Verdicts that needed no run: kept from before, or equal to one under way. */
  readonly cacheHits: number
}

/** A verifier with Python behind it. It owns processes: `dispose()` ends them. */
export interface PythonVerifier extends Verifier {
  readonly isolation: Isolation
  /**
   * Runs whole programs from nothing. One verdict each, in order: that of the first step that fails, else `ok` with
   * what the last step printed. Errors: a RangeError for a program without steps; a sandbox that failed three times
   * over.
   */
  run(programs: readonly (readonly Step[])[]): Promise<Verdict[]>
  /**
   * Runs one program alone, and tells all that is known of it: which step failed, what it printed, time, memory, flags.
   * The limit on output holds for each step, not only for the last one. `twice` runs it once more in a fresh
   * interpreter, to see whether the same comes of it. Nothing is taken from the cache.
   * Errors: a RangeError for a program without steps.
   */
  examine(program: readonly Step[], options?: { readonly twice?: boolean }): Promise<Execution>
  /** Counts since it was opened, with the interpreter, limits and isolation in force. */
  stats(): VerifierStats
}

export const DEFAULT_LIMITS: Limits = { cpuMs: 2_000, wallMs: 10_000, memoryMb: 512, outputBytes: 65_536 }

/** Longest program that is run, in characters. */
const LONGEST_CODE = 1 << 20

/**
 * Starts the Python processes that run steps. The verifier owns them: `dispose()` ends them. It keeps no Node process
 * alive while it is idle, and ends with it, however that ends.
 *
 * An earlier step that no longer runs gives every candidate the verdict `infra`. When the sandbox itself fails, three
 * times over, `verify` and `run` reject.
 *
 * Errors: a RangeError for options out of range; one line that says what to do when there is no usable Python, when the
 * machine grants no level of isolation that the options allow, and when a good step does not run under the limits.
 * @example
 * const verifier = await openVerifier({ processes: 1 })
 * await verifier.run([[{ text: 'print(6 * 7)', final: true }]]) // [ { kind: 'ok', stdout: '42' } ]
 * await verifier.dispose()
 */
export async function openVerifier(options: VerifierOptions = {}): Promise<PythonVerifier> {
  expectKnown('openVerifier', options, VERIFIER_OPTIONS)
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const processes = options.processes ?? Math.min(2, availableParallelism())
  const { singlesPerProcess = 2, groupsPerBatch = 64, recycleAfter = 5_000, cacheEntries = 10_000 } = options
  const { queueLimit = 20_000, checkpoints = 0 } = options
  const positive = { processes, singlesPerProcess, groupsPerBatch, recycleAfter, queueLimit, ...limits }
  for (const [name, value] of Object.entries(positive)) expectInteger(name, value, 1)
  expectInteger('cacheEntries', cacheEntries, 0)
  expectInteger('checkpoints', checkpoints, 0)
  const python = options.wrap?.length ? namedPython(options.python) : await findPython(options.python)
  const isolation = await chooseIsolation(python, options)
  const pool = await Pool.open({
    python,
    processes,
    singlesPerProcess,
    groupsPerBatch,
    recycleAfter,
    limits,
    preload: options.preload ?? [],
    isolation,
    checkpoints,
    queueLimit,
  })
  await expectGoodStepRuns(pool, limits)
  const { refused: _, ...inForce } = isolation
  const settings = JSON.stringify([python.path, inForce, limits])
  const about = {
    python: { path: python.path, version: isolation.python.split('.').slice(0, 2).join('.') },
    limits,
    isolation,
  }
  return new PooledVerifier(pool, settings, options.cache === false ? null : new VerdictCache(cacheEntries), about)
}

type About = Pick<VerifierStats, 'python' | 'limits' | 'isolation'>

class PooledVerifier implements PythonVerifier {
  readonly #pool: Pool
  readonly #settings: string
  readonly #cache: VerdictCache | null
  readonly #about: About
  readonly #underWay = new Map<string, Promise<Verdict>>()
  #executions = 0
  #cacheHits = 0

  constructor(pool: Pool, settings: string, cache: VerdictCache | null, about: About) {
    this.#pool = pool
    this.#settings = settings
    this.#cache = cache
    this.#about = about
  }

  get isolation(): Isolation {
    return this.#about.isolation
  }

  get executions(): number {
    return this.#executions
  }

  verify(steps: readonly Step[], candidates: readonly Step[]): Promise<Verdict[]> {
    return this.#judge(steps.map(textOf), candidates.map(textOf), false)
  }

  async run(programs: readonly (readonly Step[])[]): Promise<Verdict[]> {
    if (programs.some((program) => program.length === 0)) {
      throw new RangeError('Expected programs of one or more steps, got one without steps')
    }
    const verdicts = await Promise.all(
      programs.map((program) => this.#judge(program.slice(0, -1).map(textOf), [textOf(program.at(-1)!)], true)),
    )
    return verdicts.map(([verdict]) => verdict!)
  }

  async examine(program: readonly Step[], { twice = false } = {}): Promise<Execution> {
    if (program.length === 0) throw new RangeError('Expected a program of one or more steps, got one without steps')
    const { limits, isolation } = this.#about
    const steps = program.map(textOf)
    const reason = tooLong(steps.reduce((sum, text) => sum + text.length, 0))
    if (reason) return executionOf({ kind: 'refused', reason }, null, limits, isolation)
    await this.#pool.room()
    const first = await new Promise<Execution>((resolve, reject) => {
      this.#pool.submit({
        steps: steps.slice(0, -1),
        candidates: [steps.at(-1)!],
        whole: true,
        detail: true,
        settle: (_, verdict, reply) => resolve(executionOf(verdict, reply, limits, isolation)),
        fail: (_, error) => reject(error),
      })
    })
    this.#executions++
    if (!twice) return first
    const { verdict, reply } = await this.#pool.runApart(steps)
    return comparedWith(first, executionOf(verdict, reply, limits, isolation))
  }

  stats(): VerifierStats {
    const { counts, pids } = this.#pool
    return { ...this.#about, ...counts, pids, executions: this.#executions, cacheHits: this.#cacheHits }
  }

  dispose(): Promise<void> {
    return this.#pool.dispose()
  }

  /** Verdicts of `candidates` after `steps`: kept ones, shared ones, and one group for what is left. */
  #judge(steps: string[], candidates: string[], whole: boolean): Promise<Verdict[]> {
    const digest = hashOf(JSON.stringify([this.#settings, whole, steps]))
    const fresh: { text: string; key: string; resolve(verdict: Verdict): void; reject(error: Error): void }[] = []
    const here = new Map<string, Promise<Verdict> | Verdict>() // equal candidates of this request run once, cache or not
    const verdicts = candidates.map((text) => {
      const key = keyOf(digest, text)
      let verdict = here.get(key) ?? this.#cache?.get(key) ?? (this.#cache ? this.#underWay.get(key) : undefined)
      if (verdict) {
        if (!here.has(key)) this.#cacheHits++
      } else {
        verdict = new Promise<Verdict>((resolve, reject) => fresh.push({ text, key, resolve, reject }))
        if (this.#cache) this.#underWay.set(key, verdict)
      }
      here.set(key, verdict)
      return verdict
    })
    const length = steps.reduce((sum, text) => sum + text.length, 0)
    const runnable = fresh.filter(({ text, key, resolve }) => {
      const reason = tooLong(length + text.length)
      if (!reason) return true
      this.#underWay.delete(key)
      resolve({ kind: 'refused', reason })
      return false
    })
    if (runnable.length > 0) {
      const group: Group = {
        steps,
        candidates: runnable.map(({ text }) => text),
        whole,
        settle: (candidate, verdict) => {
          const { key, resolve } = runnable[candidate]!
          this.#executions++
          this.#underWay.delete(key)
          if (verdict.kind !== 'unsupported') this.#cache?.set(key, verdict) // the module may be installed meanwhile
          resolve(verdict)
        },
        fail: (candidate, error) => {
          const { key, reject } = runnable[candidate]!
          this.#underWay.delete(key)
          reject(error)
        },
      }
      const room = this.#pool.room()
      if (room) void room.then(() => this.#pool.submit(group))
      else this.#pool.submit(group)
    }
    return Promise.all(verdicts)
  }
}

/** A good step must pass before any other is judged: else limits that are too tight would make every step look bad. */
async function expectGoodStepRuns(pool: Pool, limits: Limits): Promise<void> {
  try {
    const verdict = await new Promise<Verdict>((resolve, reject) => {
      const settle = (_: number, verdict: Verdict) => resolve(verdict)
      const fail = (_: number, error: Error) => reject(error)
      pool.submit({ steps: [], candidates: ['import math\nprint(math.gcd(6, 4))'], whole: false, settle, fail })
    })
    if (verdict.kind === 'ok' && verdict.stdout === '2') return
    const tried = `under the limits ${JSON.stringify(limits)}`
    throw new Error(`Expected a good step to run ${tried}, got ${JSON.stringify(verdict)}. Are they too tight?`)
  } catch (error) {
    await pool.dispose()
    throw error
  }
}

/** Why code of this length is not run; null when it is. */
const tooLong = (length: number): string | null =>
  length > LONGEST_CODE ? `Expected at most ${LONGEST_CODE} characters of code, got ${length}` : null

/** What runs of a step: a byte order mark is none of Python. */
const textOf = (step: Step): string => step.text.replace(/^\uFEFF/, '')

/** Names a candidate after what `digest` names. The letter tells a digest from a text, so that no text passes for another one. */
const keyOf = (digest: string, text: string): string => digest + (text.length > 200 ? `d${hashOf(text)}` : `t${text}`)

function expectInteger(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`Expected \`${name}\` to be an integer from ${least} up, got \`${value}\``)
}

const VERIFIER_OPTIONS: OptionNames<VerifierOptions> = {
  level: true,
  allowWeakIsolation: true,
  wrap: true,
  python: true,
  processes: true,
  limits: true,
  cache: true,
  cacheEntries: true,
  singlesPerProcess: true,
  groupsPerBatch: true,
  recycleAfter: true,
  preload: true,
  checkpoints: true,
  queueLimit: true,
}
