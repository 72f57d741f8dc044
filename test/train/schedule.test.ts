import assert from 'node:assert/strict'
import test from 'node:test'
import { linearSchedule, type ScheduleOptions, thresholdSchedule } from '../../lib/train/schedule.ts'

const options = { learningRate: 1, warmUp: 4, threshold: 0.5, tail: 10, floor: 0.2, maxSteps: 100, minSteps: 8 }

/** The rates of a training whose loss at each step is given by a function. */
function rates(loss: (step: number) => number, more: ScheduleOptions = {}) {
  const schedule = thresholdSchedule({ ...options, ...more })
  const list: number[] = []
  for (let rate = schedule.next(); rate !== null; rate = schedule.next()) {
    list.push(rate)
    schedule.observe(loss(list.length))
  }
  return { list, schedule }
}

test('after the warm-up the rate is constant until the smoothed loss has fallen below the threshold', () => {
  const { list, schedule } = rates((step) => (step < 30 ? 2 : 0))
  const decayFrom = list.findIndex((rate, i) => i >= 4 && rate < 1)
  assert.deepEqual(list.slice(0, 4), [0.25, 0.5, 0.75, 1])
  assert.ok(list.slice(4, decayFrom).every((rate) => rate === 1))
  assert.ok(decayFrom > 30 + 20, 'one good loss does not end it: 2 · 0.95^n must fall below 0.5')
  assert.equal(schedule.capped, false)
})

test('the decay is linear, stops at the floor, and the training ends `tail` steps after it began', () => {
  const { list, schedule } = rates(() => 0)
  assert.equal(list.length, options.minSteps + 1 + options.tail)
  const decay = list.slice(options.minSteps + 1)
  assert.deepEqual(
    decay.map((rate) => Number(rate.toFixed(6))),
    [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.2],
  )
  assert.equal(schedule.decaying, true)
})

test('a loss that never falls is cut off at `maxSteps`, with the decay inside, and says so', () => {
  const { list, schedule } = rates(() => 3)
  assert.equal(list.length, options.maxSteps)
  assert.equal(list.findIndex((rate, i) => i >= 4 && rate < 1) - 1, options.maxSteps - options.tail)
  assert.equal(schedule.capped, true)
})

test('a low loss before `minSteps` does not begin the decay', () => {
  const { list } = rates((step) => (step < options.minSteps ? 0 : 50))
  assert.equal(list.length, options.maxSteps)
})

test('without a warm-up the first step has the full rate', () => {
  assert.equal(rates(() => 0, { warmUp: 0 }).list[0], 1)
})

test('a tail that does not fit the step limit is refused', () => {
  assert.throws(() => thresholdSchedule({ maxSteps: 5, tail: 10 }), /`maxSteps` of at least `tail` \(10\), got 5/)
})

test('a linear schedule takes its steps whatever the loss: up during the warm-up, then down to the floor', () => {
  const schedule = linearSchedule({ learningRate: 1, warmUp: 2, floor: 0.4, steps: 5 })
  const list: number[] = []
  for (let rate = schedule.next(); rate !== null; rate = schedule.next()) {
    list.push(rate)
    schedule.observe(list.length === 1 ? 1 : 0)
  }
  assert.deepEqual(list, [0.5, 0.8, 0.6, 0.4, 0.4])
  assert.equal(schedule.step, 5)
  assert.ok(Math.abs(schedule.smoothedLoss - 0.95 ** 4) < 1e-12)
})
