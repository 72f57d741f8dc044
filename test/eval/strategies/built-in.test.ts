// The strategies that are there to be measured beside own ones.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { greedyAnswers, greedyStrategy } from '../../../lib/eval/strategies/greedy.ts'
import { majorityStrategy } from '../../../lib/eval/strategies/majority.ts'
import type { Strategy } from '../../../lib/eval/strategy.ts'
import type { LocalPolicy } from '../../../lib/policy/local.ts'
import { numericGrader } from '../../../lib/problem/numeric-grader.ts'
import { openVerifier } from '../../../lib/verify/verifier.ts'
import { contractPolicy } from '../../contracts/solver.ts'
import { strategyContract } from '../../contracts/strategy.ts'
import { problem } from '../../search/fakes.ts'

const verifier = await openVerifier({ processes: 1 })
after(() => verifier.dispose())
const grader = numericGrader

strategyContract('greedy', greedyStrategy)
strategyContract('maj@5', () => majorityStrategy({ samples: 5 }))

const policy = contractPolicy({ tokens: 0, disposed: 0 })
const problems = ['Mia has 12 apples and eats 5.', 'Leo has 40 coins and spends 16.'].map((q, i) =>
  problem(`p${i}`, '7', q),
)
const ask = (strategy: Strategy, asked: LocalPolicy = policy) =>
  strategy.answer(problems, { policy: asked, ppm: null, verifier, grader, seed: 1 })

test('the greedy strategy gives the answers that greedy pass@1 is measured on', async () => {
  const measured = await greedyAnswers(problems, { policy, verifier, grader })
  assert.deepEqual(
    await ask(greedyStrategy()),
    measured.map(({ answer, tokens }) => ({ answer, tokens })),
  )
})

/** Writes these programs for every question, in this order. */
const writes = (...codes: string[]): LocalPolicy => ({
  ...policy,
  solve: async (prefixes, { count }) =>
    prefixes.map(() => {
      assert.equal(count, codes.length)
      return codes.map((text) => ({
        steps: [{ text, final: true }],
        complete: text !== 'cut off',
        tokens: 3,
        logProbability: -3,
      }))
    }),
})

test('majority: the commonest answer as it was first printed; what does not run has no vote but costs its tokens', async () => {
  const strategy = majorityStrategy({ samples: 7 })
  assert.equal(strategy.name, 'maj@7')
  const codes = ['print(8)', 'print(7.0)', 'cut off', 'print(7)', 'print(1 // 0)', 'print(1 // 0)', 'print(1 // 0)']
  assert.deepEqual(await ask(strategy, writes(...codes)), Array(2).fill({ answer: '7.0', tokens: 21 }))
  assert.deepEqual(
    await ask(majorityStrategy({ samples: 1 }), writes('cut off')),
    Array(2).fill({ answer: null, tokens: 3 }),
  )
})

test('majority at temperature 0 is greedy', async () => {
  const answers = async (strategy: Strategy) => (await ask(strategy)).map(({ answer }) => answer)
  assert.deepEqual(await answers(majorityStrategy({ samples: 1, temperature: 0 })), await answers(greedyStrategy()))
})

test('options out of range are refused', () => {
  assert.throws(() => majorityStrategy({ samples: 0 }), /`samples` to be an integer from 1 up, got `0`/)
  assert.throws(() => majorityStrategy({ temperature: -1 }), /`temperature` to be 0 or more, got `-1`/)
  for (const strategy of [greedyStrategy, majorityStrategy])
    assert.throws(() => strategy({ maxTokens: 1.5 }), /`maxTokens` to be an integer from 1 up, got `1.5`/)
})
