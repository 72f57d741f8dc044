// The third stage of a round: a policy from fresh weights on the accepted trajectories, then a PPM from that policy on
// the pairs. Each ends as a checkpoint folder that appears whole; an interrupted training starts anew from its seed.
import { existsSync } from 'node:fs'
import { type Engine, openEngine } from '../engine/engine.ts'
import { readJson } from '../file/json.ts'
import { loadCheckpoint, saveCheckpoint } from '../model/checkpoint.ts'
import type { Weights } from '../model/weights.ts'
import type { PreferencePair } from '../pairs/preference-pairs.ts'
import { loadTrained } from '../run/models.ts'
import type { RoundProgress } from '../run/progress.ts'
import { questionsOf, type Run } from '../run/run.ts'
import { expectUnchanged, finishStage } from '../run/sealed-files.ts'
import { runStage } from '../run/stage.ts'
import { seedOf } from '../seed/random.ts'
import type { TrainingLog } from '../train/loop.ts'
import { trainPolicy } from '../train/policy.ts'
import { type PpmTrainingLog, trainPpm } from '../train/ppm.ts'
import type { OwnParts } from './own-parts.ts'
import { selectExamples } from './select-examples.ts'

/** What a training needs beside the run. `selection`: where the round's examples are not selected yet. */
export interface TrainingParts extends Pick<OwnParts, 'selection'> {
  readonly engine: Engine
  readonly onProgress?: (progress: RoundProgress) => void
  readonly signal?: AbortSignal
}

/**
 * Trains the round's policy, or reads the log of the one that is there. null where the recipe trains none. Errors: no
 * trajectory to learn from.
 */
export async function trainRoundPolicy(run: Run, round: number, parts: TrainingParts): Promise<TrainingLog | null> {
  const options = run.recipe(round).policyTraining
  if (options === null) return null
  const done = trainedBefore<TrainingLog>(run, round, 'policy')
  if (done) return done
  const questions = questionsOf(run)
  const examples = selectExamples(run, round, parts.selection && parts).accepted.map(({ problemId, steps }) => ({
    problemId,
    question: questions.get(problemId)!,
    steps,
  }))
  return trainModel(run, round, 'policy', parts.engine, (engine) =>
    trainPolicy({
      ...shared(run, round, 'train policy', { ...parts, engine }),
      examples,
      options,
    }),
  )
}

/**
 * Trains the round's PPM on all pairs but the held-out ones, or reads its log. null where the recipe trains none (a PPM
 * starts from the round's policy), or where there is no pair to learn from: a search that solved every problem always, or never, finds none.
 */
export async function trainRoundPpm(run: Run, round: number, parts: TrainingParts): Promise<PpmTrainingLog | null> {
  const { ppmTraining: options, policyTraining } = run.recipe(round)
  if (options === null || policyTraining === null) return null
  const done = trainedBefore<PpmTrainingLog>(run, round, 'ppm')
  if (done) return done
  const questions = questionsOf(run)
  const { train } = pairsFor(run, round)
  if (train.length === 0) return null
  const policy = await loadTrained(run, round, 'policy', loadCheckpoint)
  return trainModel(run, round, 'ppm', parts.engine, (engine) =>
    trainPpm({
      ...shared(run, round, 'train PPM', { ...parts, engine }),
      policy: policy.weights,
      pairs: train.map((pair) => ({ ...pair, question: questions.get(pair.problemId)! })),
      options,
    }),
  )
}

type Model = 'policy' | 'ppm'

const logPath = (run: Run, round: number, model: Model): string => run.roundPath(round, `${model}-training.json`)

/** The log of a model that is there; null where it has to be trained. */
function trainedBefore<Log>(run: Run, round: number, model: Model): Log | null {
  const log = logPath(run, round, model)
  if (!existsSync(log) || !existsSync(run.roundPath(round, model))) return null
  expectUnchanged(run, round, `${model}Training`)
  return readJson<Log>(log)
}

/** Trains as a stage of the round. The weights become a checkpoint folder, the log a file beside it. */
function trainModel<Log>(
  run: Run,
  round: number,
  model: Model,
  engine: Engine,
  train: (engine: Engine) => Promise<{ weights: Weights; log: Log }>,
): Promise<Log> {
  return runStage(run, round, `${model}Training`, async () => {
    const { weights, log } = await alone(engine, train)
    saveCheckpoint(run.roundPath(round, model), { config: run.config, tokenizer: run.tokenizer, weights })
    finishStage(run, round, `${model}Training`, log)
    return log
  })
}

/**
 * The pairs that a round's PPM learns from, and held-out ones of the same kind: of this round or of all so far, as its
 * `ppmPairs` says. Errors: a round that is not searched yet.
 */
export function pairsFor(run: Run, round: number): { train: PreferencePair[]; heldOut: PreferencePair[] } {
  const rounds = run.settings.rounds.map((recipe) => recipe.round).filter((number) => number <= round)
  const chosen = run.recipe(round).ppmPairs === 'all' ? rounds : [round]
  return splitPairs(
    run,
    chosen.flatMap((number) => selectExamples(run, number).pairs),
  )
}

/** Pairs to train on, and those of every n-th problem of the run, which only measure; n is `evaluation.pairHoldOut`. */
export function splitPairs(
  run: Run,
  pairs: readonly PreferencePair[],
): { train: PreferencePair[]; heldOut: PreferencePair[] } {
  const every = run.settings.evaluation.pairHoldOut
  const isHeld = ({ problemId }: PreferencePair) => run.problems.indexOf(problemId)! % every === every - 1
  return { train: pairs.filter((pair) => !isHeld(pair)), heldOut: pairs.filter(isHeld) }
}

const shared = (run: Run, round: number, stage: string, { engine, onProgress, signal }: TrainingParts) => ({
  engine,
  config: run.config,
  tokenizer: run.tokenizer,
  seed: seedOf(run.seed, stage, round),
  onProgress: ({ step, of, loss, learningRate }: { step: number; of: number; loss: number; learningRate: number }) =>
    onProgress?.({
      round,
      stage,
      done: step,
      of,
      note: `loss ${loss.toFixed(3)} rate ${learningRate.toExponential(1)}`,
    }),
  ...(signal && { signal }),
})

/** An engine like another, for work that has the machine to itself: its threads spin, which a search beside Python would pay for. */
async function alone<T>({ device, threads }: Engine, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openEngine({ device, threads, spinning: true })
  try {
    return await work(engine)
  } finally {
    await engine.dispose()
  }
}
