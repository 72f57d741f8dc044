// When the learning rate falls. A small transformer learns to copy numbers suddenly, after a plateau whose length
// depends on the seed; a schedule by steps alone would let that luck decide a round. So the rate stays constant until
// the loss has fallen below a threshold, and only then decays.

/** When the learning rate rises, stays and falls. Steps are those of the optimizer. */
export interface ScheduleOptions {
  /** Rate after the warm-up. Range: above 0. @default 3e-3 */
  readonly learningRate?: number
  /** Steps of linear warm-up from 0. Minimum: 0. @default 30 */
  readonly warmUp?: number
  /** Smoothed loss, in nats per token, under which the decay begins. Minimum: 0. @default 0.08 */
  readonly threshold?: number
  /** Steps of linear decay after the threshold. Minimum: 1. @default 800 */
  readonly tail?: number
  /** Rate at the end of the decay, as a share of `learningRate`. Range: 0 to 1. @default 0.05 */
  readonly floor?: number
  /** The training ends here at the latest; the decay then begins `tail` steps before. Minimum: `tail`. @default 2400 */
  readonly maxSteps?: number
  /** Steps before the threshold may count, so that a lucky first loss ends nothing. Minimum: 0. @default 200 */
  readonly minSteps?: number
}

/** Where a training stands: told each loss, it says the next rate, whether copying is learned, and when to stop. */
export interface Schedule {
  /** Learning rate of the next step; null when the training is over. */
  next(): number | null
  /** Tells the loss of the step just done. */
  observe(loss: number): void
  /** Exponential moving average of the losses (weight of a new one 0.05). NaN before the first. */
  readonly smoothedLoss: number
  readonly step: number
  /** True once the decay has begun. */
  readonly decaying: boolean
  /** True when `maxSteps`, not the threshold, began the decay: the loss never fell far enough. */
  readonly capped: boolean
}

export function thresholdSchedule({
  learningRate = 3e-3,
  warmUp = 30,
  threshold = 0.08,
  tail = 800,
  floor = 0.05,
  maxSteps = 2400,
  minSteps = 200,
}: ScheduleOptions = {}): Schedule {
  if (maxSteps < tail)
    throw new RangeError(
      `Expected \`maxSteps\` of at least \`tail\` (${tail}), got ${maxSteps}: lower \`tail\` as well`,
    )
  let decayFrom: number | null = null
  let capped = false
  const seen = lossesSeen()
  return {
    next() {
      const { step, smoothed } = seen
      if (decayFrom === null && step > minSteps && smoothed < threshold) decayFrom = step
      if (decayFrom === null && step >= maxSteps - tail) {
        decayFrom = step
        capped = true
      }
      if (decayFrom !== null && step - decayFrom >= tail) return null
      const warm = warmUp > 0 ? Math.min(1, (step + 1) / warmUp) : 1
      const decay = decayFrom === null ? 1 : Math.max(floor, 1 - (step - decayFrom) / tail)
      return learningRate * warm * decay
    },
    observe: seen.observe,
    get smoothedLoss() {
      return seen.smoothed
    },
    get step() {
      return seen.step
    },
    get decaying() {
      return decayFrom !== null
    },
    get capped() {
      return capped
    },
  }
}

export interface LinearScheduleOptions {
  /** Rate after the warm-up. Range: above 0. */
  readonly learningRate: number
  /** Steps of linear warm-up from 0. Minimum: 0. */
  readonly warmUp: number
  /** Rate at the end, as a share of `learningRate`. Range: 0 to 1. */
  readonly floor: number
  /** Steps of the whole training. Minimum: 1. */
  readonly steps: number
}

/** So many steps, whatever the loss; the rate falls from the first one on. */
export function linearSchedule({ learningRate, warmUp, floor, steps }: LinearScheduleOptions): Schedule {
  const seen = lossesSeen()
  return {
    next() {
      const { step } = seen
      if (step >= steps) return null
      return learningRate * Math.min(1, (step + 1) / warmUp) * Math.max(floor, 1 - step / steps)
    },
    observe: seen.observe,
    get smoothedLoss() {
      return seen.smoothed
    },
    get step() {
      return seen.step
    },
    decaying: true,
    capped: false,
  }
}

/** Counts losses and smooths them. */
function lossesSeen() {
  const seen = {
    step: 0,
    smoothed: Number.NaN,
    observe: (loss: number): void => {
      seen.step++
      seen.smoothed = Number.isNaN(seen.smoothed) ? loss : seen.smoothed * 0.95 + loss * 0.05
    },
  }
  return seen
}
