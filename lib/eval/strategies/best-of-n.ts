// Best-of-N at matched tokens: the same policy samples whole solutions until it has spent on each problem what System 2
// spent on it; the PPM or a vote chooses. The baseline that every search has to beat.
// Generated tokens count; executions of Python and scoring by the PPM are accounted for elsewhere.
import type { LocalPolicy } from '../../policy/local.ts'
import type { Ppm } from '../../policy/ppm-contract.ts'
import type { Grader } from '../../problem/grader.ts'
import type { Problem, Step } from '../../problem/problem.ts'
import { seedOf } from '../../seed/random.ts'
import type { Verifier } from '../../verify/contract.ts'
import { runPrograms } from './greedy.ts'

/** One sampled solution. */
export interface Sample {
  /** null when the program did not run to an answer. */
  readonly answer: string | null
  readonly right: boolean
  /** PPM score of the whole solution in [-1, 1]; null without an answer. */
  readonly score: number | null
  readonly tokens: number
}

export interface SampleOptions {
  readonly seed: number
  /** Tokens to spend on each problem. [problems] */
  readonly budgets: readonly number[]
  /** Sampling temperature. @default 1 */
  readonly temperature?: number
  /** Longest solution in tokens. @default 160 */
  readonly maxTokens?: number
  /** Ends the sampling with the signal's reason once the batch under way is done. */
  readonly signal?: AbortSignal
}

/**
 * Samples for each problem, in the order in which they were drawn, as many as fit the token budget (at least one).
 * A solution's tokens count whether or not it ran.
 */
export async function sampleSolutions(
  problems: readonly Problem[],
  { policy, ppm, verifier, grader }: { policy: LocalPolicy; ppm: Ppm; verifier: Verifier; grader: Grader },
  { seed, budgets, temperature = 1, maxTokens = 160, signal }: SampleOptions,
): Promise<Sample[][]> {
  const prefixes = problems.map(({ id, question }) => ({ problemId: id, question, steps: [] as Step[] }))
  const spent = problems.map(() => 0)
  const drawn = problems.map((): { steps: Step[]; complete: boolean; tokens: number }[] => [])
  for (let turn = 0; ; turn++) {
    const open = problems.flatMap((_, i) => (spent[i]! < Math.max(1, budgets[i]!) ? [i] : []))
    if (open.length === 0) break
    signal?.throwIfAborted()
    // Few draws a turn, so that a problem with long solutions does not overshoot its budget by much.
    const count = turn === 0 ? 1 : 4
    const solutions = await policy.solve(
      open.map((i) => prefixes[i]!),
      { maxTokens, temperature, count, seeds: open.map((i) => seedOf(seed, 'sample', problems[i]!.id, turn)) },
    )
    for (const [k, i] of open.entries()) {
      drawn[i]!.push(...solutions[k]!)
      const tokens = solutions[k]!.reduce((sum, solution) => sum + solution.tokens, 0)
      spent[i] = tokens === 0 ? Number.POSITIVE_INFINITY : spent[i]! + tokens // a question that fills the model's positions
    }
  }
  const matched = drawn.map((solutions, i) => {
    const tokens = solutions.map((solution) => solution.tokens)
    return solutions.slice(0, samplesWithin(budgets[i]!, tokens))
  })
  return gradeAll(problems, matched, { ppm, verifier, grader })
}

async function gradeAll(
  problems: readonly Problem[],
  drawn: readonly { steps: Step[]; complete: boolean; tokens: number }[][],
  { ppm, verifier, grader }: { ppm: Ppm; verifier: Verifier; grader: Grader },
): Promise<Sample[][]> {
  const flat = drawn.flatMap((solutions, problem) => solutions.map((solution) => ({ problem, solution })))
  const answers = await runPrograms(
    flat.map(({ solution }) => (solution.complete ? solution.steps : [])),
    verifier,
  )
  const answered = flat.flatMap(({ problem, solution }, i) => (answers[i] === null ? [] : [{ i, problem, solution }]))
  const scores = await ppm.score(
    answered.map(({ i, problem, solution }) => ({
      prefix: {
        problemId: problems[problem]!.id,
        question: problems[problem]!.question,
        steps: solution.steps.slice(0, -1),
      },
      candidates: [solution.steps.at(-1)!],
      printed: [answers[i]!],
    })),
  )
  const scoreOf = new Map(answered.map(({ i }, k) => [i, scores[k]![0]!]))
  const result = problems.map((): Sample[] => [])
  for (const [i, { problem, solution }] of flat.entries()) {
    const answer = answers[i]!
    result[problem]!.push({
      answer,
      right: answer !== null && grader.equivalent(answer, problems[problem]!.answer),
      score: scoreOf.get(i) ?? null,
      tokens: solution.tokens,
    })
  }
  return result
}

/**
 * How many leading samples fit a budget of tokens. At least one when there is any: without a sample there is no answer.
 * Example: samples of 40, 50, 60 tokens and a budget of 100 give 2.
 */
export function samplesWithin(budget: number, samples: readonly number[]): number {
  if (!(budget >= 0)) throw new RangeError(`Expected a budget from 0 tokens up, got \`${budget}\``)
  let spent = 0
  let count = 0
  for (const tokens of samples) {
    if (!(tokens >= 0)) throw new RangeError(`Expected each sample to have 0 tokens or more, got \`${tokens}\``)
    spent += tokens
    if (spent > budget && count > 0) break
    count++
  }
  return count
}
