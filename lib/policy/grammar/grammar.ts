// The policy that needs no model: it samples programs. Each step combines a number of the question with an earlier
// result and quotes the sentence that holds it. Built in is only that numbers tend to be used once and in order and
// that the last result tends to be used next. Which operation a wording asks for is learned from programs that search
// and execution found to be right. Not covered: numbers in words, percentages, steps that need two earlier results.
import { expectKnown, type OptionNames } from '../../options/expect-known.ts'
import type { Step } from '../../problem/problem.ts'
import { random } from '../../seed/random.ts'
import type { Policy, Proposal, ProposalRequest } from '../contract.ts'
import { ACTIONS, type Phase, SKIP } from './actions.ts'
import { type AlignedStep, AT_START, alignStep, indexSlots, type Position, type SlotIndex } from './align.ts'
import { type CountOptions, type Counts, countActions, distribution, type Program } from './counts.ts'
import { answerGreedily } from './greedy.ts'
import { programStore } from './program-store.ts'
import { drawEntry, FINAL, logProbabilityOf, type NextStep, nextStep, stepText, type WalkOptions } from './propose.ts'
import { slotsOf } from './sentences.ts'

/** How a grammar policy walks through a question, how it counts, and what it starts from. */
export interface GrammarOptions extends CountOptions, WalkOptions {
  /** Learn from verified programs; false is the uniform sampler, an ablation. @default true */
  readonly adaptive?: boolean
  /** What an earlier grammar policy had learned. @default nothing */
  readonly snapshot?: GrammarSnapshot
}

/** Everything a grammar policy has learned, as JSON: a policy built with it proposes the same steps. */
export interface GrammarSnapshot {
  readonly version: 1
  readonly problems: readonly {
    readonly id: string
    readonly question: string
    /** For each right program its pairs of slot and action, as 'slot:action'. */
    readonly programs: readonly (readonly string[])[]
  }[]
}

/** A policy that samples programs by counts of what words ask for. It holds no process and no file. */
export interface GrammarPolicy extends Policy {
  /** Remembers verified programs of a problem; they count from the next `refit` on. Repeated programs count once. */
  learn(problemId: string, question: string, solutions: readonly (readonly Step[])[]): void
  /** Recounts from all programs learned so far. The result does not depend on the order of `learn` calls. */
  refit(): void
  /**
   * For each step the natural log of its probability after the steps before it, leaving slots alone included: at a
   * wrong program of a right answer some step is very unlikely. -13.8 (one in a million) where a step is no operation
   * that the grammar knows. Result: [steps.length].
   */
  stepLogProbabilities(question: string, steps: readonly Step[]): number[]
  /** The likeliest program slot by slot: the baseline that a trained policy has to beat. Empty without any number. */
  greedy(question: string): Step[]
  /**
   * What the counts say of one sentence after the first result, likeliest first, each in (0, 1]; their sum is 1. Empty
   * for a text without a sentence.
   */
  describe(sentence: string): { readonly action: string; readonly probability: number }[]
  /** Everything learned so far, to be handed to another `grammarPolicy`. Order of keys and programs is fixed. */
  snapshot(): GrammarSnapshot
}

/** Log-probability of a step that the grammar cannot write. */
const UNKNOWN = Math.log(1e-6)
/** Questions whose slots and distributions are kept. */
const CACHED_QUESTIONS = 512

/**
 * A grammar policy: it needs no model and costs no tokens. It has no random state of its own: the seed of a request
 * decides its proposals. What `learn` was told enters the proposals with the next `refit`.
 * Errors: a snapshot with an action that the grammar does not know.
 * @example
 * const policy = grammarPolicy()
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * policy.greedy(problem!.question).map(codeOf) // [ 'start = 340', 'print(start)' ]
 */
export function grammarPolicy(options: GrammarOptions = {}): GrammarPolicy {
  expectKnown('grammarPolicy', options, GRAMMAR_OPTIONS)
  const { adaptive = true, comments = true } = options
  const learned = programStore()
  const cache = new Map<string, Reading>()
  let counts: Counts | null = null

  function read(question: string): Reading {
    let reading = cache.get(question)
    if (reading === undefined) {
      if (cache.size >= CACHED_QUESTIONS) cache.delete(cache.keys().next().value!)
      reading = newReading(question)
      cache.set(question, reading)
    }
    return reading
  }

  function next(reading: Reading, at: Position): NextStep {
    const key = `${at.variables === null ? 's' : 'o'}${at.next}:${at.used.join()}`
    let table = reading.tables.get(key)
    if (table === undefined) {
      const phase = at.variables === null ? 'start' : 'operate'
      table = nextStep(reading.index.slots, distributionsOf(reading, phase), at, options)
      reading.tables.set(key, table)
    }
    return table
  }

  function distributionsOf(reading: Reading, phase: Phase): readonly Float64Array[] {
    reading[phase] ??= reading.index.slots.map((slot) => distribution(counts, slot, phase, options))
    return reading[phase]
  }

  function propose({ prefix, count, seed }: ProposalRequest): Proposal[] {
    const reading = read(prefix.question)
    const at = positionAfter(reading.index, prefix.steps)
    const table = next(reading, at)
    if (table.slots.length === 0) return []
    const rng = random(seed, 'grammar')
    return Array.from({ length: count }, () => {
      const entry = drawEntry(table, rng())
      return {
        text: stepText(reading.index.slots, table, entry, at, comments),
        final: table.slots[entry] === FINAL,
        logProbability: logProbabilityOf(table, entry),
        tokens: 0,
      }
    })
  }

  function refit(): void {
    if (!adaptive) return
    counts = countActions(learned.problems, options)
    for (const reading of cache.values()) forget(reading)
  }

  for (const { id, question, programs } of options.snapshot?.problems ?? [])
    learned.add(id, question, slotsOf(question), programs.map(readProgram))
  if (options.snapshot) refit()

  return {
    name: adaptive ? 'grammar' : 'grammar-uniform',
    batchSize: 24, // any number costs the same; a larger batch would only wait for more trees
    propose: async (requests) => requests.map(propose),
    dispose: async () => undefined,
    learn(id, question, solutions) {
      const { index } = read(question)
      learned.add(
        id,
        question,
        index.slots,
        solutions.map((steps) => programOf(index, steps)),
      )
    },
    refit,
    stepLogProbabilities(question, steps) {
      const reading = read(question)
      return follow(reading.index, steps, (step, at, aligned) => logProbability(next(reading, at), step, aligned))
    },
    greedy(question) {
      const reading = read(question)
      const phases = { start: distributionsOf(reading, 'start'), operate: distributionsOf(reading, 'operate') }
      return answerGreedily(reading.index.slots, phases, comments)
    },
    describe(sentence) {
      const slot = slotsOf(sentence)[0]
      if (slot === undefined) return []
      const p = distribution(counts, slot, 'operate', options)
      const named = ACTIONS.map((action, i) => ({ action, probability: p[i]! })).filter((each) => each.probability > 0)
      return named.sort((a, b) => b.probability - a.probability)
    },
    snapshot: () => ({
      version: 1,
      problems: learned.problems.map(({ id, question, programs }) => ({
        id,
        question,
        programs: programs.map((program) => program.map(([slot, action]) => `${slot}:${ACTIONS[action]}`)),
      })),
    }),
  }
}

/** A question as it was read, with what follows from the current counts. */
interface Reading {
  readonly index: SlotIndex
  start: readonly Float64Array[] | null
  operate: readonly Float64Array[] | null
  readonly tables: Map<string, NextStep>
}

const newReading = (question: string): Reading => ({
  index: indexSlots(slotsOf(question)),
  start: null,
  operate: null,
  tables: new Map(),
})

function forget(reading: Reading): void {
  reading.start = null
  reading.operate = null
  reading.tables.clear()
}

/** Aligns steps one after the other and gathers what `of` makes of each. */
function follow<T>(
  index: SlotIndex,
  steps: readonly Step[],
  of: (step: Step, at: Position, aligned: AlignedStep | null) => T,
): T[] {
  let at = AT_START
  return steps.map((step) => {
    const before = at
    if (step.final) return of(step, before, null)
    const { aligned, after } = alignStep(index, step, before)
    at = after
    return of(step, before, aligned)
  })
}

function positionAfter(index: SlotIndex, steps: readonly Step[]): Position {
  let at = AT_START
  for (const step of steps) if (!step.final) at = alignStep(index, step, at).after
  return at
}

/** What a program did with each slot; slots that it never used are left alone. */
function programOf(index: SlotIndex, steps: readonly Step[]): Program {
  const pairs: [number, number][] = []
  const used = new Set<number>()
  follow(index, steps, (_step, _at, aligned) => {
    if (aligned === null || aligned.slot === null) return
    used.add(aligned.slot)
    if (aligned.action !== null) pairs.push([aligned.slot, aligned.action])
  })
  const skipped = index.slots.flatMap((_, slot) => (used.has(slot) ? [] : [[slot, SKIP] as [number, number]]))
  return [...pairs, ...skipped].sort((a, b) => a[0] - b[0] || a[1] - b[1])
}

function logProbability(table: NextStep, step: Step, aligned: AlignedStep | null): number {
  const slot = step.final ? FINAL : (aligned?.slot ?? null)
  const action = step.final ? SKIP : (aligned?.action ?? null)
  if (slot === null || action === null) return UNKNOWN
  const entry = table.slots.findIndex((each, i) => each === slot && table.actions[i] === action)
  return entry < 0 ? UNKNOWN : Math.max(UNKNOWN, logProbabilityOf(table, entry))
}

function readProgram(pairs: readonly string[]): Program {
  return pairs.map((pair) => {
    const colon = pair.indexOf(':')
    const action = ACTIONS.indexOf(pair.slice(colon + 1))
    if (action < 0) throw new Error(`Expected 'slot:action' in a grammar snapshot, got ${JSON.stringify(pair)}`)
    return [Number(pair.slice(0, colon)), action] as const
  })
}

const GRAMMAR_OPTIONS: OptionNames<GrammarOptions> = {
  smoothing: true,
  priorWeight: true,
  mixing: true,
  passes: true,
  jump: true,
  early: true,
  end: true,
  reuse: true,
  comments: true,
  adaptive: true,
  snapshot: true,
}
