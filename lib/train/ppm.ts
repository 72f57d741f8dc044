// Trains a process preference model: the round's own policy with a scalar head, on pairs of which one side led to a
// right answer and the other to a wrong one (paper, section 3.3, Eq. 4). Pairs of steps and pairs of whole solutions
// are mixed. The same cures as for the policy keep it from memorising: fresh numbers, stories told
// anew.
import { encodeExecuted, encodePrefix, encodeStep } from '../model/step-format.ts'
import { openTrainer, type StepResult } from '../model/training.ts'
import { initialWeights, type Weights } from '../model/weights.ts'
import type { Step } from '../problem/problem.ts'
import { renumber } from '../problem/renumber.ts'
import { type Random, random, seedOf, shuffled } from '../seed/random.ts'
import { type AugmentOptions, blankWords, wordTokens } from './augment.ts'
import { fittingExamples, type OptimizerOptions, type TrainingLog, type TrainingRun, trainToEnd } from './loop.ts'
import { type PreferenceExample, type PreferenceRows, packPreferences } from './packing.ts'
import { FRESH_ATTEMPTS } from './policy.ts'
import { retellRivals } from './recombine.ts'
import { linearSchedule } from './schedule.ts'

/** Two continuations of one prefix; the chosen one led to a right answer. */
export interface PairExample {
  readonly question: string
  readonly prefix: readonly Step[]
  readonly chosen: readonly Step[]
  readonly rejected: readonly Step[]
  /** What a side that ends the solution printed; null for one that goes on. */
  readonly chosenAnswer: string | null
  readonly rejectedAnswer: string | null
  /** Weight in the loss: 1 / (chosen × rejected candidates it was drawn from). */
  readonly weight: number
}

/** How a PPM is trained. Lengths are in tokens, steps are those of the optimizer. */
export interface PpmTrainingOptions extends AugmentOptions, OptimizerOptions {
  /** Steps of the whole training. Minimum: 1. @default 600 */
  readonly steps?: number
  /** Rate after the warm-up; falls linearly to `floor`. Range: above 0. @default 1e-3 */
  readonly learningRate?: number
  /** Steps of linear warm-up. Minimum: 0. @default 20 */
  readonly warmUp?: number
  /** Rate at the end, as a share of `learningRate`. Range: 0 to 1. @default 0.02 */
  readonly floor?: number
  /** Rows of a batch. Minimum: 1. @default 16 */
  readonly rows?: number
  /** Tokens of a row; raised to a multiple of 32 that holds the longest pair. @default 192 */
  readonly columns?: number
  /** Pairs longer than this many tokens are left out and counted. @default 512 */
  readonly longest?: number
  /**
   * Share of the draws of a pair with an answer that show the PPM what was printed. These keep order and numbers as they
   * were: the output of other numbers would have to be computed anew, and would not be that of a sensible story.
   * Range: 0 to 1. @default 0.5
   */
  readonly printed?: number
  /** Share of the last hidden layer dropped before the head. Range: 0 to below 1. @default 0.1 */
  readonly dropout?: number
}

/** The log of a policy training, and how often the chosen side won. */
export interface PpmTrainingLog extends TrainingLog {
  /** Share of the last 50 batches' comparisons, at the ends of pairs and where they part, that the chosen side won. */
  readonly pairAccuracy: number
}

/**
 * Trains a PPM on all pairs, from the weights of a policy with a fresh scalar head. Loss: `-log sigmoid(r(chosen) -
 * r(rejected))` times the pair's weight (paper, Eq. 4), in nats; where neither side ends there, also at the first token
 * at which the two differ (`preferenceLoss` of model/objectives.ts). Equal arguments give equal weights on one machine.
 * Errors: no pair that is short enough; a tokenizer without the markers of steps; the signal's reason when aborted.
 */
export async function trainPpm({
  engine,
  config,
  tokenizer,
  seed,
  policy,
  pairs,
  options = {},
  onProgress,
  signal,
}: TrainingRun<PpmTrainingOptions> & { readonly policy: Weights; readonly pairs: readonly PairExample[] }): Promise<{
  weights: Weights
  log: PpmTrainingLog
}> {
  const { steps = 600, learningRate = 1e-3, warmUp = 20, floor = 0.02, rows = 16, columns: least = 192 } = options
  const {
    longest = 512,
    blank = 0.15,
    dropout = 0.1,
    printed = 0.5,
    weightDecay = 0.1,
    clipNorm = 1,
    renumber: fresh = true,
    shuffle = 0.5,
    sizes = 'alike',
  } = options
  const encodeSide = (steps: readonly Step[], answer: string | null): number[] => [
    ...steps.slice(0, -1).flatMap((step) => encodeStep(tokenizer, step)),
    ...encodeExecuted(tokenizer, steps.at(-1)!, answer),
  ]
  const encode = (pair: PairExample, withPrinted: boolean): PreferenceExample => ({
    prefix: encodePrefix(tokenizer, { problemId: '', question: pair.question, steps: pair.prefix }),
    chosen: encodeSide(pair.chosen, withPrinted ? pair.chosenAnswer : null),
    rejected: encodeSide(pair.rejected, withPrinted ? pair.rejectedAnswer : null),
    weight: pair.weight,
  })
  const lengthOf = (e: PreferenceExample) => e.prefix.length + e.chosen.length + e.rejected.length
  const { usable, columns } = fittingExamples(pairs, (pair) => lengthOf(encode(pair, true)), {
    longest,
    columns: least,
  })
  if (usable.length === 0)
    throw new Error(
      `Expected at least one preference pair of up to ${longest} tokens, got none. Were all problems solved always, or never?`,
    )
  const shape = { rows, columns, pairs: rows * 8 }

  const orderRandom = random(seed, 'order')
  const storyRandom = random(seed, 'stories')
  const numberRandom = random(seed, 'numbers')
  const printedRandom = random(seed, 'printed')
  const blankRandom = random(seed, 'blank')
  const isWord = wordTokens(tokenizer)
  const blankId = tokenizer.idOf('<|blank|>')
  let order: PairExample[] = []
  const held: PreferenceExample[] = []
  const draw = (): PreferenceExample => {
    if (order.length === 0) order = shuffled(orderRandom, usable)
    const pair = order.pop()!
    const isAnswered = pair.chosenAnswer !== null || pair.rejectedAnswer !== null
    const shown = isAnswered && printedRandom() < printed
    let example = encode(pair, shown)
    for (let attempt = 0; attempt < FRESH_ATTEMPTS && !shown; attempt++) {
      const told = { ...pair, ...retellRivals(pair, shuffle, storyRandom) }
      const asked = encode(fresh ? renumberPair(told, numberRandom, sizes) : told, false)
      if (lengthOf(asked) > shape.columns) continue
      example = asked
      break
    }
    if (blank === 0 || blankId === null) return example
    return { ...example, prefix: blankWords(example.prefix, { share: blank, blankId, isWord, rng: blankRandom }) }
  }
  const batch = () =>
    packPreferences(
      () => held.pop() ?? draw(),
      (example) => held.push(example),
      shape,
    )

  const trainer = await openTrainer(engine, config, withValueHead(policy, config, seed), {
    ...shape,
    objective: 'preference',
    optimizer: { weightDecay, clipNorm },
    dropout,
    seed: seedOf(seed, 'dropout'),
  })
  const schedule = linearSchedule({ learningRate, warmUp, floor, steps })
  const recent: { right: number; used: number }[] = []
  const onStep = ({ correct = 0 }: StepResult, { used }: PreferenceRows) => {
    recent.push({ right: correct * used, used })
    if (recent.length > 50) recent.shift()
  }
  const { weights, curve } = await trainToEnd({ trainer, schedule, batch, of: steps, onProgress, signal, onStep })
  const log = {
    steps,
    loss: schedule.smoothedLoss,
    capped: false,
    examples: usable.length,
    tooLong: pairs.length - usable.length,
    tokens: steps * shape.rows * shape.columns,
    pairAccuracy: recent.reduce((sum, r) => sum + r.right, 0) / recent.reduce((sum, r) => sum + r.used, 0),
    curve,
  }
  return { weights, log }
}

function withValueHead(policy: Weights, config: TrainingRun<unknown>['config'], seed: number): Weights {
  const head = initialWeights(config, seedOf(seed, 'head'), { valueHead: true })
  const weights: Weights = new Map(policy)
  for (const name of ['value_head.weight', 'value_head.bias']) weights.set(name, head.get(name)!)
  return weights
}

/** The same pair about other numbers: question, prefix and both sides are rewritten together. */
function renumberPair(pair: PairExample, rng: Random, sizes: 'alike' | 'mixed'): PairExample {
  const { prefix, chosen, rejected } = pair
  const { question, steps } = renumber(pair.question, [...prefix, ...chosen, ...rejected], rng, {
    sizes,
    ...(sizes === 'alike' && { wrongFrom: prefix.length + chosen.length }), // a wrong copy stays a near miss
  })
  return {
    question,
    prefix: steps.slice(0, prefix.length),
    chosen: steps.slice(prefix.length, prefix.length + chosen.length),
    rejected: steps.slice(prefix.length + chosen.length),
    chosenAnswer: null, // other numbers, another output
    rejectedAnswer: null,
    weight: pair.weight,
  }
}
