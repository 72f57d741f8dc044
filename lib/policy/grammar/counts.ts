// What the grammar learns: smoothed counts of actions given the words of a slot (naive Bayes), from verified programs
// only. A problem with several right programs counts once, spread over them by how likely the counts make each (EM).
// The counts depend on the set of programs alone, not on the order in which they were found.
import { ACTIONS, isPossible, type Phase, PRIOR_NO_NUMBER, PRIOR_NUMBER } from './actions.ts'
import type { Slot } from './sentences.ts'

/** How the grammar counts: naive Bayes over words, mixed with a prior. */
export interface CountOptions {
  /** Pseudo-count beside how often a word met an action, and beside how often by chance. Above 0. @default 0.2 */
  readonly smoothing?: number
  /** Pseudo-counts of the prior in the share of each action. Above 0. @default 2 */
  readonly priorWeight?: number
  /**
   * Share of the prior mixed into every learned distribution, so that nothing becomes unreachable. [0, 1].
   * The dial of what round 1 leaves to later rounds: more mixing, fewer long programs. @default 0.2
   */
  readonly mixing?: number
  /** EM passes over problems with several right programs; 0 counts all their programs alike. @default 4 */
  readonly passes?: number
}

/** What the counts look at in a slot: whether it holds a number, and its words. */
export type CountedSlot = Pick<Slot, 'literal' | 'words'>

/** One problem: its slots, and for each right program what was done with them. */
export interface Example {
  readonly slots: readonly CountedSlot[]
  readonly programs: readonly Program[]
}

/** Pairs of slot and action, skips included. */
export type Program = readonly (readonly [slot: number, action: number])[]

/** What was counted at slots of one kind. */
export interface KindCounts {
  /** [ACTIONS] smoothed share of each action. */
  readonly marginal: Float64Array
  /** Word → [ACTIONS] log of how much oftener the two meet than by chance. */
  readonly evidence: ReadonlyMap<string, Float64Array>
}

/** Counts of slots with a number and of slots without. Built by `countActions`, never changed. */
export interface Counts {
  readonly number: KindCounts
  readonly none: KindCounts
}

const SIZE = ACTIONS.length

/** Counts the actions of verified programs. Null when there are none. */
export function countActions(examples: readonly Example[], options: CountOptions = {}): Counts | null {
  const { passes = 4 } = options
  const known = examples.filter((example) => example.programs.length > 0)
  if (known.length === 0) return null
  const ambiguous = known.some((example) => example.programs.length > 1)
  let counts = weigh(known, (example) => example.programs.map(() => 1 / example.programs.length), options)
  for (let pass = 0; pass < (ambiguous ? passes : 0); pass++) {
    const before = counts
    counts = weigh(known, (example) => posterior(before, example), options)
  }
  return counts
}

/**
 * p(action | slot) among the actions of a phase: naive Bayes over the slot's words, mixed with the prior.
 * Result: [ACTIONS], sums to 1; just the prior where `counts` is null.
 */
export function distribution(
  counts: Counts | null,
  slot: CountedSlot,
  phase: Phase,
  options: CountOptions = {},
): Float64Array {
  const { mixing = 0.2 } = options
  const prior = restricted(slot.literal === null ? PRIOR_NO_NUMBER : PRIOR_NUMBER, phase)
  if (counts === null) return prior
  const scores = naiveBayes(counts, slot)
  let highest = Number.NEGATIVE_INFINITY
  for (let a = 0; a < SIZE; a++) if (prior[a]! > 0) highest = Math.max(highest, scores[a]!)
  let sum = 0
  for (let a = 0; a < SIZE; a++) {
    scores[a] = prior[a]! > 0 ? Math.exp(scores[a]! - highest) : 0
    sum += scores[a]!
  }
  for (let a = 0; a < SIZE; a++) scores[a] = ((1 - mixing) * scores[a]!) / sum + mixing * prior[a]!
  return scores
}

/** Log p(action, words) up to a constant. [ACTIONS] */
function naiveBayes(counts: Counts, slot: CountedSlot): Float64Array {
  const { marginal, evidence } = slot.literal === null ? counts.none : counts.number
  const scores = marginal.map((p) => Math.log(p + 1e-12))
  for (const word of slot.words) {
    const ratios = evidence.get(word)
    if (ratios) for (let a = 0; a < SIZE; a++) scores[a] = scores[a]! + ratios[a]!
  }
  return scores
}

/** Share of each right program of a problem under the counts. Sums to 1. */
function posterior(counts: Counts, example: Example): number[] {
  if (example.programs.length === 1) return [1]
  const logs = example.slots.map((slot) => logNormalized(naiveBayes(counts, slot)))
  const likelihoods = example.programs.map((program) =>
    program.reduce((sum, [slot, action]) => sum + logs[slot]![action]!, 0),
  )
  const highest = Math.max(...likelihoods)
  const weights = likelihoods.map((likelihood) => Math.exp(likelihood - highest))
  const total = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / total)
}

function weigh(examples: readonly Example[], weightsOf: (example: Example) => number[], options: CountOptions): Counts {
  const tallies = { number: newTally(), none: newTally() }
  for (const example of examples) {
    const weights = weightsOf(example)
    example.programs.forEach((program, i) => {
      for (const [index, action] of program) {
        const slot = example.slots[index]!
        addTo(slot.literal === null ? tallies.none : tallies.number, slot, action, weights[i]!)
      }
    })
  }
  return {
    number: countsOf(tallies.number, PRIOR_NUMBER, options),
    none: countsOf(tallies.none, PRIOR_NO_NUMBER, options),
  }
}

interface Tally {
  readonly all: Float64Array
  readonly byWord: Map<string, Float64Array>
}

const newTally = (): Tally => ({ all: new Float64Array(SIZE), byWord: new Map() })

function addTo(tally: Tally, slot: CountedSlot, action: number, weight: number): void {
  tally.all[action] = tally.all[action]! + weight
  for (const word of slot.words) {
    let counts = tally.byWord.get(word)
    if (counts === undefined) {
      counts = new Float64Array(SIZE)
      tally.byWord.set(word, counts)
    }
    counts[action] = counts[action]! + weight
  }
}

function countsOf(tally: Tally, prior: Float64Array, options: CountOptions): KindCounts {
  const { smoothing = 0.2, priorWeight = 2 } = options
  const marginal = smoothed(tally.all, prior, priorWeight)
  const evidence = new Map<string, Float64Array>()
  for (const [word, counts] of tally.byWord) evidence.set(word, logRatios(counts, tally.all, smoothing))
  return { marginal, evidence }
}

/** (counts + weight · prior) / total. */
function smoothed(counts: Float64Array, prior: Float64Array, weight: number): Float64Array {
  const sum = total(counts) + weight
  return counts.map((count, a) => (count + weight * prior[a]!) / sum)
}

/** log of how much oftener action and word meet than by chance: (together + smoothing) / (expected + smoothing). */
function logRatios(counts: Float64Array, all: Float64Array, smoothing: number): Float64Array {
  // Not p(action | word) / p(action): a rare action would owe a large ratio to every word it met once.
  const share = total(counts) / total(all)
  return counts.map((count, a) => Math.log((count + smoothing) / (all[a]! * share + smoothing)))
}

const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)

function restricted(prior: Float64Array, phase: Phase): Float64Array {
  const kept = prior.map((p, action) => (isPossible(action, phase) ? p : 0))
  const sum = kept.reduce((a, b) => a + b, 0)
  return kept.map((p) => p / sum)
}

function logNormalized(scores: Float64Array): Float64Array {
  const highest = Math.max(...scores)
  const log = highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0))
  return scores.map((score) => score - log)
}
