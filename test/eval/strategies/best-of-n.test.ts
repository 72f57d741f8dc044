import assert from 'node:assert/strict'
import test from 'node:test'
import { samplesWithin } from '../../../lib/eval/strategies/best-of-n.ts'
import { below, random } from '../../../lib/seed/random.ts'

test('leading samples fill the budget and never pass it, but one sample is always allowed', () => {
  assert.equal(samplesWithin(100, [40, 50, 60]), 2)
  assert.equal(samplesWithin(150, [40, 50, 60]), 3)
  assert.equal(samplesWithin(10, [40, 50]), 1)
  assert.equal(samplesWithin(100, []), 0)
  const rng = random(5, 'tokens')
  for (let i = 0; i < 200; i++) {
    const samples = Array.from({ length: 1 + below(rng, 20) }, () => 1 + below(rng, 60))
    const budget = below(rng, 600)
    const count = samplesWithin(budget, samples)
    const spent = (k: number) => samples.slice(0, k).reduce((a, b) => a + b, 0)
    assert.ok(count === 1 || spent(count) <= budget)
    assert.ok(count === samples.length || spent(count + 1) > budget)
  }
})

test('negative or missing numbers of tokens are refused', () => {
  assert.throws(() => samplesWithin(-1, [1]), RangeError)
  assert.throws(() => samplesWithin(10, [Number.NaN]), RangeError)
})
