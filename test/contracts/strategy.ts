// The laws of every evaluation strategy (lib/eval/strategy.ts), asked with made-up models and real Python.
import assert from 'node:assert/strict'
import type { Question, Strategy, StrategyAnswer, StrategyParts } from '../../lib/eval/strategy.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { type ContractOptions, declareLaws, expectName, type Law, type Make, using } from './laws.ts'
import { contractPrefixes } from './policy.ts'
import { contractPolicy, contractPpm, type Use } from './solver.ts'

const questions = (): Question[] =>
  contractPrefixes.map(({ problemId, question }) => ({ id: problemId, question, level: 'easy', source: 'contract' }))

/** What a check can do: ask, and see how the parts were used. */
interface Asking {
  ask(asked: readonly Question[], more?: Partial<StrategyParts>, other?: Strategy): Promise<StrategyAnswer[]>
  readonly use: Use
}

/** A law that asks a strategy; what it is given is disposed afterwards. */
const law = (title: string, check: (asking: Asking, make: Make<Strategy>) => Promise<void>) => ({
  title,
  async check(strategy: Strategy, make: Make<Strategy>) {
    const use: Use = { tokens: 0, disposed: 0 }
    const verifier = await openVerifier({ processes: 1, allowWeakIsolation: true }) // the steps are those of solver.ts
    const dispose = async () => void use.disposed++
    const lent = {
      verify: verifier.verify.bind(verifier),
      run: verifier.run.bind(verifier),
      dispose,
      get executions() {
        return verifier.executions
      },
    }
    const parts = { policy: contractPolicy(use), ppm: contractPpm(use), verifier: lent, grader: numericGrader, seed: 1 }
    try {
      const ask: Asking['ask'] = (asked, more, other = strategy) => other.answer(asked, { ...parts, ...more })
      await check({ ask, use }, make)
    } finally {
      await verifier.dispose()
    }
  },
})

/** The laws of a strategy, one by one, for `brokenLaws`. */
export const strategyLaws: readonly Law<Strategy>[] = [
  {
    title: 'it has a name',
    check: ({ name }) => expectName(name),
  },
  law('each question gets one answer, a text that is not empty or null', async ({ ask }) => {
    const answers = await ask(questions())
    assert.equal(answers.length, questions().length)
    for (const { answer } of answers) assert.ok(answer === null || (typeof answer === 'string' && answer.trim() !== ''))
  }),
  law('no question, no answer', async ({ ask }) => assert.deepEqual(await ask([]), [])),
  law('over a few seeds some question is answered', async ({ ask }) => {
    for (let seed = 0; seed < 5; seed++)
      if ((await ask(questions(), { seed })).some(({ answer }) => answer !== null)) return
    assert.fail('Expected an answer, got null each time')
  }),
  law('answers do not depend on what else is asked, nor on its order', async ({ ask }) => {
    const together = await ask(questions())
    assert.deepEqual([...(await ask(questions().reverse()))].reverse(), together)
    for (const [i, question] of questions().entries()) assert.deepEqual((await ask([question]))[0], together[i])
  }),
  law('the same seed gives the same answers', async ({ ask }) => {
    assert.deepEqual(await ask(questions(), { seed: 7 }), await ask(questions(), { seed: 7 }))
  }),
  law('two strategies made alike answer alike', ({ ask }, make) =>
    using(make, async (other) => assert.deepEqual(await ask(questions(), {}, other), await ask(questions()))),
  ),
  law('tokens are counted from 0 up, and all that the policy generated are', async ({ ask, use }) => {
    const answers = await ask(questions())
    for (const { tokens } of answers) assert.ok(Number.isFinite(tokens) && tokens >= 0, String(tokens))
    const counted = answers.reduce((sum, { tokens }) => sum + tokens, 0)
    assert.ok(counted >= use.tokens, `${counted} counted of ${use.tokens}`)
  }),
  law('without a PPM it answers as well', async ({ ask }) => {
    assert.equal((await ask(questions(), { ppm: null })).length, questions().length)
  }),
  law('calls that run at once do not disturb each other', async ({ ask }) => {
    const [first, second] = await Promise.all([ask(questions(), { seed: 1 }), ask(questions(), { seed: 2 })])
    assert.deepEqual(first, await ask(questions(), { seed: 1 }))
    assert.deepEqual(second, await ask(questions(), { seed: 2 }))
  }),
  law('the parts are not disposed', async ({ ask, use }) => {
    await ask(questions())
    assert.equal(use.disposed, 0)
  }),
  law('questions are left as they were', async ({ ask }) => {
    const asked = questions()
    await ask(asked)
    assert.deepEqual(asked, questions())
  }),
]

/**
 * Declares the laws as tests. `make` gives a fresh strategy for each.
 * Example: `strategyContract('maj@4', () => majorityStrategy({ samples: 4 }))`
 */
export function strategyContract(name: string, make: Make<Strategy>, options: ContractOptions = {}): void {
  declareLaws(`${name} keeps the strategy contract`, strategyLaws, make, options)
}
