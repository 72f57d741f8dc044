// How much each answered solution of a tree counts in the vote: how likely the policy finds it times the odds that the
// PPM gives it, both read in several numberings of the question. Reading is cheaper than sampling, and what two networks
// think of a solution in five numberings is known better than what a few proposals show.
import type { Likelihood, LikelihoodRequest } from '../policy/likelihood.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import { freshNumbers, renumberSteps, renumberText } from '../problem/renumber.ts'
import { answerCandidates, odds } from '../search/choose-answer.ts'
import { stepsTo, type Tree } from '../search/tree.ts'
import { random } from '../seed/random.ts'

export interface PosteriorOptions {
  /** Numberings, the question's own included. Integer from 1 up. */
  readonly numberings: number
  /** Decides the fresh numbers. An integer. */
  readonly seed: number
}

/** Trees whose solutions are read together. */
const TOGETHER = 64

/**
 * For each tree the weight of each of its answer candidates, by node: `π(solution | question) · odds(score)`, the policy
 * near π that is best under the PPM's reward (its optimum when it may not stray far from π). π is the mean, the odds are
 * the geometric mean over the numberings; question and solution get the same fresh numbers. For the question's own
 * numbers the score is that of the tree, which knows what a solution printed. Relative to the tree's heaviest: in [0, 1].
 * Errors: an answer without a score. The trees must have been searched under the same PPM.
 */
export async function posteriorWeights(
  trees: readonly Tree[],
  { likelihood, ppm }: { readonly likelihood: Likelihood; readonly ppm: Ppm },
  { numberings, seed }: PosteriorOptions,
): Promise<Map<number, number>[]> {
  const weights: Map<number, number>[] = []
  for (let start = 0; start < trees.length; start += TOGETHER) {
    const group = trees.slice(start, start + TOGETHER).map((tree) => {
      const nodes = answerCandidates(tree).map(({ node }) => node)
      return { tree, nodes, ownScores: nodes.map((node) => scoreOf(tree, node)) }
    })
    const requests = group.map(({ tree, nodes }) => {
      const solutions = nodes.map((node) => stepsTo(tree, node))
      return Array.from({ length: numberings }, (_, numbering) => inNumbering(tree, solutions, numbering, seed))
    })
    const likelihoods = await likelihood.logProbabilities(requests.flat())
    const scores = await scoreAll(
      requests.flatMap(([_own, ...others]) => others),
      ppm,
    )
    for (const [i, { nodes, ownScores }] of group.entries()) {
      const logsOf = likelihoods.slice(i * numberings, (i + 1) * numberings)
      const scoresOf = [ownScores, ...scores.slice(i * (numberings - 1), (i + 1) * (numberings - 1))]
      const logs = nodes.map(
        (_, k) => logSum(logsOf.map((row) => row[k]!)) + mean(scoresOf.map((row) => Math.log(odds(row[k]!)))),
      )
      const most = Math.max(...logs)
      weights.push(new Map(nodes.map((node, k) => [node, Math.exp(logs[k]! - most)])))
    }
  }
  return weights
}

function scoreOf({ nodes, problem }: Tree, node: number): number {
  const { score } = nodes[node]!
  if (score !== null) return score
  throw new Error(
    `Expected a PPM score on every answer of problem ${problem.id}, got none on node ${node}. ` +
      'Was the tree searched under this PPM?',
  )
}

/** The question and its solutions in one numbering; 0 is the question's own. */
function inNumbering(
  tree: Tree,
  solutions: readonly ReturnType<typeof stepsTo>[],
  numbering: number,
  seed: number,
): LikelihoodRequest {
  const { id, question } = tree.problem
  const fresh =
    numbering === 0
      ? new Map<string, string>()
      : freshNumbers(question, solutions.flat(), random(seed, 'posterior', id, tree.index, numbering), {
          sizes: 'alike',
        })
  return {
    prefix: { problemId: id, question: renumberText(question, fresh), steps: [] },
    continuations: solutions.map((steps) => renumberSteps(steps, fresh)),
  }
}

/** PPM scores of whole solutions, which share no more than the question. */
async function scoreAll(requests: readonly LikelihoodRequest[], ppm: Ppm): Promise<number[][]> {
  const asked = requests.flatMap(({ prefix, continuations }) =>
    continuations.map((steps) => ({
      prefix: { ...prefix, steps: steps.slice(0, -1) },
      candidates: steps.slice(-1),
    })),
  )
  const scores = await ppm.score(asked)
  let next = 0
  return requests.map(({ continuations }) => continuations.map(() => scores[next++]![0]!))
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** log Σ exp. */
function logSum(logs: readonly number[]): number {
  const most = Math.max(...logs)
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0))
}
