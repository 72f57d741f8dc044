import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Policy, ProposalRequest } from '../../lib/policy/contract.ts'
import { renumberedPolicy } from '../../lib/policy/renumbered.ts'
import { literalsOf } from '../../lib/problem/literals.ts'
import type { Prefix } from '../../lib/problem/problem.ts'
import { policyContract } from '../contracts/policy.ts'
import { scripted, step } from '../search/fakes.ts'

/** Uses the question's next number, or ends; notes what it was asked. */
function reader(asked: ProposalRequest[] = [], next = (prefix: Prefix) => numberAfter(prefix)): Policy {
  const policy = scripted((prefix, rng, count) =>
    Array.from({ length: count }, () => (rng() < 0.8 ? step(`now = ${next(prefix)}`) : step('print(now)', true))),
  )
  return {
    ...policy,
    propose: (requests) => {
      asked.push(...requests)
      return policy.propose(requests)
    },
  }
}
const numberAfter = ({ question, steps }: Prefix): string =>
  literalsOf(question).map(({ code }) => code)[Math.min(steps.length, literalsOf(question).length - 1)]!

const prefix: Prefix = {
  problemId: 'p',
  question: 'Mia has 219 pens, buys 48 more, and then loses 7.',
  steps: [{ text: '# Mia has 219 pens\nstart = 219', final: false }],
}

policyContract('renumbered (scripted)', () => renumberedPolicy(reader(), { numberings: 3 }))

describe('a policy in several numberings', () => {
  test('one that reads the question proposes the same in every numbering, in the numbers of the question', async () => {
    const asked: ProposalRequest[] = []
    const [proposals] = await renumberedPolicy(reader(asked), { numberings: 4 }).propose([
      { prefix, count: 12, seed: 3 },
    ])
    assert.equal(proposals!.length, 12)
    assert.deepEqual([...new Set(proposals!.map(({ text }) => text))].sort(), ['now = 48', 'print(now)'])
    assert.equal(new Set(asked.map((request) => request.prefix.question)).size, 4)
    for (const { prefix: told, count } of asked) {
      const [first] = literalsOf(told.question)
      assert.equal(told.steps[0]!.text, `# Mia has ${first!.code} pens\nstart = ${first!.code}`)
      assert.equal(count, 3)
    }
  })

  test('one of the numberings is the question as it stands', async () => {
    const asked: ProposalRequest[] = []
    await renumberedPolicy(reader(asked), { numberings: 4 }).propose([{ prefix, count: 4, seed: 3 }])
    assert.equal(asked.filter((request) => request.prefix.question === prefix.question).length, 1)
  })

  test('a slip in one numbering stands alone among the proposals: a number that is not in the question stays', async () => {
    const slips = reader([], (told) => (told.question === prefix.question ? '48' : '4848'))
    const [proposals] = await renumberedPolicy(slips, { numberings: 2 }).propose([{ prefix, count: 8, seed: 3 }])
    const texts = new Set(proposals!.map(({ text }) => text))
    assert.ok(texts.has('now = 48') && texts.has('now = 4848'), [...texts].join())
  })

  test('a question without numbers is asked once, with the whole count', async () => {
    const asked: ProposalRequest[] = []
    const plain = { ...prefix, question: 'How many legs has a cat?', steps: [] }
    await renumberedPolicy(reader(asked, () => '4')).propose([{ prefix: plain, count: 6, seed: 3 }])
    assert.deepEqual(
      asked.map(({ count }) => count),
      [6],
    )
  })

  test('one numbering changes nothing', async () => {
    const request = { prefix, count: 6, seed: 3 }
    assert.deepEqual(
      await renumberedPolicy(reader(), { numberings: 1 }).propose([request]),
      await reader().propose([request]),
    )
  })

  test('a number of numberings out of range is refused', () => {
    for (const numberings of [0, 1.5, -1])
      assert.throws(() => renumberedPolicy(reader(), { numberings }), /`numberings` to be an integer from 1 up/)
  })
})
