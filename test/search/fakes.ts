// Ten-line stand-ins for the parts of a search, shared by the tests of search, annotate and pairs.

import { terminalGuided } from '../../lib/annotate/terminal-guided.ts'
import type { Policy, Proposal } from '../../lib/policy/contract.ts'
import type { Ppm } from '../../lib/policy/ppm-contract.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import type { Prefix, Problem, Step } from '../../lib/problem/problem.ts'
import type { SearchParts } from '../../lib/search/parts.ts'
import { normal, type Random, random } from '../../lib/seed/random.ts'
import type { Verifier } from '../../lib/verify/contract.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'

export const problem = (id = 'p', answer = '7', question = `What is ${id}?`): Problem => ({
  id,
  question,
  answer,
  level: 'easy',
  source: 'test',
})

export const step = (text: string, final = false): Proposal => ({ text, final, tokens: text.length })

/** A policy that proposes what a function of the prefix and of seeded numbers says. */
export const scripted = (next: (prefix: Prefix, rng: Random, count: number) => Proposal[], batchSize = 16): Policy => ({
  name: 'scripted',
  batchSize,
  propose: async (requests) => requests.map(({ prefix, seed, count }) => next(prefix, random(seed, 'scripted'), count)),
  dispose: async () => undefined,
})

/** `print(x)` prints x, `fail()` raises, `hang()` runs out of time, `breakSandbox()` is the sandbox's fault, `import gpu` lacks a module. */
export function verdictOf({ text }: Step): Verdict {
  if (text.includes('fail()')) return { kind: 'error', errorType: 'ValueError', message: 'fail', line: 1 }
  if (text.includes('hang()')) return { kind: 'timeout', clock: 'wall', limitMs: 10 }
  if (text.includes('breakSandbox()')) return { kind: 'infra', message: 'no process' }
  if (text.includes('import gpu')) return { kind: 'unsupported', missing: 'gpu', advice: 'install it' }
  return { kind: 'ok', stdout: /print\("?([^")]*)"?\)/.exec(text)?.[1] ?? '' }
}

export const fakeVerifier = (verdict: (step: Step) => Verdict = verdictOf): Verifier & { calls: Step[][] } => {
  const calls: Step[][] = []
  return {
    calls,
    get executions() {
      return calls.length
    },
    verify: async (steps, candidates) => {
      calls.push([...steps])
      return candidates.map(verdict)
    },
    dispose: async () => undefined,
  }
}

/** A PPM with a score for each path. */
export const fakePpm = (score: (steps: readonly Step[], prefix: Prefix) => number, batchSize = 16): Ppm => ({
  name: 'fake',
  batchSize,
  score: async (requests) =>
    requests.map(({ prefix, candidates }) => candidates.map((last) => score([...prefix.steps, last], prefix))),
  dispose: async () => undefined,
})

/** The truth blurred: `noise` is the standard deviation of what is added before clipping to [-1, 1]. */
export const noisyPpm = (truth: (steps: readonly Step[], prefix: Prefix) => number, noise: number, seed = 1): Ppm =>
  fakePpm((steps, prefix) => {
    const blur = normal(random(seed, prefix.problemId, ...steps.map(({ text }) => text)))
    return Math.max(-1, Math.min(1, truth(steps, prefix) + noise * blur))
  })

export const parts = (policy: Policy, more: Partial<SearchParts> = {}): SearchParts => ({
  policy,
  verifier: fakeVerifier(),
  annotator: terminalGuided(),
  grader: numericGrader,
  ...more,
})

/**
 * A finite-state policy: `digits` steps `now = d` (d below `base`, drawn at random), then `print(sum of the digits)`.
 * One step in `failEvery` fails to run; one path in a few ends early.
 */
export const digitPolicy = ({ digits = 4, base = 3, failEvery = 9, early = 0.1, batchSize = 16 } = {}): Policy =>
  scripted((prefix, rng, count) => {
    const sum = digitSum(prefix.steps)
    return Array.from({ length: count }, () => {
      if (prefix.steps.length >= digits || (prefix.steps.length > 0 && rng() < early))
        return { ...step(rng() < 0.2 ? `print(${sum + 1})` : `print(${sum})`, true), logProbability: -0.5 }
      if (rng() < 1 / failEvery) return step('fail()')
      const digit = Math.floor(rng() * base)
      return { ...step(`# take ${Math.floor(rng() * 2)}\nnow = ${digit}`), logProbability: Math.log(1 / base) }
    })
  }, batchSize)

export const digitSum = (steps: readonly Step[]): number =>
  steps.reduce((sum, { text }) => sum + Number(/now = (\d)/.exec(text)?.[1] ?? 0), 0)
