// Trains a policy from fresh weights on verified solutions (paper, section 3.3: re-trained from the base each round).
// Assumes that each example fits a row; longer ones are left out and counted. Keeps nothing on the disk.
import type { Engine } from '../engine/engine.ts'
import type { ModelConfig } from '../model/config.ts'
import { lookBack } from '../model/look-back.ts'
import { encodePrefix, encodeStep } from '../model/step-format.ts'
import type { Tokenizer } from '../model/tokenizer.ts'
import { openTrainer } from '../model/training.ts'
import { initialWeights, type Weights } from '../model/weights.ts'
import type { Step } from '../problem/problem.ts'
import { renumber } from '../problem/renumber.ts'
import { random, seedOf, shuffled } from '../seed/random.ts'
import { type AugmentOptions, blankWords, wordTokens } from './augment.ts'
import { type LanguageExample, packLanguage } from './packing.ts'
import { recombiner } from './recombine.ts'
import { type ScheduleOptions, thresholdSchedule } from './schedule.ts'

/** A verified solution to learn from. */
export interface SolutionExample {
  readonly problemId: string
  readonly question: string
  readonly steps: readonly Step[]
}

/** Settings of AdamW, for policy and PPM. */
export interface OptimizerOptions {
  /** Decoupled weight decay of AdamW, not on norms and biases. Minimum: 0. @default 0.1 */
  readonly weightDecay?: number
  /** Largest global norm of a gradient. Minimum: above 0. @default 1 */
  readonly clipNorm?: number
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

/** One point of a learning curve. */
export interface TrainingPoint {
  readonly step: number
  /** Smoothed loss. */
  readonly loss: number
  readonly learningRate: number
}

/** What a training did, and how far it came. */
export interface TrainingLog {
  readonly steps: number
  /** Smoothed loss at the end: nats per solution token (policy) or per pair (PPM). */
  readonly loss: number
  /** True when the step limit, not the threshold, ended the constant phase: read the round's figures with care. */
  readonly capped: boolean
  /** Examples, and how many were left out for their length. */
  readonly examples: number
  readonly tooLong: number
  /** Tokens computed, padding included. */
  readonly tokens: number
  readonly curve: readonly TrainingPoint[]
}

/** What every training needs: where it runs, what it trains, and who is told. */
export interface TrainingRun<Options> {
  readonly engine: Engine
  readonly config: ModelConfig
  readonly tokenizer: Tokenizer
  readonly seed: number
  readonly options?: Options
  readonly onProgress?: (point: TrainingPoint & { readonly of: number }) => void
  readonly signal?: AbortSignal
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
  const { rows = 16, columns = 160, longest = 512, blank = 0.15, weightDecay = 0.1, clipNorm = 1 } = options
  const { shortUntil = 0.4, maxSteps = 2400, tail = 800 } = options
  // With a loss that never falls that far, all examples have come in by the time the rate decays.
  const maxShort = (maxSteps - tail) / 2
  const encode = (example: SolutionExample): LanguageExample => ({
    prefix: encodePrefix(tokenizer, { ...example, steps: [] }),
    solution: example.steps.flatMap((step) => encodeStep(tokenizer, step)),
  })
  const lengths = examples.map((example) => {
    const { prefix, solution } = encode(example)
    return prefix.length + solution.length
  })
  const usable = examples.filter((_, i) => lengths[i]! <= longest)
  if (usable.length === 0)
    throw new Error(
      `Expected at least one solution of up to ${longest} tokens to learn from, got none. Did the search solve nothing?`,
    )
  // Fresh numbers may have more digits than the example's own, so a row has room for a few tokens more.
  const longestUsable = Math.max(...lengths.filter((length) => length <= longest)) + 24
  const shape = { rows, columns: Math.max(columns, Math.ceil(longestUsable / 32) * 32) }

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
  try {
    const curve: TrainingPoint[] = []
    let upcoming = batch()
    for (let rate = schedule.next(); rate !== null; rate = schedule.next()) {
      signal?.throwIfAborted()
      const running = trainer.step(upcoming, rate)
      upcoming = batch() // packed while the engine computes
      schedule.observe((await running).loss)
      const point = { step: schedule.step, loss: schedule.smoothedLoss, learningRate: rate }
      if (schedule.step % 20 === 0) curve.push(point)
      onProgress?.({ ...point, of: maxSteps })
    }
    const log = {
      steps: schedule.step,
      loss: schedule.smoothedLoss,
      capped: schedule.capped,
      examples: usable.length,
      tooLong: examples.length - usable.length,
      tokens: schedule.step * shape.rows * shape.columns,
      curve,
    }
    return { weights: await trainer.weights(), log }
  } finally {
    await trainer.dispose()
  }
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
