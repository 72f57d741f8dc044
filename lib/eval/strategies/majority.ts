// maj@k: the policy writes several solutions of each question, Python runs them, the commonest answer wins. No PPM.
import { seedOf } from '../../seed/random.ts'
import type { Strategy } from '../strategy.ts'
import { majority } from '../vote.ts'
import { runPrograms } from './greedy.ts'

/** How many solutions vote, and how they are drawn. */
export interface MajorityOptions {
  /** Solutions of each question. Integer from 1 up. @default 8 */
  readonly samples?: number
  /** Sampling temperature. From 0 up; at 0 all samples are the greedy one. @default 1 */
  readonly temperature?: number
  /** Longest solution in tokens. Integer from 1 up. @default 160 */
  readonly maxTokens?: number
}

/**
 * The commonest of `samples` answers, grouped by the run's grader; ties go to the answer that was drawn first. Solutions
 * that print nothing do not vote. Errors: RangeErrors for options out of range.
 * @example
 * majorityStrategy({ samples: 16 }).name // 'maj@16'
 */
export function majorityStrategy({ samples = 8, temperature = 1, maxTokens = 160 }: MajorityOptions = {}): Strategy {
  for (const [option, value] of Object.entries({ samples, maxTokens }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new RangeError(`Expected \`${option}\` to be an integer from 1 up, got \`${value}\``)
  if (!(temperature >= 0)) throw new RangeError(`Expected \`temperature\` to be 0 or more, got \`${temperature}\``)
  return {
    name: `maj@${samples}`,
    async answer(questions, { policy, verifier, grader, seed }) {
      const solutions = await policy.solve(
        questions.map(({ id, question }) => ({ problemId: id, question, steps: [] })),
        { maxTokens, temperature, count: samples, seeds: questions.map(({ id }) => seedOf(seed, 'majority', id)) },
      )
      const programs = solutions.flat().map(({ complete, steps }) => (complete ? steps : []))
      const printed = await runPrograms(programs, verifier)
      let next = 0
      return solutions.map((list) => {
        const answers = list.map(() => printed[next++] ?? undefined)
        const chosen = majority(answers, (a, b) => grader.equivalent(a, b))
        return { answer: chosen?.answer ?? null, tokens: list.reduce((sum, { tokens }) => sum + tokens, 0) }
      })
    },
  }
}
