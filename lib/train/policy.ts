// Trains a policy from fresh weights on verified solutions (paper, section 3.3: re-trained from the base each round).
// Assumes that each example fits a row; longer ones are left out and counted. Keeps nothing on the disk.
import { lookBack } from '../model/look-back.ts'
import { encodePrefix, encodeStep } from '../model/step-format.ts'
import { openTrainer } from '../model/training.ts'
import { initialWeights, type Weights } from '../model/weights.ts'
import type { Step } from '../problem/problem.ts'
import { renumber } from '../problem/renumber.ts'
import { random, seedOf, shuffled } from '../seed/random.ts'
import { type AugmentOptions, blankWords, wordTokens } from './augment.ts'
import { fittingExamples, type OptimizerOptions, type TrainingLog, type TrainingRun, trainToEnd } from './loop.ts'
import { type LanguageExample, packLanguage } from './packing.ts'
import { recombiner } from './recombine.ts'
import { type ScheduleOptions, thresholdSchedule } from './schedule.ts'

/** A verified solution to learn from. */
export interface SolutionExample {
  readonly problemId: string
  readonly question: string
  readonly steps: readonly Step[]
}

/** How a policy is trained. Lengths are in tokens. */
export interface PolicyTrainingOptions extends ScheduleOptions, AugmentOptions, OptimizerOptions {
  /** Rows of a batch. Minimum: 1. @default 16 */
  readonly rows?: number
  /** Tokens of a row; raised to a multiple of 32 that holds the longest example. Minimum: 1. @default 160 */
  readonly columns?: number
  /** Examples longer than this many tokens are left out and counted. Minimum: 1. @default 512 */
  readonly longest?: number
  /**
   * Until the smoothed loss is below this, in nats per token, only the shorter half of the examples is drawn: copying
   * is learned sooner where there is less to copy from. 0 draws all from the start. @default 0.4
   */
  readonly shortUntil?: number
  /**
   * Heads of the first layer that start out reading the tokens 1, 2, 3 … places before (look-back.ts). 0 starts all
   * from noise; a model with fewer heads has all of them look back. Integer from 0 up. @default 0
   */
  readonly lookBack?: number
}

/**
 * Trains a policy from fresh weights on verified solutions (paper, section 3.3: from the base anew in each round),
 * until the loss has fallen below the threshold and the rate has decayed. Loss: cross-entropy of the solution's tokens,
 * in nats per token; the question's do not count. Equal arguments give equal weights on one machine.
 * Errors: no example that is short enough; a RangeError for `maxSteps` below `tail`, or a `lookBack` that is no integer
 * from 0 up; a tokenizer without the markers of steps; the signal's reason when aborted.
 */
export async function trainPolicy({
  engine,
  config,
  tokenizer,
  seed,
  examples,
  options = {},
  onProgress,
  signal,
}: TrainingRun<PolicyTrainingOptions> & { readonly examples: readonly SolutionExample[] }): Promise<{
  weights: Weights
  log: TrainingLog
}> {
  const { rows = 16, columns: least = 160, longest = 512, blank = 0.15, weightDecay = 0.1, clipNorm = 1 } = options
  const { shortUntil = 0.4, maxSteps = 2400, tail = 800 } = options
  // With a loss that never falls that far, all examples have come in by the time the rate decays.
  const maxShort = (maxSteps - tail) / 2
  const encode = (example: SolutionExample): LanguageExample => ({
    prefix: encodePrefix(tokenizer, { ...example, steps: [] }),
    solution: example.steps.flatMap((step) => encodeStep(tokenizer, step)),
  })
  const tokensOf = (example: SolutionExample): number => {
    const { prefix, solution } = encode(example)
    return prefix.length + solution.length
  }
  const { usable, columns } = fittingExamples(examples, tokensOf, { longest, columns: least })
  if (usable.length === 0)
    throw new Error(
      `Expected at least one solution of up to ${longest} tokens to learn from, got none. Did the search solve nothing?`,
    )
  const shape = { rows, columns }

  const schedule = thresholdSchedule(options)
  const draw = drawExamples({ examples: usable, encode, seed, options })
  const isWord = wordTokens(tokenizer)
  const blankId = tokenizer.idOf('<|blank|>')
  const blankRandom = random(seed, 'blank')
  const held: LanguageExample[] = []
  let short = shortUntil > 0
  const drawBlanked = (): LanguageExample => {
    short &&= !(schedule.smoothedLoss < shortUntil) && schedule.step < maxShort
    const example = draw(shape.columns, short)
    if (!schedule.decaying || blank === 0 || blankId === null) return example
    return { ...example, prefix: blankWords(example.prefix, { share: blank, blankId, isWord, rng: blankRandom }) }
  }
  const batch = () =>
    packLanguage(
      () => held.pop() ?? drawBlanked(),
      (example) => held.push(example),
      shape,
    )

  const weights = initialWeights(config, seedOf(seed, 'initial'))
  lookBack(config, weights, options.lookBack ?? 0)
  const trainer = await openTrainer(engine, config, weights, {
    ...shape,
    objective: 'language',
    optimizer: { weightDecay, clipNorm },
  })
  const { weights: trained, curve } = await trainToEnd({ trainer, schedule, batch, of: maxSteps, onProgress, signal })
  const log = {
    steps: schedule.step,
    loss: schedule.smoothedLoss,
    capped: schedule.capped,
    examples: usable.length,
    tooLong: examples.length - usable.length,
    tokens: schedule.step * shape.rows * shape.columns,
    curve,
  }
  return { weights: trained, log }
}

/** Longer numbers or stories may not fit the row: after so many draws an example stays as it is, which does. */
export const FRESH_ATTEMPTS = 4

/** An endless source: every example, or only the shorter half, once in random order, told anew with fresh numbers; then all again. */
function drawExamples({
  examples,
  encode,
  seed,
  options,
}: {
  examples: readonly SolutionExample[]
  encode: (example: SolutionExample) => LanguageExample
  seed: number
  options: PolicyTrainingOptions
}): (columns: number, short: boolean) => LanguageExample {
  const { renumber: fresh = true, sizes = 'alike', shuffle = 0.5, splice = 0.3 } = options
  const byLength = [...examples].sort((a, b) => a.steps.length - b.steps.length)
  const shorter = byLength.slice(0, Math.ceil(byLength.length / 2))
  const orderRandom = random(seed, 'order')
  const storyRandom = random(seed, 'stories')
  const numberRandom = random(seed, 'numbers')
  const retellAll = recombiner(examples, { shuffle, splice })
  const retellShorter = recombiner(shorter, { shuffle, splice })
  let order: SolutionExample[] = []
  let wasShort = false
  return (columns, short) => {
    if (order.length === 0 || wasShort !== short) order = shuffled(orderRandom, short ? shorter : examples)
    wasShort = short
    const retell = short ? retellShorter : retellAll
    const example = order.pop()!
    for (let attempt = 0; attempt < FRESH_ATTEMPTS; attempt++) {
      const told = retell(example, storyRandom)
      const asked = fresh ? renumber(told.question, told.steps, numberRandom, { sizes }) : told
      const encoded = encode({ problemId: example.problemId, ...asked })
      if (encoded.prefix.length + encoded.solution.length - 1 <= columns) return encoded
    }
    return encode(example)
  }
}
