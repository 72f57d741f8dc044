// Greedy pass@1: the policy writes each solution in one go, Python runs it, the grader compares. No search, no PPM. As a
// measure of its own, and as a strategy beside others.
import type { LocalPolicy } from '../../policy/local.ts'
import { parseAnswer } from '../../problem/answer.ts'
import type { Grader } from '../../problem/grader.ts'
import type { Problem, Step } from '../../problem/problem.ts'
import { runWhole, type Verifier } from '../../verify/contract.ts'
import type { Question, Strategy } from '../strategy.ts'

/** One problem answered once. */
export interface Answered {
  readonly problemId: string
  readonly level: string
  readonly steps: readonly Step[]
  /** What the solution printed as its answer; null when it did not run to an answer. */
  readonly answer: string | null
  readonly right: boolean
  readonly tokens: number
}

/** How long a greedy solution may be. */
export interface GreedyOptions {
  /** Longest solution in tokens. Minimum: 1. @default 160 */
  readonly maxTokens?: number
}

/**
 * Answers each problem once at temperature 0 (paper, Table 3): the policy writes a whole solution, Python runs it, the
 * grader compares. [problems], in order. A solution that does not end, or does not run, has no answer and is not right.
 * Errors: those of the policy's `solve`, e.g. a question too long for the model, and of the verifier.
 */
export async function greedyAnswers(
  problems: readonly Problem[],
  { policy, verifier, grader }: { policy: LocalPolicy; verifier: Verifier; grader: Grader },
  { maxTokens = 160 }: GreedyOptions = {},
): Promise<Answered[]> {
  const written = await writeGreedily(problems, { policy, verifier }, maxTokens)
  return problems.map((problem, i) => {
    const { steps, answer, tokens } = written[i]!
    const right = answer !== null && grader.equivalent(answer, problem.answer)
    return { problemId: problem.id, level: problem.level, steps, answer, right, tokens }
  })
}

/**
 * The policy's own greedy answers as a strategy, the baseline of every other. `maxTokens`: integer from 1 up. Errors: a
 * RangeError for one out of range.
 * @example
 * greedyStrategy().name // 'greedy'
 */
export function greedyStrategy({ maxTokens = 160 }: GreedyOptions = {}): Strategy {
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1))
    throw new RangeError(`Expected \`maxTokens\` to be an integer from 1 up, got \`${maxTokens}\``)
  return {
    name: 'greedy',
    answer: async (questions, parts) =>
      (await writeGreedily(questions, parts, maxTokens)).map(({ answer, tokens }) => ({ answer, tokens })),
  }
}

/** One solution of each question at temperature 0, and what it printed. */
async function writeGreedily(
  questions: readonly Pick<Question, 'id' | 'question'>[],
  { policy, verifier }: { policy: LocalPolicy; verifier: Verifier },
  maxTokens: number,
): Promise<Pick<Answered, 'steps' | 'answer' | 'tokens'>[]> {
  const prefixes = questions.map(({ id, question }) => ({ problemId: id, question, steps: [] }))
  const solutions = await policy.solve(prefixes, { maxTokens, temperature: 0, count: 1, seeds: questions.map(() => 0) })
  const programs = solutions.map(([solution]) => (solution?.complete ? solution.steps : []))
  const answers = await runPrograms(programs, verifier)
  return solutions.map(([solution], i) => ({
    steps: solution?.steps ?? [],
    answer: answers[i]!,
    tokens: solution?.tokens ?? 0,
  }))
}

/** The answer that each program prints; null for an empty program or one that fails. */
export async function runPrograms(
  programs: readonly (readonly Step[])[],
  verifier: Verifier,
): Promise<(string | null)[]> {
  const filled = programs.filter((program) => program.length > 0)
  const verdicts = await runWhole(verifier, filled)
  let next = 0
  return programs.map((program) => {
    if (program.length === 0) return null
    const verdict = verdicts[next++]!
    return verdict.kind === 'ok' ? parseAnswer(verdict.stdout) : null
  })
}
