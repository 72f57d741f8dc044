import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Header, header } from '../../../kernel/protocol/message.ts'
import { createSentTimes } from '../../../kernel/protocol/sent-time.ts'

const NOON = Date.UTC(2030, 0, 1, 12)

/** A request that its client dates so many milliseconds after noon. */
const dated = (ms: number, session = 'one'): Header => ({
  ...header('execute_request', session),
  date: new Date(NOON + ms).toISOString(),
})

test('a request that comes late was sent when its date says, whatever the error of the clock', () => {
  for (const error of [-3_600_000, -7, 0, 7, 3_600_000]) {
    const times = createSentTimes()
    times.of(dated(error), 2) // two milliseconds on its way
    assert.equal(times.of(dated(100 + error), 500), 100 + 2 + 1)
  }
})

test('no request is said to have been sent before it was', () => {
  const times = createSentTimes()
  let sent = 0
  for (let i = 0; i < 1000; i++) {
    sent += (i * 7919) % 13
    const delay = 0.2 + ((i * 104729) % 1000) / 20
    const latest = times.of(dated(sent + 5000), sent + delay)
    assert.ok(latest >= sent && latest <= sent + delay, `${latest} for ${sent}, which came ${delay} later`)
  }
})

test('what has no date, or a coarse one, or is the first of its client, was sent when it came', () => {
  const times = createSentTimes()
  assert.equal(times.of(dated(0), 5), 5)
  assert.equal(times.of(dated(0, 'two'), 9), 9)
  assert.equal(times.of({ ...dated(0), date: undefined as never }, 20), 20)
  assert.equal(times.of({ ...dated(0), date: 'today' }, 20), 20)
  assert.equal(times.of({ ...dated(0), date: '2030-01-01T12:00:00Z' }, 20), 20)
})

test('a clock that was set back is believed again after some requests', () => {
  const times = createSentTimes()
  times.of(dated(10_000), 0)
  let latest = 0
  for (let i = 0; i < 40; i++) latest = times.of(dated(i), i + 2)
  assert.equal(latest, 39 + 2)
})
