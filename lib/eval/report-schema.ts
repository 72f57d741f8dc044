// The shape of report.json: what a finished or unfinished run measured. Ranges are checked; where a number came from
// is not. Optional fields are absent where a round did not measure them. Unknown fields are refused, so that a
// misspelt measure cannot vanish without a word.
import { z } from 'zod'
import type { BandMeasures, Measure, NetGain } from './intervals.ts'

const count = z.int().min(0)
const amount = z.number().min(0)
const share = z.number().min(0).max(1)

/** A share in [0, 1] of `n` cases with its 95 % Wilson interval. */
export const measureSchema: z.ZodType<Measure> = z
  .strictObject({ value: share, n: z.int().min(1), low: share, high: share })
  .refine(({ value, low, high }) => low <= value && value <= high, {
    error: 'expected low <= value <= high',
  })

/** A share over all cases and by band of difficulty. A band without cases is absent. */
export const bandMeasuresSchema: z.ZodType<BandMeasures> = z.strictObject({
  all: measureSchema,
  easy: measureSchema.optional(),
  medium: measureSchema.optional(),
  hard: measureSchema.optional(),
})

const netSchema: z.ZodType<NetGain> = z.strictObject({
  n: count,
  missed: count,
  gained: count,
  lost: count,
  net: z.number().max(1),
})

/** How one model was trained. */
export const trainingSchema = z.strictObject({
  /** Optimizer steps. */
  steps: count,
  /** Smoothed loss at the end, in nats. */
  loss: z.number().min(0),
  seconds: amount,
  /** True when the cap on steps ended the training before the loss had fallen far enough. */
  capped: z.boolean(),
})

/** What the search of one round did. */
export const searchSchema = z.strictObject({
  rollouts: count,
  /** Steps run by Python, cache hits left out. */
  executions: count,
  /** Candidate steps that the policy proposed. */
  proposals: count,
  /** Calls of the policy. */
  batches: count,
  /** Mean share of a policy batch that was filled, in [0, 1]. */
  meanFill: share,
  /** Wall seconds by what the search waited for, e.g. `policy`, `python`, `ppm`, `other`. */
  seconds: z.record(z.string(), amount),
})

/** What one round chose to learn from. */
export const examplesSchema = z.strictObject({
  /** Trajectories that the policy learned from, those carried from earlier rounds included. */
  accepted: count,
  /** Preference pairs. */
  pairs: count,
  /** Right distinct trajectories that the search found, those of code that no model should learn from left out. */
  right: count,
  /** Of `right`, how many are suspected to be accidents and so taught nothing. */
  suspects: count,
  /** Right distinct trajectories left out of `right` for what their code does. */
  untrusted: count,
})

/** One point of accuracy against number of trajectories (paper, figure 3). */
export const scalingPointSchema = z.strictObject({
  /** Trajectories per problem. */
  trajectories: z.int().min(1),
  system2: measureSchema.optional(),
  bestOfN: measureSchema.optional(),
  majority: measureSchema.optional(),
  /** Any of the trajectories right (pass@N): the ceiling of every way of choosing. */
  anyRight: measureSchema.optional(),
})

/** What one round measured. */
export const roundReportSchema = z.strictObject({
  round: z.int().min(1),
  /** Training problems with at least one accepted trajectory. */
  coverage: bandMeasuresSchema.optional(),
  /** Held-out problems that the policy's greedy answer solves. */
  passAt1: bandMeasuresSchema.optional(),
  /** Held-out problems solved by search under the PPM, without the reference. */
  system2: bandMeasuresSchema.optional(),
  /** Held-out problems solved by the best-scored of plain samples at the tokens of `system2`. */
  bestOfN: bandMeasuresSchema.optional(),
  /** Held-out problems solved by the commonest answer of the same samples. */
  majority: bandMeasuresSchema.optional(),
  /** Held-out pairs whose chosen side the PPM scores above the rejected one. */
  ppmPairAccuracy: measureSchema.optional(),
  /** Accepted trajectories whose program stays right when the question's numbers are changed. */
  faithful: bandMeasuresSchema.optional(),
  /** `system2` against `passAt1` on the held-out problems of the medium and hard bands. */
  net: netSchema.optional(),
  /** Held-out problems solved by ways of answering that were brought to the run, by name. */
  strategies: z.record(z.string(), bandMeasuresSchema).optional(),
  /** Accuracy against number of trajectories, in rising order of trajectories. */
  scaling: z.array(scalingPointSchema).optional(),
  training: z.strictObject({ policy: trainingSchema.optional(), ppm: trainingSchema.optional() }).optional(),
  search: searchSchema.optional(),
  examples: examplesSchema.optional(),
  /** Own parts that decided it, in words, by stage; absent where there were none. */
  parts: z.record(z.string(), z.string()).optional(),
  /** Wall seconds by stage. */
  seconds: z.record(z.string(), amount),
  /** Generated or trained tokens by stage. */
  tokens: z.record(z.string(), amount),
})

/** One row that repeats part of a run with one thing changed (paper, tables 4, 7 and 8). */
export const ablationSchema = z.strictObject({
  /** Rows of one table share it, e.g. 'PPM quality, policy fixed'. */
  table: z.string().min(1),
  name: z.string().min(1),
  measure: bandMeasuresSchema,
  tokens: amount.optional(),
  seconds: amount.optional(),
})

/** The whole of report.json, as a zod schema: ranges are checked, unknown fields are refused. */
export const reportSchema = z
  .strictObject({
    name: z.string().min(1),
    seed: z.int(),
    /** Wall seconds of the run, all processes that it was resumed in. */
    seconds: amount,
    /** Largest resident memory of the processes that did the run's stages, in MB; absent where none has noted it. */
    peakRssMb: amount.optional(),
    rounds: z.array(roundReportSchema),
    /** Held-out problems that the bootstrap's learned counts solve greedily: what the rounds must beat. */
    baseline: bandMeasuresSchema.optional(),
    ablations: z.array(ablationSchema).optional(),
  })
  .refine(({ rounds }) => rounds.every(({ round }, i) => i === 0 || round > rounds[i - 1]!.round), {
    path: ['rounds'],
    error: 'expected each round once, in rising order',
  })

/**
 * What a run measured: the content of report.json. Shares are in [0, 1] with 95 % Wilson intervals, times in seconds.
 */
export type Report = z.infer<typeof reportSchema>
/** What one round measured; a field that it did not measure is absent. */
export type RoundReport = z.infer<typeof roundReportSchema>
/** How one model was trained. */
export type TrainingReport = z.infer<typeof trainingSchema>
/** What the search of one round did. */
export type SearchReport = z.infer<typeof searchSchema>
/** What one round chose to learn from. */
export type ExamplesReport = z.infer<typeof examplesSchema>
/** Accuracy at one number of trajectories a problem. */
export type ScalingPoint = z.infer<typeof scalingPointSchema>
/** One row of an ablation. */
export type Ablation = z.infer<typeof ablationSchema>

/**
 * Checks a value, as JSON gives it, against `reportSchema`.
 * Errors: one line that names `source` (a file, say) and for each fault the field, what was expected and what came.
 * @example
 * parseReport({ name: 'default' }, 'report.json') // Error: report.json is not a report of a run: seed: …
 */
export function parseReport(value: unknown, source = 'report'): Report {
  const result = reportSchema.safeParse(value)
  if (result.success) return result.data
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || '(whole file)'}: ${message}`)
  throw new Error(`${source} is not a report of a run: ${faults.join('; ')}`, { cause: result.error })
}
