// The laws of every policy (lib/policy/contract.ts). Equal means equal to the last bit, log-probabilities included: they
// are written to the files of a run, which must not depend on timing.
import assert from 'node:assert/strict'
import type { Policy, ProposalRequest } from '../../lib/policy/contract.ts'
import type { Prefix } from '../../lib/problem/problem.ts'
import { type ContractOptions, declareLaws, disposesTwice, type Law, type Make, servesBatches, using } from './laws.ts'

/** Short word problems, at their start, in their middle, and near their end. */
export const contractPrefixes: readonly Prefix[] = [
  {
    problemId: 'contract/apples',
    question: 'Mia has 12 apples. She gives 5 to Tom. How many apples does Mia have left?',
    steps: [{ text: 'start = 12', final: false }],
  },
  {
    problemId: 'contract/pens',
    question: 'A box holds 8 pens. Ann buys 3 boxes and loses 2 pens. How many pens does she have?',
    steps: [],
  },
  {
    problemId: 'contract/coins',
    question: 'Leo has 40 coins. He spends 16 and then finds 7. How many coins does Leo have now?',
    steps: [
      { text: 'start = 40', final: false },
      { text: 'now = start - 16', final: false },
    ],
  },
]

/** Copies all the way down, so that a policy that changes one is found out. */
const requests = (seed = 1): ProposalRequest[] =>
  structuredClone(contractPrefixes).map((prefix, index) => ({ prefix, count: 3 + index, seed: seed + index }))

/** The laws of a policy, one by one, for `brokenLaws`. */
export const policyLaws: readonly Law<Policy>[] = [
  {
    title: 'each request gets one list of at most as many proposals as it asked for',
    async check(policy) {
      const asked = requests()
      const lists = await policy.propose(asked)
      assert.equal(lists.length, asked.length)
      for (const [i, list] of lists.entries())
        assert.ok(list.length <= asked[i]!.count, `${list.length} for ${asked[i]!.count}`)
    },
  },
  {
    title: 'no request, no list',
    check: async (policy) => assert.deepEqual(await policy.propose([]), []),
  },
  {
    title: 'a proposal is a step with text and without a newline at its end',
    async check(policy) {
      for (const proposal of (await policy.propose(requests())).flat()) {
        assert.notEqual(proposal.text.trim(), '')
        assert.ok(!proposal.text.endsWith('\n'))
        assert.equal(typeof proposal.final, 'boolean')
      }
    },
  },
  {
    title: 'tokens are counted from 0 up, and a log-probability is at most 0',
    async check(policy) {
      for (const { tokens, logProbability } of (await policy.propose(requests())).flat()) {
        assert.ok(Number.isInteger(tokens) && tokens >= 0, `expected \`tokens\` as an integer from 0 up, got ${tokens}`)
        if (logProbability !== undefined)
          assert.ok(Number.isFinite(logProbability) && logProbability <= 1e-4, `a log-probability of ${logProbability}`)
      }
    },
  },
  {
    title: 'the same requests get the same proposals',
    check: async (policy) => assert.deepEqual(await policy.propose(requests()), await policy.propose(requests())),
  },
  {
    title: 'two policies made alike propose alike',
    check: (policy, make) =>
      using(make, async (other) => {
        assert.deepEqual(await other.propose(requests()), await policy.propose(requests()))
      }),
  },
  {
    title: 'proposals do not depend on what else is in the batch, nor on its order',
    async check(policy) {
      const together = await policy.propose(requests())
      const reversed = await policy.propose(requests().reverse())
      assert.deepEqual([...reversed].reverse(), together)
      for (const [index, request] of requests().entries()) {
        const [alone] = await policy.propose([request])
        assert.deepEqual(alone, together[index])
      }
    },
  },
  {
    title: 'calls that run at once do not disturb each other',
    async check(policy) {
      const [first, second] = await Promise.all([policy.propose(requests(1)), policy.propose(requests(50))])
      assert.deepEqual(first, await policy.propose(requests(1)))
      assert.deepEqual(second, await policy.propose(requests(50)))
    },
  },
  {
    title: 'requests are left as they were',
    async check(policy) {
      const asked = requests()
      await policy.propose(asked)
      assert.deepEqual(asked, requests())
    },
  },
  {
    title: 'over many seeds both steps that go on and steps that end the solution are proposed',
    async check(policy) {
      const finals = new Set<boolean>()
      for (let seed = 0; seed < 40; seed++)
        for (const proposal of (await policy.propose(requests(100 * seed))).flat()) finals.add(proposal.final)
      assert.deepEqual([...finals].sort(), [false, true])
    },
  },
  servesBatches,
  disposesTwice,
]

/**
 * Declares the laws as tests. `make` gives a fresh policy for each; the suite disposes it.
 * Example: `policyContract('scripted', () => scriptedPolicy(['x = 2', 'print(x)']))`
 */
export function policyContract(name: string, make: Make<Policy>, options: ContractOptions = {}): void {
  declareLaws(`${name} keeps the policy contract`, policyLaws, make, options)
}
