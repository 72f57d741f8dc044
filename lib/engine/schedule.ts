// Learning rates over a training run, as pure functions of the step.

/** Learning rate of a step, counted from 0. */
export type Schedule = (step: number) => number

export interface ScheduleOptions {
  /** Highest rate. */
  peak: number
  /** Steps over which the rate rises linearly to the peak; step 0 already has 1 / warmUp of it. @default 0 */
  warmUp?: number
  /** Step at which the linear decay begins; Infinity for never. @default Infinity */
  decayFrom?: number
  /** Steps that the decay takes. @default 1 */
  decaySteps?: number
  /** Share of the peak that is left when the decay is over, in [0, 1]. @default 0.05 */
  floor?: number
}

/**
 * Warm-up, then constant, then linear decay to `floor · peak`.
 * Example: peak 1, warmUp 2, decayFrom 4, decaySteps 2, floor 0 gives 0.5, 1, 1, 1, 1, 0.5, 0, 0, …
 */
export function schedule(options: ScheduleOptions): Schedule {
  const { peak, warmUp = 0, decayFrom = Number.POSITIVE_INFINITY, decaySteps = 1, floor = 0.05 } = options
  return (step) => {
    if (step < warmUp) return (peak * (step + 1)) / warmUp
    if (step < decayFrom) return peak
    const done = Math.min(1, (step - decayFrom) / decaySteps)
    return peak * (1 - (1 - floor) * done)
  }
}
