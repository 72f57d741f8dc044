import assert from 'node:assert/strict'
import test from 'node:test'
import { meanPassAtK, passAtK } from '../../lib/eval/pass-at-k.ts'

/** Share of the k-subsets of n samples that hold one of the first c: the definition, by enumeration. */
function enumerated(n: number, c: number, k: number): number {
  let [subsets, hits] = [0, 0]
  for (let set = 0; set < 2 ** n; set++) {
    const members = Array.from({ length: n }, (_, i) => i).filter((i) => set & (1 << i))
    if (members.length !== k) continue
    subsets++
    if (members.some((i) => i < c)) hits++
  }
  return hits / subsets
}

test('pass@k equals the share of all k-subsets with a right sample', () => {
  for (let n = 1; n <= 8; n++)
    for (let c = 0; c <= n; c++)
      for (let k = 1; k <= n; k++) assert.ok(Math.abs(passAtK(n, c, k) - enumerated(n, c, k)) < 1e-12, `${n} ${c} ${k}`)
})

test('pass@k repeats the worked example, stays finite for many samples, and refuses too few', () => {
  assert.equal(passAtK(4, 1, 2), 0.5)
  assert.ok(Math.abs(passAtK(10_000, 5000, 64) - 1) < 1e-12)
  assert.throws(() => passAtK(3, 1, 4), /from 1 to n = 3, got `4`/)
  assert.throws(() => passAtK(3, 4, 1), /0 <= c <= n/)
})

test('mean pass@1 is the share of right samples', () => {
  const problems = [
    { n: 4, c: 1 },
    { n: 4, c: 4 },
    { n: 8, c: 0 },
  ]
  const mean = meanPassAtK(problems, 1)!
  assert.ok(Math.abs(mean.value - 1.25 / 3) < 1e-12)
  assert.equal(mean.n, 3)
  assert.equal(meanPassAtK([], 1), undefined)
})
