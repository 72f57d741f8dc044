// The last stage of a round: what its models can do, on problems that no training saw. Writes metrics.json, which
// depends only on the run; seconds are in timings.json.
import { existsSync } from 'node:fs'
import type { Engine } from '../engine/engine.ts'
import { readJson, writeJson } from '../file/json.ts'
import { type LocalPolicy, loadPolicy } from '../policy/local.ts'
import { loadPpm } from '../policy/local-ppm.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import { type Grader, numericGrader } from '../problem/answer.ts'
import { openGrammar } from '../round/grammar.ts'
import { loadTrained } from '../round/models.ts'
import { questionsOf, type Run } from '../round/run.ts'
import { type RoundProgress, readTrees } from '../round/search-round.ts'
import { type AcceptedTrajectory, selectExamples } from '../round/select-examples.ts'
import { runStage } from '../round/stage.ts'
import { pairsFor } from '../round/train-round.ts'
import { seedOf } from '../seed/random.ts'
import type { PythonVerifier } from '../verify/verifier.ts'
import { type Sample, sampleSolutions } from './best-of-n.ts'
import { faithfulness } from './faithful.ts'
import { type Answered, greedyAnswers, runPrograms } from './greedy.ts'
import { type BandMeasures, bands, type Measure, type NetGain, netGain, wilson } from './intervals.ts'
import { pairAccuracy } from './pair-accuracy.ts'
import { type SystemTwoAnswer, systemTwoAnswers } from './system-two.ts'
import { bestByScore, majority } from './vote.ts'

/** What a round measured; the seconds aside. Absent: not measured in this round. */
export interface RoundMetrics {
  readonly round: number
  readonly coverage?: BandMeasures
  readonly faithful?: BandMeasures
  readonly passAt1?: BandMeasures
  /** The bootstrap's learned counts, answering greedily: only round 1. */
  readonly baseline?: BandMeasures
  readonly system2?: BandMeasures
  readonly system2ByVote?: Readonly<Record<string, BandMeasures>>
  readonly anyRight?: BandMeasures
  readonly bestOfN?: BandMeasures
  readonly majority?: BandMeasures
  readonly net?: NetGain
  readonly scaling?: readonly {
    trajectories: number
    system2?: Measure
    bestOfN?: Measure
    majority?: Measure
    anyRight?: Measure
  }[]
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
        ? await measureSystemTwo(run, round, greedy, { policy, ppm, ...parts, tell })
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

async function measureSystemTwo(
  run: Run,
  round: number,
  greedy: readonly Answered[],
  parts: EvaluationParts & { policy: LocalPolicy; ppm: Ppm; tell: (note: string, done: number, of: number) => void },
) {
  const { policy, ppm, verifier, grader = numericGrader, tell } = parts
  const { evaluation, concurrency } = run.settings
  const seed = seedOf(run.seed, 'evaluate', round)
  const answers = await systemTwoAnswers(
    run.heldOut,
    { policy, ppm, verifier, grader },
    {
      seed,
      select: 'puct',
      c: evaluation.exploration,
      scoreCountsAsVisit: true,
      rollouts: evaluation.rollouts,
      width: evaluation.width,
      vote: evaluation.vote,
      concurrency,
      onProgress: (done, of) => tell('System 2', done, of),
      ...(parts.signal && { signal: parts.signal }),
    },
  )
  const spent = answers.reduce((sum, { tokens }) => sum + tokens, 0)
  tell('best of N', 0, 1)
  const samples = await sampleSolutions(
    run.heldOut,
    { policy, ppm, verifier, grader },
    {
      seed,
      budgets: answers.map(({ tokens }) => tokens),
      temperature: evaluation.temperature,
      maxTokens: evaluation.maxTokens,
      ...(parts.signal && { signal: parts.signal }),
    },
  )
  tell('best of N', 1, 1)
  const levels = new Map(run.heldOut.map((problem) => [problem.id, problem.level]))
  const level = ({ problemId }: SystemTwoAnswer) => levels.get(problemId)!
  const chosen = samples.map((list) => choose(list, grader))
  const byProblem = run.heldOut.map((problem, i) => ({ level: problem.level, ...chosen[i]! }))
  const isDeep = (i: number) => run.heldOut[i]!.level !== 'easy'
  const deepOnly = <T>(list: readonly T[]) => list.filter((_, i) => isDeep(i))
  return {
    metrics: {
      system2: bands(answers, level, ({ right }) => right[evaluation.vote]),
      system2ByVote: Object.fromEntries(
        (['best', 'topMajority', 'weighted', 'majority'] as const).map((vote) => [
          vote,
          bands(answers, level, ({ right }) => right[vote])!,
        ]),
      ),
      anyRight: bands(answers, level, ({ anyRight }) => anyRight),
      bestOfN: bands(
        byProblem,
        (item) => item.level,
        (item) => item.bestOfN,
      ),
      majority: bands(
        byProblem,
        (item) => item.level,
        (item) => item.majority,
      ),
      net: netGain(
        deepOnly(greedy.map(({ right }) => right)),
        deepOnly(answers.map(({ right }) => right[evaluation.vote])),
      ),
      scaling: scaling(answers, samples, grader),
    },
    tokens: { system2: spent, bestOfN: samples.flat().reduce((sum, { tokens }) => sum + tokens, 0) },
  }
}

/** What the best-scored and the commonest answer of some samples are worth. */
function choose(samples: readonly Sample[], grader: Grader): { bestOfN: boolean; majority: boolean } {
  const candidates = samples.map(({ answer, score }) => ({ answer: answer ?? undefined, score: score ?? -1 }))
  const isRight = (choice: { readonly index: number } | undefined) =>
    choice !== undefined && samples[choice.index]!.right
  return {
    bestOfN: isRight(bestByScore(candidates)),
    majority: isRight(
      majority(
        candidates.map(({ answer }) => answer),
        grader.equivalent,
      ),
    ),
  }
}

/** Accuracy against the number of trajectories (paper, Fig. 3): rollouts of System 2, samples of the others. */
function scaling(answers: readonly SystemTwoAnswer[], samples: readonly Sample[][], grader: Grader) {
  const n = answers.length
  const most = Math.max(...samples.map((list) => list.length))
  const points = []
  for (
    let trajectories = 1;
    trajectories <= Math.max(most, answers[0]!.curve.at(-1)?.rollouts ?? 1);
    trajectories *= 2
  ) {
    const at = answers.map(({ curve }) => curve.find(({ rollouts }) => rollouts === trajectories))
    const some = samples.map((list) => choose(list.slice(0, trajectories), grader))
    points.push({
      trajectories,
      ...(at.every((point) => point !== undefined) && {
        system2: wilson(at.filter((point) => point!.right).length, n)!,
        anyRight: wilson(at.filter((point) => point!.anyRight).length, n)!,
      }),
      ...(trajectories <= most && {
        bestOfN: wilson(some.filter(({ bestOfN }) => bestOfN).length, n)!,
        majority: wilson(some.filter((item) => item.majority).length, n)!,
      }),
    })
  }
  return points
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
