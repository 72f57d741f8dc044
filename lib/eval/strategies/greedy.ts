// Greedy pass@1: the policy writes each solution in one go, Python runs it, the grader compares. No search, no PPM.
import type { LocalPolicy } from '../../policy/local.ts'
import { parseAnswer } from '../../problem/answer.ts'
import type { Grader } from '../../problem/grader.ts'
import type { Problem, Step } from '../../problem/problem.ts'
import { runWhole, type Verifier } from '../../verify/contract.ts'

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
  const prefixes = problems.map(({ id, question }) => ({ problemId: id, question, steps: [] }))
  const solutions = await policy.solve(prefixes, { maxTokens, temperature: 0, count: 1, seeds: problems.map(() => 0) })
  const programs = solutions.map(([solution]) => (solution?.complete ? solution.steps : []))
  const answers = await runPrograms(programs, verifier)
  return problems.map((problem, i) => ({
    problemId: problem.id,
    level: problem.level,
    steps: solutions[i]![0]?.steps ?? [],
    answer: answers[i]!,
    right: answers[i] !== null && grader.equivalent(answers[i]!, problem.answer),
    tokens: solutions[i]![0]?.tokens ?? 0,
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
