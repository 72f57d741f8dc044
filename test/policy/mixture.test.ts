import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Policy, ProposalRequest } from '../../lib/policy/contract.ts'
import { divideCount, mixturePolicy } from '../../lib/policy/mixture.ts'

/** Proposes its own name, `count` times; notes how it was asked. */
const named = (name: string, log: number[] = []): Policy => ({
  name,
  batchSize: 4,
  propose: async (requests) =>
    requests.map(({ count }) => {
      log.push(count)
      return Array.from({ length: count }, () => ({ text: name, final: false, tokens: 0 }))
    }),
  dispose: async () => undefined,
})

const request = (count: number, seed: number): ProposalRequest => ({
  prefix: { problemId: 'p', question: 'Ana has 3 pens.', steps: [] },
  count,
  seed,
})

describe('mixture', () => {
  test('proposals come in the order of the parts, as many in all as were asked for', async () => {
    const mixture = mixturePolicy([
      { policy: named('a'), share: 3 },
      { policy: named('b'), share: 1 },
    ])
    const [proposals] = await mixture.propose([request(8, 1)])
    assert.deepEqual(
      proposals!.map(({ text }) => text),
      ['a', 'a', 'a', 'a', 'a', 'a', 'b', 'b'],
    )
    assert.equal(mixture.name, 'a 75 % + b 25 %')
  })

  test('for any count the parts add up, and over many seeds each has its share', () => {
    const shares = [0.5, 0.3, 0.2]
    const totals = [0, 0, 0]
    for (let seed = 0; seed < 4000; seed++) {
      const counts = divideCount({ count: 3, seed }, shares)
      assert.equal(
        counts.reduce((a, b) => a + b),
        3,
      )
      counts.forEach((count, i) => {
        assert.ok(count >= 0)
        totals[i] = totals[i]! + count
      })
    }
    totals.forEach((total, i) => {
      assert.ok(Math.abs(total / 12_000 - shares[i]!) < 0.02, `${total / 12_000}`)
    })
  })

  test('a part with no candidates to give is not asked', async () => {
    const log: number[] = []
    const mixture = mixturePolicy([
      { policy: named('a'), share: 1 },
      { policy: named('b', log), share: 0 },
    ])
    await mixture.propose([request(5, 1), request(7, 2)])
    assert.deepEqual(log, [])
  })

  test('it needs a share above 0', () => {
    assert.throws(() => mixturePolicy([]), /shares/)
    assert.throws(() => mixturePolicy([{ policy: named('a'), share: -1 }]), /shares/)
  })
})
