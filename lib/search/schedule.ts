// Many searches side by side. Each tree runs its own rollouts; whenever it needs the policy or the PPM, its request
// joins those of the other trees in a batch, and its Python goes to the verifier at once. No tree waits for a slower
// one. Everything random is named by problem, tree and node, so trees come out the same whatever met in a batch.

import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import type { Policy } from '../policy/contract.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Problem } from '../problem/problem.ts'
import type { Verifier } from '../verify/contract.ts'
import type { Annotator } from './annotator.ts'
import { Batcher } from './batch.ts'
import { SEARCH_OPTIONS, type SearchOptions, searchSettings, settingsHash } from './options.ts'
import type { SearchParts } from './parts.ts'
import { hasRolloutsLeft, rollout } from './rollout.ts'
import { SearchClock, type SearchStatistics } from './statistics.ts'
import { type Tree, treeOf } from './tree.ts'

/** How many trees at once, and who is told. None of it changes a tree. */
export interface ScheduleOptions {
  /** Trees under way at once. Integer from 1 up. @default four times the policy's batch size, at least 128 */
  concurrency?: number
  /** Told after every finished tree. */
  onProgress?: (progress: SearchProgress) => void
  /** Ends the search with the signal's reason once the batches under way are done. */
  signal?: AbortSignal
}

/** Settings of each tree, how many trees, and how they share the machine. */
export interface SearchProblemsOptions extends SearchOptions, ScheduleOptions {
  /** Trees of each problem. Integer from 1 up. @default 1 */
  treesPerProblem?: number
  /** Index of the first tree of each problem; another index is another tree. Integer from 0 up. @default 0 */
  firstTreeIndex?: number
}

/** A finished tree with its problem. */
export interface SearchedTree {
  readonly problem: Problem
  readonly tree: Tree
}

/** Where a search stands, after each finished tree. */
export interface SearchProgress {
  /** Trees finished, and trees in all; null where problems come one by one and nobody knows. */
  readonly done: number
  readonly total: number | null
  /** Finished trees with at least one right answer. Always 0 without a reference. */
  readonly solved: number
  /** Rollouts of the finished trees. */
  readonly rollouts: number
  readonly statistics: SearchStatistics
}

/** The trees in the order in which they were asked for, each as soon as it and all before it are finished. */
export type Search = AsyncGenerator<SearchedTree, void, void> & { statistics(): SearchStatistics }

/**
 * Searches every problem, many trees side by side in shared batches. Trees come in problem order, those of one problem
 * by index; each is the same whatever else was searched beside it. Problems of
 * an iterable that is no array are taken one by one, as the search gets to them. Nothing runs before the first tree is asked for.
 * Errors: at once a RangeError for options out of range and an Error for problems that share an id; while trees are
 * asked for, the signal's reason, and whatever a part throws. Trees that were yielded before stay valid.
 * @example
 * const verifier = await openVerifier({ processes: 1 })
 * const parts = { policy: grammarPolicy(), verifier, annotator: terminalGuided(), grader: numericGrader }
 * const problems = generateProblems({ seed: 3, counts: [2] })
 * const rollouts: number[] = []
 * for await (const { tree } of searchProblems(problems, parts, { rollouts: 4 })) rollouts.push(tree.counts.rollouts)
 * await verifier.dispose()
 * rollouts // [ 4, 4 ]
 */
export function searchProblems(
  problems: Iterable<Problem>,
  parts: SearchParts,
  options: SearchProblemsOptions = {},
): Search {
  expectKnown('searchProblems', options, PROBLEMS_OPTIONS)
  const settings = searchSettings(options)
  const hash = settingsHash(settings)
  const { treesPerProblem = 1, firstTreeIndex = 0 } = options
  if (!(Number.isInteger(treesPerProblem) && treesPerProblem >= 1))
    throw new RangeError(`Expected \`treesPerProblem\` to be an integer from 1 up, got \`${treesPerProblem}\``)
  if (!(Number.isInteger(firstTreeIndex) && firstTreeIndex >= 0))
    throw new RangeError(`Expected \`firstTreeIndex\` to be an integer from 0 up, got \`${firstTreeIndex}\``)
  const newTrees = function* (): Generator<Tree> {
    for (const problem of withOwnIds(problems))
      for (let i = 0; i < treesPerProblem; i++) yield treeOf(problem, firstTreeIndex + i, settings, hash)
  }
  if (!Array.isArray(problems)) return schedule(newTrees(), null, parts, options)
  for (const _ of withOwnIds(problems)); // fails now rather than in the middle
  return schedule(newTrees(), problems.length * treesPerProblem, parts, options)
}

function* withOwnIds(problems: Iterable<Problem>): Generator<Problem> {
  const ids = new Set<string>()
  for (const problem of problems) {
    if (ids.has(problem.id)) throw new Error(`Expected every problem to have its own id, got ${problem.id} twice`)
    ids.add(problem.id)
    yield problem
  }
}

/** Grows trees that exist already, each under its own settings: new ones, or ones read from a run folder. */
export function searchTrees(trees: readonly Tree[], parts: SearchParts, options: ScheduleOptions = {}): Search {
  expectKnown('searchTrees', options, SCHEDULE_OPTIONS)
  return schedule(trees.values(), trees.length, parts, options)
}

function schedule(trees: Iterator<Tree>, total: number | null, parts: SearchParts, options: ScheduleOptions): Search {
  const concurrency = options.concurrency ?? Math.max(128, 4 * parts.policy.batchSize)
  if (!(Number.isInteger(concurrency) && concurrency >= 1))
    throw new RangeError(`Expected \`concurrency\` to be an integer from 1 up, got \`${concurrency}\``)
  const clock = new SearchClock()
  return Object.assign(run(trees, total, parts, { ...options, concurrency }, clock), {
    statistics: () => clock.statistics(),
  })
}

/** Finished trees that may wait for a slower one before them, as a multiple of `concurrency`. */
const AHEAD = 8

async function* run(
  trees: Iterator<Tree>,
  total: number | null,
  parts: SearchParts,
  { concurrency, onProgress, signal }: ScheduleOptions & { concurrency: number },
  clock: SearchClock,
): AsyncGenerator<SearchedTree, void, void> {
  const lanes = new Lanes(parts, clock)
  const finished = new Map<number, Tree>()
  const active = new Set<Promise<void>>()
  const progress = { done: 0, total, solved: 0, rollouts: 0 }
  let failure: { readonly reason: unknown } | null = null
  let next = 0
  let yielded = 0
  let isLast = false // no tree comes after those that have begun
  let wake = (): void => undefined

  const stop = (reason: unknown): void => {
    failure ??= { reason }
    lanes.stop(reason)
    wake()
  }
  const grow = async (index: number, tree: Tree): Promise<void> => {
    while (failure === null && hasRolloutsLeft(tree)) {
      const { expansions, executions, proposals, tokens } = tree.counts
      await rollout(tree, lanes.parts)
      clock.add({
        rollouts: 1,
        expansions: tree.counts.expansions - expansions,
        executions: tree.counts.executions - executions,
        proposals: tree.counts.proposals - proposals,
        tokens: tree.counts.tokens - tokens,
      })
    }
    if (failure !== null) return
    finished.set(index, tree)
    progress.done++
    progress.rollouts += tree.counts.rollouts
    if (tree.counts.hits > 0) progress.solved++
    onProgress?.({ ...progress, statistics: clock.statistics() })
  }
  const nextTree = (): Tree | null => {
    try {
      const { value, done } = trees.next()
      if (!done) return value
      isLast = true
    } catch (error) {
      stop(error) // e.g. the file that the problems come from
    }
    return null
  }
  const fill = (): void => {
    while (failure === null && !isLast && active.size < concurrency && next - yielded < AHEAD * concurrency) {
      const tree = nextTree()
      if (tree === null) return
      const growing: Promise<void> = grow(next++, tree)
        .catch(stop)
        .finally(() => {
          active.delete(growing)
          lanes.trees = active.size
          fill()
          lanes.poke()
          wake()
        })
      active.add(growing)
      lanes.trees = active.size
    }
  }
  const onAbort = (): void => stop(signal!.reason)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  clock.begin()
  try {
    for (;;) {
      fill()
      if (isLast && yielded === next && failure === null) return
      while (failure === null && !finished.has(yielded)) await new Promise<void>((resolve) => (wake = resolve))
      if (failure !== null) throw (failure as { readonly reason: unknown }).reason
      const tree = finished.get(yielded)!
      finished.delete(yielded++)
      yield { problem: tree.problem, tree }
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    stop(new Error('The search was ended before it was finished'))
    await Promise.allSettled(active)
    clock.end()
  }
}

/** The parts as one tree sees them: the same contracts, but requests are gathered and time is taken. */
class Lanes {
  /** Trees under way. */
  trees = 0
  readonly parts: SearchParts
  readonly #batchers: { readonly waiting: number; consider(): void; stop(reason: unknown): void }[] = []
  #poked = false

  constructor(parts: SearchParts, clock: SearchClock) {
    const { policy, verifier, annotator } = parts
    this.parts = {
      grader: parts.grader,
      policy: this.#batchedPolicy(policy, clock),
      verifier: timedVerifier(verifier, clock, () => this.poke()),
      annotator: annotator.ppm ? withPpm(annotator, this.#batchedPpm(annotator.ppm, clock)) : annotator,
    }
  }

  mayAdd(): number {
    return this.trees - this.#batchers.reduce((sum, batcher) => sum + batcher.waiting, 0)
  }

  /** All trees that can go on do so before the batchers are asked: their promises settle before the next turn. */
  poke(): void {
    if (this.#poked) return
    this.#poked = true
    setImmediate(() => {
      this.#poked = false
      for (const batcher of this.#batchers) batcher.consider()
    })
  }

  stop(reason: unknown): void {
    for (const batcher of this.#batchers) batcher.stop(reason)
  }

  #batcher<Request, Result>(
    call: (requests: Request[]) => Promise<Result[]>,
    size: number,
    clock: SearchClock,
    activity: 'policy' | 'ppm',
  ): Batcher<Request, Result> {
    const timed = (requests: Request[]) => clock.during(activity, () => call(requests))
    const batcher = new Batcher(timed, size, this)
    clock.batched(activity, batcher.statistics, Math.max(1, Math.floor(size)))
    this.#batchers.push(batcher)
    return batcher
  }

  #batchedPolicy(policy: Policy, clock: SearchClock): Policy {
    const batcher = this.#batcher(policy.propose.bind(policy), policy.batchSize, clock, 'policy')
    return {
      name: policy.name,
      batchSize: 1,
      propose: async (requests) => Promise.all(requests.map((request) => batcher.submit(request))),
      dispose: () => policy.dispose(),
    }
  }

  #batchedPpm(ppm: Ppm, clock: SearchClock): Ppm {
    const batcher = this.#batcher(ppm.score.bind(ppm), ppm.batchSize, clock, 'ppm')
    return {
      name: ppm.name,
      batchSize: 1,
      score: async (requests) => Promise.all(requests.map((request) => batcher.submit(request))),
      dispose: () => ppm.dispose(),
    }
  }
}

/** Not a copy of its fields: an annotator may be the instance of a class. */
function withPpm(annotator: Annotator, ppm: Ppm): Annotator {
  return {
    name: annotator.name,
    usesReference: annotator.usesReference,
    ppm,
    initial: (score) => annotator.initial(score),
    reward: (terminal) => annotator.reward(terminal),
  }
}

function timedVerifier(verifier: Verifier, clock: SearchClock, poke: () => void): Verifier {
  return {
    get executions() {
      return verifier.executions
    },
    async verify(steps, candidates) {
      try {
        return await clock.during('verify', () => verifier.verify(steps, candidates))
      } finally {
        poke()
      }
    },
    dispose: () => verifier.dispose(),
  }
}

const SCHEDULE_OPTIONS: OptionNames<ScheduleOptions> = { concurrency: true, onProgress: true, signal: true }

const PROBLEMS_OPTIONS: OptionNames<SearchProblemsOptions> = {
  ...SEARCH_OPTIONS,
  ...SCHEDULE_OPTIONS,
  treesPerProblem: true,
  firstTreeIndex: true,
}
