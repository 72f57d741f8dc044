// System 2: held-out problems are searched under the PPM with the reference out of reach; an answer is chosen by the
// scores of the trajectories (paper, section 4.1).
import { systemTwo } from '../annotate/system-two.ts'
import type { LocalPolicy } from '../policy/local.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Grader } from '../problem/answer.ts'
import type { Problem } from '../problem/problem.ts'
import { type Aggregation, answer, answerCurve } from '../search/answer.ts'
import type { SearchOptions } from '../search/options.ts'
import { searchProblems } from '../search/schedule.ts'
import type { Tree } from '../search/tree.ts'
import type { PythonVerifier } from '../verify/verifier.ts'

/** One problem answered by search. */
export interface SystemTwoAnswer {
  readonly problemId: string
  readonly level: string
  /** Right by each way of choosing. */
  readonly right: Readonly<Record<Aggregation, boolean>>
  /** Whether any trajectory is right: the ceiling of every way of choosing. */
  readonly anyRight: boolean
  /** Right by `vote` after 1, 2, 4, 8 … rollouts. */
  readonly curve: readonly { readonly rollouts: number; readonly right: boolean; readonly anyRight: boolean }[]
  /** Tokens that the policy generated for it. */
  readonly tokens: number
}

export interface SystemTwoParts {
  readonly policy: LocalPolicy
  readonly ppm: Ppm
  readonly verifier: PythonVerifier
  readonly grader: Grader
}

export interface SystemTwoOptions extends SearchOptions {
  /** The way of choosing whose curve is kept. @default 'weighted' */
  readonly vote?: Aggregation
  readonly concurrency?: number
  readonly onProgress?: (done: number, of: number) => void
  readonly signal?: AbortSignal
}

/** Searches each problem and grades every way of choosing; the reference is read only afterwards. */
export async function systemTwoAnswers(
  problems: readonly Problem[],
  { policy, ppm, verifier, grader }: SystemTwoParts,
  { vote = 'weighted', onProgress, ...options }: SystemTwoOptions = {},
): Promise<SystemTwoAnswer[]> {
  const answers: SystemTwoAnswer[] = []
  const search = searchProblems(problems, { policy, verifier, annotator: systemTwo(ppm), grader }, options)
  for await (const { problem, tree } of search) {
    answers.push(grade(problem, tree, grader, vote))
    onProgress?.(answers.length, problems.length)
  }
  return answers
}

/** No vote counts against its own answer: a score in [-1, 1] becomes a weight in [0, 1]. */
const weight = (score: number): number => (1 + score) / 2

function grade(problem: Problem, tree: Tree, grader: Grader, vote: Aggregation): SystemTwoAnswer {
  const isRight = (chosen: { readonly answer: string } | null) =>
    chosen !== null && grader.equivalent(chosen.answer, problem.answer)
  const chosen = answer(tree, grader, { weight })
  const settled = (rollouts: number) =>
    tree.nodes.some(({ answer }, node) => {
      const rollout = tree.stats.settledIn[node]!
      return answer !== null && rollout !== null && rollout < rollouts && grader.equivalent(answer, problem.answer)
    })
  const curve = answerCurve(tree, grader, { weight })
  const points: SystemTwoAnswer['curve'][number][] = []
  for (let rollouts = 1; rollouts <= tree.settings.rollouts; rollouts *= 2) {
    const at = curve[Math.min(rollouts, curve.length) - 1]
    points.push({ rollouts, right: at ? isRight(at[vote]) : false, anyRight: settled(rollouts) })
  }
  return {
    problemId: problem.id,
    level: problem.level,
    right: {
      best: isRight(chosen.best),
      topMajority: isRight(chosen.topMajority),
      weighted: isRight(chosen.weighted),
      majority: isRight(chosen.majority),
    },
    anyRight: settled(Number.POSITIVE_INFINITY),
    curve: points,
    tokens: tree.counts.tokens,
  }
}
