import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName } from '../../lib/options/nearest-name.ts'

test('the nearest of the known names is meant, unless none is near', () => {
  const known = ['policy', 'ppm', 'grader', 'strategies']
  assert.equal(nearestName(known, 'graders'), 'grader')
  assert.equal(nearestName(known, 'startegies'), 'strategies')
  assert.equal(nearestName(known, 'temperature'), null)
  assert.equal(nearestName([], 'grader'), null)
})
