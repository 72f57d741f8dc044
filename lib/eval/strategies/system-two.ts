// System 2: held-out problems are searched under the PPM with the reference out of reach; an answer is chosen by the
// scores of the trajectories (paper, section 4.1) and by how likely the policy finds them, in several numberings.
import { systemTwo } from '../../annotate/system-two.ts'
import type { Policy } from '../../policy/contract.ts'
import type { Likelihood } from '../../policy/likelihood.ts'
import type { Ppm } from '../../policy/ppm-contract.ts'
import { renumberedPolicy } from '../../policy/renumbered.ts'
import type { Grader } from '../../problem/grader.ts'
import type { Problem } from '../../problem/problem.ts'
import { type Aggregation, type AnswerCandidate, answer, answerCurve, odds } from '../../search/choose-answer.ts'
import type { SearchOptions } from '../../search/options.ts'
import { searchProblems } from '../../search/schedule.ts'
import type { Tree } from '../../search/tree.ts'
import type { Verifier } from '../../verify/contract.ts'
import { posteriorWeights } from '../posterior.ts'

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

/** What answers: models, sandbox and grader. They stay with their owner. */
export interface SystemTwoParts {
  readonly policy: Policy
  /** The same policy as a reader. Absent: a solution counts by its share of the proposals times the odds of its score. */
  readonly likelihood?: Likelihood
  readonly ppm: Ppm
  readonly verifier: Verifier
  readonly grader: Grader
}

/** Settings of each tree, and how its solutions are weighed. */
export interface SystemTwoOptions extends SearchOptions {
  /** The way of choosing whose curve is kept. @default 'weighted' */
  readonly vote?: Aggregation
  /** Numberings of each question that the policy is asked and solutions are read in. Integer from 1 up. @default 5 */
  readonly numberings?: number
  /** Trees under way at once. Integer from 1 up. @default four times the policy's batch size, at least 128 */
  readonly concurrency?: number
  readonly onProgress?: (done: number, of: number) => void
  readonly signal?: AbortSignal
}

/**
 * Searches each problem under the PPM and grades every way of choosing an answer (paper, section 4.1); the reference is
 * read only afterwards. [problems], in order. With `likelihood` the vote `weighted` counts a solution by its likelihood
 * under the policy times the odds of its score, both averaged over the numberings; without, by its share of the
 * proposals times those odds.
 * Errors: a RangeError for options out of range, problems that share an id, what a part throws, and the signal's reason
 * when aborted.
 */
export async function systemTwoAnswers(
  problems: readonly Problem[],
  { policy, likelihood, ppm, verifier, grader }: SystemTwoParts,
  { vote = 'weighted', numberings = 5, onProgress, ...options }: SystemTwoOptions = {},
): Promise<SystemTwoAnswer[]> {
  const asked = numberings > 1 ? renumberedPolicy(policy, { numberings }) : policy
  const trees: Tree[] = []
  const search = searchProblems(problems, { policy: asked, verifier, annotator: systemTwo(ppm), grader }, options)
  for await (const { tree } of search) {
    trees.push(tree)
    onProgress?.(trees.length, problems.length)
  }
  options.signal?.throwIfAborted()
  const read =
    likelihood && (await posteriorWeights(trees, { likelihood, ppm }, { numberings, seed: options.seed ?? 0 }))
  return trees.map((tree, i) => grade(tree, grader, vote, read?.[i]))
}

function grade(tree: Tree, grader: Grader, vote: Aggregation, read?: ReadonlyMap<number, number>): SystemTwoAnswer {
  const { problem } = tree
  const isRight = (chosen: { readonly answer: string } | null) =>
    chosen !== null && grader.equivalent(chosen.answer, problem.answer)
  const weights = {
    weight: ({ node, score, share }: AnswerCandidate) => (read ? read.get(node)! : share * odds(score)),
  }
  const chosen = answer(tree, grader, weights)
  const settled = (rollouts: number) =>
    tree.nodes.some(({ answer }, node) => {
      const rollout = tree.stats.settledIn[node]!
      return answer !== null && rollout !== null && rollout < rollouts && grader.equivalent(answer, problem.answer)
    })
  const curve = answerCurve(tree, grader, weights)
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
