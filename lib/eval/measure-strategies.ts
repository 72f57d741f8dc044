// Ways of answering that people bring, measured beside each other. The reference answers stay here.
import type { Problem } from '../problem/problem.ts'
import { type BandMeasures, bands } from './intervals.ts'
import type { Strategy, StrategyParts } from './strategy.ts'

/**
 * Asks each strategy all problems, and grades. `measures`: share of right answers by strategy, none without problems;
 * `tokens`: what each generated in all, as `strategy NAME`. Errors: two strategies of one name, one that gives too few or too many answers,
 * and whatever a strategy throws.
 */
export async function measureStrategies(
  problems: readonly Problem[],
  strategies: readonly Strategy[],
  parts: Omit<StrategyParts, 'signal'> & { readonly signal: AbortSignal | undefined },
  tell: (note: string, done: number, of: number) => void = () => undefined,
): Promise<{ measures: Record<string, BandMeasures>; tokens: Record<string, number> }> {
  const { signal, grader } = parts
  const questions = problems.map(({ id, question, level, source }) => ({ id, question, level, source }))
  const measures: Record<string, BandMeasures> = {}
  const tokens: Record<string, number> = {}
  const names = new Set<string>()
  for (const strategy of strategies) {
    const { name } = strategy
    if (names.has(name)) throw new Error(`Expected strategies of different names, got "${name}" twice`)
    names.add(name)
    tell(name, 0, problems.length)
    const answers = await strategy.answer(questions, { ...parts, ...(signal && { signal }) } as StrategyParts)
    signal?.throwIfAborted()
    if (answers.length !== problems.length)
      throw new Error(
        `Expected ${problems.length} answers of the strategy "${name}", one for each question in order, got ${answers.length}`,
      )
    const share = bands(
      problems.map((problem, i) => ({ problem, answer: answers[i]!.answer })),
      ({ problem }) => problem.level,
      ({ problem, answer }) => answer !== null && grader.equivalent(answer, problem.answer),
    )
    if (share) measures[name] = share
    tokens[`strategy ${name}`] = answers.reduce((sum, answer) => sum + answer.tokens, 0)
    tell(name, problems.length, problems.length)
  }
  return { measures, tokens }
}
