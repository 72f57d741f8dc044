// The last stage of a round: what its models can do, on problems that no training saw. Writes metrics.json, which
// depends only on the run; seconds are in timings.json.
import { existsSync } from 'node:fs'
import type { Engine } from '../engine/engine.ts'
import { faithfulness } from '../eval/faithful.ts'
import { greedyAnswers, runPrograms } from '../eval/greedy.ts'
import { type BandMeasures, bands, type Measure } from '../eval/intervals.ts'
import { measureSystemTwo, type SystemTwoMetrics } from '../eval/measure-system-two.ts'
import { pairAccuracy } from '../eval/pair-accuracy.ts'
import { readJson, writeJson } from '../file/json.ts'
import { loadPolicy } from '../policy/local.ts'
import { loadPpm } from '../policy/local-ppm.ts'
import { type Grader, numericGrader } from '../problem/answer.ts'
import { loadTrained } from '../run/models.ts'
import type { RoundProgress } from '../run/progress.ts'
import { questionsOf, type Run } from '../run/run.ts'
import { runStage } from '../run/stage.ts'
import { addIsolation } from '../run/timings.ts'
import { readTrees } from '../run/trees.ts'
import type { PythonVerifier } from '../verify/verifier.ts'
import { openGrammar } from './grammar.ts'
import { type AcceptedTrajectory, selectExamples } from './select-examples.ts'
import { pairsFor } from './train-round.ts'

/** What a round measured; the seconds aside. Absent: not measured in this round. */
export interface RoundMetrics extends Partial<SystemTwoMetrics> {
  readonly round: number
  readonly coverage?: BandMeasures
  readonly faithful?: BandMeasures
  readonly passAt1?: BandMeasures
  /** The bootstrap's learned counts, answering greedily: only round 1. */
  readonly baseline?: BandMeasures
  readonly ppmPairAccuracy?: Measure
  readonly tokens: Readonly<Record<string, number>>
}

export interface EvaluationParts {
  readonly engine: Engine
  readonly verifier: PythonVerifier
  readonly grader?: Grader
  readonly onProgress?: (progress: RoundProgress) => void
  readonly signal?: AbortSignal
}

/** Measures a finished round, or reads what was measured. */
export async function evaluateRound(run: Run, round: number, parts: EvaluationParts): Promise<RoundMetrics> {
  const path = run.roundPath(round, 'metrics.json')
  if (existsSync(path)) return readJson<RoundMetrics>(path)
  return runStage(run, round, 'evaluation', async () => {
    addIsolation(run.roundPath(round, 'timings.json'), parts.verifier.isolation)
    const metrics = await measure(run, round, parts)
    writeJson(path, metrics, 1)
    return metrics
  })
}

async function measure(run: Run, round: number, parts: EvaluationParts): Promise<RoundMetrics> {
  const { engine, verifier, grader = numericGrader, onProgress, signal } = parts
  const { evaluation, batchSize } = run.settings
  const tell = (note: string, done: number, of: number) => onProgress?.({ round, stage: 'evaluate', note, done, of })
  const trees = readTrees(run, round)
  const solved = new Set(trees.filter((tree) => tree.counts.hits > 0).map((tree) => tree.problem.id))
  const { accepted } = selectExamples(run, round)
  const found = {
    round,
    coverage: bands(
      run.train,
      ({ level }) => level,
      ({ id }) => solved.has(id),
    ),
    faithful: await faithfulShare(
      run,
      accepted.filter((trajectory) => trajectory.round === round),
      { verifier, grader },
    ),
  }
  const treeTokens = trees.reduce((sum, { counts }) => sum + counts.tokens, 0)
  const baseline = round === 1 ? await baselineAnswers(run, { verifier, grader }) : undefined
  const bootstrap = baseline && { baseline }
  // A round that solved nothing has trained nothing: its coverage is still a result.
  const folders = { policy: run.roundPath(round, 'policy'), ppm: run.roundPath(round, 'ppm') }
  if (!existsSync(folders.policy)) return { ...found, ...bootstrap, tokens: { search: treeTokens } }
  const { temperature, scoreScale } = evaluation
  const policy = await loadTrained(folders.policy, () => loadPolicy(engine, folders.policy, { batchSize, temperature }))
  const ppm = existsSync(folders.ppm)
    ? await loadTrained(folders.ppm, () => loadPpm(engine, folders.ppm, { batchSize, scale: scoreScale }))
    : null
  try {
    tell('greedy answers', 0, run.heldOut.length)
    const greedy = await greedyAnswers(run.heldOut, { policy, verifier, grader }, evaluation)
    tell('greedy answers', run.heldOut.length, run.heldOut.length)
    signal?.throwIfAborted()
    const questions = questionsOf(run)
    const withPpm = ppm && { ppmPairAccuracy: await pairAccuracy(pairsFor(run, round).heldOut, questions, ppm) }
    signal?.throwIfAborted()
    const deep =
      ppm && round >= evaluation.fromRound && run.heldOut.length > 0
        ? await measureSystemTwo(run, round, greedy, { engine, verifier, grader, policy, ppm, signal, tell })
        : null
    return {
      ...found,
      passAt1: bands(
        greedy,
        ({ level }) => level,
        ({ right }) => right,
      ),
      ...bootstrap,
      ...withPpm,
      ...deep?.metrics,
      tokens: {
        search: treeTokens,
        greedy: greedy.reduce((sum, { tokens }) => sum + tokens, 0),
        ...deep?.tokens,
      },
    }
  } finally {
    await policy.dispose()
    await ppm?.dispose()
  }
}

async function faithfulShare(
  run: Run,
  accepted: readonly AcceptedTrajectory[],
  parts: { verifier: PythonVerifier; grader: Grader },
): Promise<BandMeasures | undefined> {
  const problems = new Map(run.train.map((problem) => [problem.id, problem]))
  const trajectories = accepted.map(({ problemId, steps }) => ({ problem: problems.get(problemId)!, steps }))
  const verdicts = await faithfulness(trajectories, parts)
  const known = trajectories.flatMap(({ problem }, i) =>
    verdicts[i] === null ? [] : [{ level: problem.level, faithful: verdicts[i]! }],
  )
  return bands(
    known,
    ({ level }) => level,
    ({ faithful }) => faithful,
  )
}

/** What the counts learned in round 1 answer by themselves: every trained policy must beat that. */
async function baselineAnswers(
  run: Run,
  { verifier, grader }: { verifier: PythonVerifier; grader: Grader },
): Promise<BandMeasures | undefined> {
  const grammar = openGrammar(run, 2)
  const answers = await runPrograms(
    run.heldOut.map(({ question }) => grammar.greedy(question)),
    verifier,
  )
  return bands(
    run.heldOut.map((problem, i) => ({ problem, answer: answers[i]! })),
    ({ problem }) => problem.level,
    ({ problem, answer }) => answer !== null && grader.equivalent(answer, problem.answer),
  )
}
