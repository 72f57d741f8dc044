// Ways of answering that people bring, measured beside each other. The reference answers stay here.
import type { Problem } from '../problem/problem.ts'
import { type BandMeasures, bands } from './intervals.ts'
import type { Strategy, StrategyAnswer, StrategyParts } from './strategy.ts'

/**
 * Asks each strategy all problems, and grades. `measures`: share of right answers by strategy, none without problems;
 * `tokens`: what each generated in all, as `strategy NAME`. Errors: a strategy without a name, two of one name, one that gives
 * too few or too many answers or what is none,
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
    if (typeof name !== 'string' || name.trim() === '')
      throw new TypeError(`Expected a strategy to have a name, got ${JSON.stringify(name)}`)
    if (names.has(name)) throw new Error(`Expected strategies of different names, got "${name}" twice`)
    names.add(name)
    tell(name, 0, problems.length)
    const answers = await strategy.answer(questions, { ...parts, ...(signal && { signal }) } as StrategyParts)
    signal?.throwIfAborted()
    if (answers.length !== problems.length)
      throw new Error(
        `Expected ${problems.length} answers of the strategy "${name}", one for each question in order, got ${answers.length}`,
      )
    const unusable = answers.findIndex((each) => !isAnswer(each))
    if (unusable >= 0)
      throw new TypeError(
        `Expected each answer of the strategy "${name}" to be { answer: text or null, tokens: whole number from 0 up }, got ${JSON.stringify(answers[unusable])}`,
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

const isAnswer = (given: StrategyAnswer | undefined): boolean =>
  (given?.answer === null || typeof given?.answer === 'string') && Number.isInteger(given.tokens) && given.tokens >= 0
