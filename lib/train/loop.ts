// What the trainings of a policy and of a PPM share: which examples fit a row, and the loop of steps. Batches are packed
// while the engine computes. Keeps nothing on the disk.
import type { Engine } from '../engine/engine.ts'
import type { ModelConfig } from '../model/config.ts'
import type { Tokenizer } from '../model/tokenizer.ts'
import type { StepResult, Trainer } from '../model/training.ts'
import type { Weights } from '../model/weights.ts'
import type { Schedule } from './schedule.ts'

export interface OptimizerOptions {
  /** Decoupled weight decay of AdamW, not on norms and biases. Minimum: 0. @default 0.1 */
  readonly weightDecay?: number
  /** Largest global norm of a gradient. Minimum: above 0. @default 1 */
  readonly clipNorm?: number
}

/** One point of a learning curve. */
export interface TrainingPoint {
  readonly step: number
  /** Smoothed loss. */
  readonly loss: number
  readonly learningRate: number
}

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

/** What a training takes beside its examples. */
export interface TrainingRun<Options> {
  readonly engine: Engine
  readonly config: ModelConfig
  readonly tokenizer: Tokenizer
  readonly seed: number
  readonly options?: Options
  readonly onProgress?: (point: TrainingPoint & { readonly of: number }) => void
  readonly signal?: AbortSignal
}

/** Room that a row has beyond the longest example: fresh numbers may have more digits than the example's own. */
const SPARE_TOKENS = 24

/** The examples of at most `longest` tokens, and the columns of a row that holds each: at least `columns`, a multiple of 32. */
export function fittingExamples<Example>(
  examples: readonly Example[],
  tokensOf: (example: Example) => number,
  { longest, columns }: { readonly longest: number; readonly columns: number },
): { usable: Example[]; columns: number } {
  const lengths = examples.map(tokensOf)
  const most = Math.max(...lengths.filter((length) => length <= longest)) + SPARE_TOKENS
  return {
    usable: examples.filter((_, i) => lengths[i]! <= longest),
    columns: Math.max(columns, Math.ceil(most / 32) * 32),
  }
}

export interface TrainingLoop<Batch> {
  readonly trainer: Trainer<Batch>
  readonly schedule: Schedule
  /** The next batch. Asked for one batch more than there are steps. */
  readonly batch: () => Batch
  /** Most steps. */
  readonly of: number
  readonly onProgress: TrainingRun<unknown>['onProgress']
  readonly signal: AbortSignal | undefined
  /** Told what came of each batch. */
  readonly onStep?: (result: StepResult, batch: Batch) => void
}

/**
 * Steps until the schedule says stop; then disposes the trainer. Result: the weights and the learning curve.
 * Errors: the signal's reason when aborted.
 */
export async function trainToEnd<Batch>(
  loop: TrainingLoop<Batch>,
): Promise<{ weights: Weights; curve: TrainingPoint[] }> {
  const { trainer, schedule, batch, of, onProgress, signal, onStep } = loop
  try {
    const curve: TrainingPoint[] = []
    let upcoming = batch()
    for (let rate = schedule.next(); rate !== null; rate = schedule.next()) {
      signal?.throwIfAborted()
      const current = upcoming
      const running = trainer.step(current, rate)
      upcoming = batch() // packed while the engine computes
      const result = await running
      schedule.observe(result.loss)
      onStep?.(result, current)
      const point = { step: schedule.step, loss: schedule.smoothedLoss, learningRate: rate }
      if (schedule.step % 20 === 0) curve.push(point)
      onProgress?.({ ...point, of })
    }
    return { weights: await trainer.weights(), curve }
  } finally {
    await trainer.dispose()
  }
}
