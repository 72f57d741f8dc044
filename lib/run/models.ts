// The models that a run trains, as folders of its rounds: where they are, and what to do when one is not or is broken.
import { existsSync } from 'node:fs'
import type { Run } from './run.ts'
import { expectUnchanged } from './sealed-files.ts'

/** Errors: a model that a later round needs is not there, with the likely reason and what to do. */
export function expectModel(run: Run, round: number, model: 'policy' | 'ppm'): void {
  const folder = run.roundPath(round, model)
  if (existsSync(folder)) return
  const why =
    run.recipe(round).policyTraining === null
      ? `it trains none (rounds.${round - 1}.policyTraining is null)`
      : model === 'policy'
        ? 'its search accepted no trajectory to learn from. Use more or easier problems, or more rollouts ' +
          `(--set rounds.${round - 1}.passes.0.rollouts=…); or learn from what is most likely luck as well ` +
          `(--set rounds.${round - 1}.examples.suspectAbove=1)`
        : run.recipe(round).ppmTraining === null
          ? `it trains no PPM (rounds.${round - 1}.ppmTraining is null)`
          : 'its trees gave no pairs to learn from. Use more problems or rollouts, or go on without a PPM ' +
            `(--set rounds.${round}.guide=terminal, as another --run)`
  throw new Error(
    `Expected ${folder}, which round ${round + 1} searches with, but it is not there: round ${round} is not done, or ${why}.`,
  )
}

/**
 * Loads a model that a round has trained. Errors: one of its files was changed since; those of `load`, with the advice that
 * a run can train its models again.
 */
export async function loadTrained<T>(
  run: Run,
  round: number,
  model: 'policy' | 'ppm',
  load: (folder: string) => Promise<T>,
): Promise<T> {
  expectUnchanged(run, round, `${model}Training`)
  const folder = run.roundPath(round, model)
  try {
    return await load(folder)
  } catch (error) {
    throw new Error(
      `${(error as Error).message} Or delete ${folder}: the same command then trains it again, to the same bytes.`,
      { cause: error },
    )
  }
}
