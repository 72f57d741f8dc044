// Which fork server a run goes to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Group } from '../../lib/verify/group.ts'
import { type Lane, laneFor, newLane, type Single } from '../../lib/verify/lane.ts'

const lane = (singles: number, ...kept: string[]): Lane => ({ ...newLane('sympy'), singles, kept: new Set(kept) })
const after = (...keys: string[]): Single => ({
  group: {} as Group,
  candidate: 0,
  kind: 'sympy',
  keys,
  deaths: 0,
  retries: 0,
})

test('a run goes where its earlier steps wait, and waits there for a place', () => {
  const lanes = [lane(0), lane(1, 'a', 'ab'), lane(0, 'a')]
  assert.equal(laneFor(after('a', 'ab'), lanes, 2), lanes[1])
  assert.equal(laneFor(after('a', 'ab'), lanes, 1), null)
})

test('else it goes where most of its earlier steps wait, or where there is most room', () => {
  const lanes = [lane(1), lane(1, 'a'), lane(0)]
  assert.equal(laneFor(after('a', 'ab'), lanes, 2), lanes[1])
  assert.equal(laneFor(after('x', 'xy'), lanes, 2), lanes[2])
  assert.equal(laneFor(after(), lanes, 2), lanes[2])
  assert.equal(laneFor(after(), lanes.slice(0, 2), 1), null)
})
