// Models for a strategy to ask: a policy that adds and subtracts the numbers of a question, often well, and a PPM with an
// opinion. Both note what they were asked. Real Python runs the steps.
import type { LocalPolicy } from '../../lib/policy/local.ts'
import type { Ppm } from '../../lib/policy/ppm-contract.ts'
import type { Prefix, Step } from '../../lib/problem/problem.ts'
import { below, type Random, random } from '../../lib/seed/random.ts'

/** Tokens that were generated, and how often a part was disposed. */
export interface Use {
  tokens: number
  disposed: number
}

const tokensOf = ({ text }: Step): number => text.split(' ').length + 1

/** The step after `steps`: a number of the question is subtracted or added; the last one prints. */
function next({ question, steps }: Pick<Prefix, 'question' | 'steps'>, rng: Random): Step {
  const numbers = question.match(/\d+/g) ?? ['0']
  const number = numbers[steps.length]
  if (number === undefined || rng() < 0.1) return { text: 'print(now)', final: true }
  if (steps.length === 0) return { text: `now = ${number}`, final: false }
  return { text: `now = now ${rng() < 0.7 ? '-' : '+'} ${number}`, final: false }
}

/** Draws depend on prefix, count, seed and temperature alone; at temperature 0 on the question alone. */
export function contractPolicy(use: Use): LocalPolicy {
  return {
    name: 'contract',
    batchSize: 8,
    propose: async (requests) =>
      requests.map(({ prefix, count, seed }) => {
        const rng = random(seed, 'propose', prefix.question, prefix.steps.length)
        return Array.from({ length: count }, () => {
          const step = next(prefix, rng)
          use.tokens += tokensOf(step)
          return { ...step, tokens: tokensOf(step), logProbability: -1 }
        })
      }),
    solve: async (prefixes, { seeds, count = 1, temperature = 0, maxTokens = 200 }) =>
      prefixes.map((prefix, i) => {
        const rng = random(temperature === 0 ? 0 : seeds[i]!, 'solve', prefix.question)
        return Array.from({ length: count }, () => {
          const steps: Step[] = []
          while (!steps.at(-1)?.final) steps.push(next({ ...prefix, steps: [...prefix.steps, ...steps] }, rng))
          const tokens = Math.min(
            maxTokens,
            steps.reduce((sum, step) => sum + tokensOf(step), 0),
          )
          use.tokens += tokens
          const isCut = below(rng, 8) === 0
          return { steps: isCut ? steps.slice(0, -1) : steps, complete: !isCut, tokens, logProbability: -tokens }
        })
      }),
    dispose: async () => void use.disposed++,
  }
}

/** Likes some steps more than others, for no reason. */
export function contractPpm(use: Use): Ppm {
  return {
    name: 'contract',
    batchSize: 8,
    score: async (requests) =>
      requests.map(({ prefix, candidates }) =>
        candidates.map(({ text }) => 2 * random(1, prefix.question, prefix.steps.length, text)() - 1),
      ),
    dispose: async () => void use.disposed++,
  }
}
