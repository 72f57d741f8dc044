import assert from 'node:assert/strict'
import test from 'node:test'
import { bands, netGain, wilson } from '../../lib/eval/intervals.ts'
import { below, random } from '../../lib/seed/random.ts'

const near = (got: number, expected: number, within = 5e-4) =>
  assert.ok(Math.abs(got - expected) <= within, `expected about ${expected}, got ${got}`)

test('wilson repeats the worked example: 8 of 10 is 0.8 in [0.490, 0.943]', () => {
  const measure = wilson(8, 10)!
  assert.equal(measure.value, 0.8)
  assert.equal(measure.n, 10)
  near(measure.low, 0.4902)
  near(measure.high, 0.9433)
})

test('the ends of a Wilson interval solve (p - end)² = z² end (1 - end) / n, and hold the share', () => {
  const rng = random(3, 'wilson')
  for (let i = 0; i < 200; i++) {
    const n = 1 + below(rng, 2000)
    const successes = below(rng, n + 1)
    const { value, low, high } = wilson(successes, n)!
    assert.ok(0 <= low && low <= value && value <= high && high <= 1)
    for (const end of [low, high]) near((value - end) ** 2 - (1.96 ** 2 * end * (1 - end)) / n, 0, 1e-9)
  }
})

test('all or none right keeps an interval that is not a point', () => {
  const [none, every] = [wilson(0, 20)!, wilson(20, 20)!]
  assert.equal(none.low, 0)
  near(none.high, 0.1611)
  assert.equal(every.high, 1)
  near(every.low, 1 - none.high, 1e-9)
})

test('without cases there is no share, and impossible counts are refused', () => {
  assert.equal(wilson(0, 0), undefined)
  assert.throws(() => wilson(3, 2), /from 0 to 2, got `3`/)
  assert.throws(() => wilson(Number.NaN, 2), RangeError)
  assert.throws(() => wilson(1, 2.5), RangeError)
})

test('bands share out by level; other words count in all only, empty bands are absent', () => {
  const items = [
    { level: 'easy', right: true },
    { level: 'easy', right: false },
    { level: 'hard', right: false },
    { level: 'Level 5', right: true },
  ]
  const measured = bands(
    items,
    (item) => item.level,
    (item) => item.right,
  )!
  assert.deepEqual(measured.all, wilson(2, 4))
  assert.deepEqual(measured.easy, wilson(1, 2))
  assert.deepEqual(measured.hard, wilson(0, 1))
  assert.ok(!('medium' in measured))
  assert.equal(
    bands(
      [],
      () => 'easy',
      () => true,
    ),
    undefined,
  )
})

test('net gain repeats the worked example and is negative when more is broken than mended', () => {
  assert.deepEqual(netGain([true, false, false, false], [false, true, true, false]), {
    n: 4,
    missed: 3,
    gained: 2,
    lost: 1,
    net: 1 / 3,
  })
  assert.equal(netGain([true, true, false], [false, false, false]).net, -2)
  assert.equal(netGain([true], [true]).net, 0)
  assert.throws(() => netGain([true], []), /two results of each problem, got 1 and 0/)
})
