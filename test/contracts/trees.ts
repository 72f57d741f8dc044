// Searched trees of made-up problems: one that is solved sometimes, one always, one never. Some steps fail, some no model
// should learn from. Grown by the library's own search, without Python.
import { terminalGuided } from '../../lib/annotate/terminal-guided.ts'
import type { Policy, Proposal } from '../../lib/policy/contract.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import type { Prefix, Problem, Step } from '../../lib/problem/problem.ts'
import { releasedCode } from '../../lib/search/options.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import { newTree, type Tree } from '../../lib/search/tree.ts'
import { below, type Random, random } from '../../lib/seed/random.ts'
import type { Verifier } from '../../lib/verify/contract.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'

const problem = (id: string, answer: string): Problem => ({
  id: `contract/${id}`,
  question: `What is ${id}?`,
  answer,
  level: 'easy',
  source: 'contract',
})

const problems = [problem('sometimes', '3'), problem('always', '1'), problem('never', '99'), problem('perhaps', '2')]

const proposal = (text: string, final = false): Proposal => ({ text, final, tokens: text.length })

/** Three digits, then their sum, or one more. */
function next({ problemId, steps }: Prefix, rng: Random): Proposal {
  const chance = rng()
  if (problemId === 'contract/always')
    return steps.length < 2 ? proposal(`now = ${steps.length}`) : proposal('print(1)', true)
  if (chance < 0.1) return proposal('fail()')
  if (chance < 0.2) return proposal('import os')
  if (steps.length < 3) return proposal(`now = ${below(rng, 3)}`)
  const sum = steps.reduce((total, { text }) => total + Number(/^now = (\d)/.exec(text)?.[1] ?? 0), 0)
  return proposal(`print(${sum + below(rng, 2)})`, true)
}

const policy: Policy = {
  name: 'digits',
  batchSize: 8,
  propose: async (requests) =>
    requests.map(({ prefix, count, seed }) => {
      const rng = random(seed, 'digits')
      return Array.from({ length: count }, () => next(prefix, rng))
    }),
  dispose: async () => undefined,
}

function verdictOf({ text }: Step): Verdict {
  if (text === 'fail()') return { kind: 'error', errorType: 'ValueError', message: 'fail', line: 1 }
  const refusal = text === 'import os' ? { refusal: 'it imports os' } : {}
  return { kind: 'ok', stdout: /^print\((.*)\)$/.exec(text)?.[1] ?? '', ...refusal }
}

const verifier: Verifier = {
  executions: 0,
  verify: async (_, candidates) => candidates.map(verdictOf),
  dispose: async () => undefined,
}

/** Two trees of each problem, of which one keeps steps that failed; the same ones at each call. */
export async function contractTrees(): Promise<Tree[][]> {
  const parts = { policy, verifier, annotator: terminalGuided(), grader: numericGrader }
  const options = { seed: 5, rollouts: 16, width: 6 }
  const grow = (each: Problem) => [
    searchTree(newTree(each, options), parts),
    searchTree(newTree(each, { ...releasedCode, ...options, errorTolerance: 2 }, 1), parts),
  ]
  return Promise.all(problems.map((each) => Promise.all(grow(each))))
}
