// System 2 beside what the same tokens buy without a search: best-of-N and majority, on held-out problems.
import type { Likelihood } from '../policy/likelihood.ts'
import type { LocalPolicy } from '../policy/local.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Grader } from '../problem/grader.ts'
import type { Problem } from '../problem/problem.ts'
import type { EvaluationSettings } from '../run/settings.ts'
import type { Verifier } from '../verify/contract.ts'
import { type BandMeasures, bands, type Measure, type NetGain, netGain, wilson } from './intervals.ts'
import { type Sample, sampleSolutions } from './strategies/best-of-n.ts'
import type { Answered } from './strategies/greedy.ts'
import { type SystemTwoAnswer, systemTwoAnswers } from './strategies/system-two.ts'
import { bestByScore, majority } from './vote.ts'

/** Shares of the held-out problems, by band. */
export interface SystemTwoMetrics {
  readonly system2?: BandMeasures
  /** By each way of choosing among the answers of the same trees. */
  readonly system2ByVote: Readonly<Record<string, BandMeasures>>
  /** The ceiling of every way of choosing: problems of which some trajectory is right. */
  readonly anyRight?: BandMeasures
  readonly bestOfN?: BandMeasures
  readonly majority?: BandMeasures
  /** What System 2 gains on the medium and hard problems that greedy misses, less what it loses on the others. */
  readonly net: NetGain
  readonly scaling: readonly {
    readonly trajectories: number
    readonly system2?: Measure
    readonly bestOfN?: Measure
    readonly majority?: Measure
    readonly anyRight?: Measure
  }[]
}

export interface MeasuringParts {
  readonly policy: LocalPolicy
  /** The same policy as a reader. */
  readonly likelihood: Likelihood
  readonly ppm: Ppm
  readonly verifier: Verifier
  readonly grader: Grader
}

export interface MeasuringOptions {
  /** Decides everything random. */
  readonly seed: number
  readonly evaluation: EvaluationSettings
  /** Trees under way at once. Integer from 1 up. */
  readonly concurrency: number
  readonly signal: AbortSignal | undefined
  readonly tell: (note: string, done: number, of: number) => void
}

/** Searches and samples on held-out problems. `greedy`: the policy's own answers to them, which System 2 is to mend. */
export async function measureSystemTwo(
  problems: readonly Problem[],
  greedy: readonly Answered[],
  { policy, likelihood, ppm, verifier, grader }: MeasuringParts,
  { seed, evaluation, concurrency, signal, tell }: MeasuringOptions,
): Promise<{ metrics: SystemTwoMetrics; tokens: Record<string, number> }> {
  const answers = await systemTwoAnswers(
    problems,
    { policy, likelihood, ppm, verifier, grader },
    {
      seed,
      numberings: evaluation.numberings,
      select: 'puct',
      c: evaluation.exploration,
      scoreCountsAsVisit: true,
      rollouts: evaluation.rollouts,
      width: evaluation.width,
      vote: evaluation.vote,
      concurrency,
      onProgress: (done, of) => tell('System 2', done, of),
      ...(signal && { signal }),
    },
  )
  const spent = answers.reduce((sum, { tokens }) => sum + tokens, 0)
  tell('best of N', 0, 1)
  const samples = await sampleSolutions(
    problems,
    { policy, ppm, verifier, grader },
    {
      seed,
      budgets: answers.map(({ tokens }) => tokens),
      temperature: evaluation.temperature,
      maxTokens: evaluation.maxTokens,
      ...(signal && { signal }),
    },
  )
  tell('best of N', 1, 1)
  const levels = new Map(problems.map((problem) => [problem.id, problem.level]))
  const level = ({ problemId }: SystemTwoAnswer) => levels.get(problemId)!
  const chosen = samples.map((list) => choose(list, grader))
  const byProblem = problems.map((problem, i) => ({ level: problem.level, ...chosen[i]! }))
  const isDeep = (i: number) => problems[i]!.level !== 'easy'
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
        (a, b) => grader.equivalent(a, b),
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
