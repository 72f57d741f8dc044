// The laws of every policy (lib/policy/contract.ts), as one suite that each kind of policy runs. Equal means equal to the
// last bit, log-probabilities included: they are written to the files of a run, which must not depend on timing.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Policy, ProposalRequest } from '../../lib/policy/contract.ts'
import type { Prefix } from '../../lib/problem/problem.ts'

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

export interface PolicyContractOptions {
  /** Why the suite cannot run here. @default false */
  skip?: string | false
}

/**
 * Declares the suite. `make` gives a fresh policy for each test; the suite disposes it.
 * Example: `policyContract('scripted', () => scriptedPolicy(['x = 2', 'print(x)']))`
 */
export function policyContract(
  name: string,
  make: () => Policy | Promise<Policy>,
  { skip = false }: PolicyContractOptions = {},
): void {
  const law = (title: string, check: (policy: Policy) => Promise<void>) =>
    test(title, async () => {
      const policy = await make()
      try {
        await check(policy)
      } finally {
        await policy.dispose()
      }
    })
  const requests = (seed = 1): ProposalRequest[] =>
    contractPrefixes.map((prefix, index) => ({ prefix, count: 3 + index, seed: seed + index }))

  describe(`${name} keeps the policy contract`, { skip }, () => {
    law('each request gets one list of at most as many proposals as it asked for', async (policy) => {
      const asked = requests()
      const lists = await policy.propose(asked)
      assert.equal(lists.length, asked.length)
      for (const [i, list] of lists.entries())
        assert.ok(list.length <= asked[i]!.count, `${list.length} for ${asked[i]!.count}`)
    })

    law('no request, no list', async (policy) => assert.deepEqual(await policy.propose([]), []))

    law('a proposal is a step with text and without a newline at its end', async (policy) => {
      for (const proposal of (await policy.propose(requests())).flat()) {
        assert.notEqual(proposal.text.trim(), '')
        assert.ok(!proposal.text.endsWith('\n'))
        assert.equal(typeof proposal.final, 'boolean')
      }
    })

    law('tokens are counted from 0 up, and a log-probability is at most 0', async (policy) => {
      for (const { tokens, logProbability } of (await policy.propose(requests())).flat()) {
        assert.ok(Number.isInteger(tokens) && tokens >= 0)
        if (logProbability !== undefined) assert.ok(logProbability <= 1e-4, String(logProbability))
      }
    })

    law('the same requests get the same proposals', async (policy) => {
      assert.deepEqual(await policy.propose(requests()), await policy.propose(requests()))
    })

    law('two policies made alike propose alike', async (policy) => {
      const other = await make()
      try {
        assert.deepEqual(await other.propose(requests()), await policy.propose(requests()))
      } finally {
        await other.dispose()
      }
    })

    law('proposals do not depend on what else is in the batch, nor on its order', async (policy) => {
      const together = await policy.propose(requests())
      const reversed = await policy.propose(requests().reverse())
      assert.deepEqual(reversed.reverse(), together)
      for (const [index, request] of requests().entries()) {
        const [alone] = await policy.propose([request])
        assert.deepEqual(alone, together[index])
      }
    })

    law('calls that run at once do not disturb each other', async (policy) => {
      const [first, second] = await Promise.all([policy.propose(requests(1)), policy.propose(requests(50))])
      assert.deepEqual(first, await policy.propose(requests(1)))
      assert.deepEqual(second, await policy.propose(requests(50)))
    })

    law('requests are left as they were', async (policy) => {
      const asked = requests()
      await policy.propose(asked)
      assert.deepEqual(asked, requests())
    })

    law('over many seeds both steps that go on and steps that end the solution are proposed', async (policy) => {
      const finals = new Set<boolean>()
      for (let seed = 0; seed < 40; seed++)
        for (const proposal of (await policy.propose(requests(100 * seed))).flat()) finals.add(proposal.final)
      assert.deepEqual([...finals].sort(), [false, true])
    })

    law('it has a name and serves at least one request at a time', async (policy) => {
      assert.notEqual(policy.name, '')
      assert.ok(policy.batchSize >= 1)
    })

    test('disposing twice is harmless', async () => {
      const policy = await make()
      await policy.dispose()
      await policy.dispose()
    })
  })
}
