import assert from 'node:assert/strict'
import test from 'node:test'
import { bestByScore, majority, scoreWeighted } from '../../lib/eval/vote.ts'

const sameNumber = (a: string, b: string) => Number(a) === Number(b)

test('majority counts equivalent answers together and gives the one written first', () => {
  assert.deepEqual(majority(['4', '5', '4.0', undefined], sameNumber), { answer: '4', index: 0, weight: 2 })
  assert.equal(majority(['5', '4.0', '4'], sameNumber)!.answer, '4.0')
})

test('ties go to the answer that was given first, whatever the order of the others', () => {
  assert.equal(majority(['7', '8', '8', '7'], sameNumber)!.answer, '7')
  assert.equal(majority(['8', '7', '7', '8'], sameNumber)!.answer, '8')
  assert.equal(
    bestByScore([
      { answer: 'a', score: 0.5 },
      { answer: 'b', score: 0.5 },
    ])!.index,
    0,
  )
})

test('no answers, no choice', () => {
  assert.equal(majority([], sameNumber), undefined)
  assert.equal(majority([undefined, undefined], sameNumber), undefined)
  assert.equal(bestByScore([{ answer: undefined, score: 1 }]), undefined)
})

test('score-weighted voting sums the scores, so that two good votes beat one very good', () => {
  const candidates = [
    { answer: '1', score: 0.9 },
    { answer: '2', score: 0.5 },
    { answer: '2.0', score: 0.6 },
    { answer: undefined, score: 1 },
  ]
  assert.equal(scoreWeighted(candidates, sameNumber)!.answer, '2')
  assert.deepEqual(bestByScore(candidates), { answer: '1', index: 0, weight: 0.9 })
})

test('negative scores speak against their answer unless a weight says otherwise', () => {
  const candidates = [
    { answer: '1', score: -0.2 },
    { answer: '1', score: -0.2 },
    { answer: '2', score: -0.3 },
  ]
  assert.equal(scoreWeighted(candidates, sameNumber)!.answer, '2')
  assert.equal(scoreWeighted(candidates, sameNumber, (score) => (1 + score) / 2)!.answer, '1')
})

test('a score that is not a number is refused, not voted on', () => {
  assert.throws(() => bestByScore([{ answer: '1', score: Number.NaN }]), /finite score, got `NaN`/)
  assert.throws(() => scoreWeighted([{ answer: '1', score: Number.NaN }], sameNumber), RangeError)
})
