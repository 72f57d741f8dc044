// The last stage of a round: what its models can do, on problems that no training saw. Writes metrics.json, which
// depends only on the run; seconds are in timings.json.
import { existsSync } from 'node:fs'
import type { Engine } from '../engine/engine.ts'
import { faithfulness } from '../eval/faithful.ts'
import { type BandMeasures, bands, type Measure } from '../eval/intervals.ts'
import { measureStrategies } from '../eval/measure-strategies.ts'
import { measureSystemTwo, type SystemTwoMetrics } from '../eval/measure-system-two.ts'
import { pairAccuracy } from '../eval/pair-accuracy.ts'
import { greedyAnswers, runPrograms } from '../eval/strategies/greedy.ts'
import { readJson } from '../file/json.ts'
import { type Likelihood, loadLikelihood } from '../policy/likelihood.ts'
import { loadPolicy } from '../policy/local.ts'
import { loadPpm } from '../policy/local-ppm.ts'
import type { Grader } from '../problem/grader.ts'
import { numericGrader } from '../problem/numeric-grader.ts'
import { batches } from '../run/batches.ts'
import { loadTrained } from '../run/models.ts'
import type { RoundProgress } from '../run/progress.ts'
import { questionsOf, type Run } from '../run/run.ts'
import { expectUnchanged, finishStage } from '../run/sealed-files.ts'
import { runStage } from '../run/stage.ts'
import { addIsolation } from '../run/timings.ts'
import { eachTree } from '../run/trees.ts'
import { seedOf } from '../seed/random.ts'
import type { Verifier } from '../verify/contract.ts'
import { openGrammar } from './grammar.ts'
import { expectSameParts, noteOwnParts, type OwnParts } from './own-parts.ts'
import { type AcceptedTrajectory, eachAccepted, selectExamples } from './select-examples.ts'
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
  /** Own ways of answering, by name; absent without any. */
  readonly strategies?: Readonly<Record<string, BandMeasures>>
  readonly tokens: Readonly<Record<string, number>>
}

/** What an evaluation needs beside the run. `selection`: where the round's examples are not selected yet. */
export interface EvaluationParts extends Pick<OwnParts, 'ppm' | 'grader' | 'strategies' | 'selection'> {
  readonly engine: Engine
  readonly verifier: Verifier
  readonly onProgress?: (progress: RoundProgress) => void
  readonly signal?: AbortSignal
}

/** Measures a finished round, or reads what was measured. Errors: it was measured with other own parts. */
export async function evaluateRound(run: Run, round: number, parts: EvaluationParts): Promise<RoundMetrics> {
  const path = run.roundPath(round, 'metrics.json')
  expectSameParts(run, round, 'evaluation', parts, existsSync(path))
  if (existsSync(path)) {
    expectUnchanged(run, round, 'evaluation')
    return readJson<RoundMetrics>(path)
  }
  return runStage(run, round, 'evaluation', async () => {
    noteOwnParts(run, round, 'evaluation', parts, existsSync(path))
    const { isolation } = parts.verifier
    if (isolation) addIsolation(run.roundPath(round, 'timings.json'), isolation)
    const metrics = await measure(run, round, parts)
    finishStage(run, round, 'evaluation', metrics, 1)
    return metrics
  })
}

async function measure(run: Run, round: number, parts: EvaluationParts): Promise<RoundMetrics> {
  const { engine, verifier, grader = numericGrader, strategies = [], onProgress, signal } = parts
  const { evaluation, batchSize, concurrency } = run.settings
  const tell = (note: string, done: number, of: number) => onProgress?.({ round, stage: 'evaluate', note, done, of })
  selectExamples(run, round, parts.selection && parts)
  const { coverage, tokens: searchTokens } = searched(run, round)
  const found = { round, coverage, faithful: await faithfulShare(run, round, { verifier, grader }) }
  const baseline = round === 1 ? await baselineAnswers(run, { verifier, grader }) : undefined
  const bootstrap = baseline && { baseline }
  // A round that solved nothing has trained nothing: its coverage is still a result.
  const has = (model: 'policy' | 'ppm') => existsSync(run.roundPath(round, model))
  if (!has('policy')) return { ...found, ...bootstrap, tokens: { search: searchTokens } }
  const { temperature, scoreScale } = evaluation
  const policy = await loadTrained(run, round, 'policy', (folder) =>
    loadPolicy(engine, folder, { batchSize, temperature }),
  )
  const trained =
    parts.ppm === undefined && has('ppm')
      ? await loadTrained(run, round, 'ppm', (folder) => loadPpm(engine, folder, { batchSize, scale: scoreScale }))
      : null
  const ppm = parts.ppm ?? trained
  try {
    tell('greedy answers', 0, run.heldOut.length)
    const greedy = await greedyAnswers(run.heldOut, { policy, verifier, grader }, evaluation)
    tell('greedy answers', run.heldOut.length, run.heldOut.length)
    signal?.throwIfAborted()
    const withPpm = ppm && {
      ppmPairAccuracy: await pairAccuracy(pairsFor(run, round).heldOut, questionsOf(run), ppm),
    }
    signal?.throwIfAborted()
    const seed = seedOf(run.seed, 'evaluate', round)
    const deep =
      ppm && round >= evaluation.fromRound && run.heldOut.length > 0
        ? await withLikelihood(run, round, engine, (likelihood) =>
            measureSystemTwo(
              run.heldOut,
              greedy,
              { policy, likelihood, ppm, verifier, grader },
              { seed, evaluation, concurrency, signal, tell },
            ),
          )
        : null
    const own = await measureStrategies(run.heldOut, strategies, { policy, ppm, verifier, grader, seed, signal }, tell)
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
      ...(strategies.length > 0 && { strategies: own.measures }),
      tokens: {
        search: searchTokens,
        greedy: greedy.reduce((sum, { tokens }) => sum + tokens, 0),
        ...deep?.tokens,
        ...own.tokens,
      },
    }
  } finally {
    await policy.dispose()
    await trained?.dispose()
  }
}

/** What the round's trees solved, and the tokens that they took. */
function searched(run: Run, round: number): { coverage: BandMeasures | undefined; tokens: number } {
  const isSolved = new Uint8Array(run.problems.length)
  let tokens = 0
  for (const { problem, counts } of eachTree(run, round)) {
    tokens += counts.tokens
    if (counts.hits > 0) isSolved[run.problems.indexOf(problem.id)!] = 1
  }
  const coverage = bands(
    run.problems,
    ({ level }) => level,
    ({ id }) => isSolved[run.problems.indexOf(id)!] === 1,
  )
  return { coverage, tokens }
}

async function withLikelihood<T>(
  run: Run,
  round: number,
  engine: Engine,
  work: (likelihood: Likelihood) => Promise<T>,
): Promise<T> {
  const likelihood = await loadTrained(run, round, 'policy', (folder) => loadLikelihood(engine, folder))
  try {
    return await work(likelihood)
  } finally {
    await likelihood.dispose()
  }
}

/** The accepted trajectories that are not carried from an earlier round. */
function* foundIn(run: Run, round: number): Generator<AcceptedTrajectory> {
  for (const trajectory of eachAccepted(run, round)) if (trajectory.round === round) yield trajectory
}

/** Trajectories whose numbers are changed and run together. */
const TOGETHER = 256

/** Of the trajectories that this round's search found and selection accepted. */
async function faithfulShare(
  run: Run,
  round: number,
  parts: { verifier: Verifier; grader: Grader },
): Promise<BandMeasures | undefined> {
  const known: { level: string; faithful: boolean }[] = []
  for (const some of batches(foundIn(run, round), TOGETHER)) {
    const problems = run.problems.at(some.map(({ problemId }) => run.problems.indexOf(problemId)!))
    const trajectories = some.map(({ steps }, i) => ({ problem: problems[i]!, steps }))
    for (const [i, faithful] of (await faithfulness(trajectories, parts)).entries())
      if (faithful !== null) known.push({ level: problems[i]!.level, faithful })
  }
  return bands(
    known,
    ({ level }) => level,
    ({ faithful }) => faithful,
  )
}

/** What the counts learned in round 1 answer by themselves: every trained policy must beat that. */
async function baselineAnswers(
  run: Run,
  { verifier, grader }: { verifier: Verifier; grader: Grader },
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
