import assert from 'node:assert/strict'
import test from 'node:test'
import { amountCell, countCell, durationCell, measureCell } from '../../../lib/show/draw/cells.ts'
import { bar, progressText, secondsLeft } from '../../../lib/show/draw/progress.ts'
import { headline, painter, reportText } from '../../../lib/show/views/terminal.ts'
import { sampleReport } from '../sample.ts'

test('colour only on a terminal, and never under NO_COLOR or on a dumb one', () => {
  const painted = (isTTY: boolean, env: Record<string, string>) => painter({ stream: { isTTY }, env })('x', 'bold')
  assert.equal(painted(true, {}), '\u001b[1mx\u001b[22m')
  assert.equal(painted(true, { NO_COLOR: '' }), '\u001b[1mx\u001b[22m')
  assert.equal(painted(true, { NO_COLOR: '1' }), 'x')
  assert.equal(painted(true, { TERM: 'dumb' }), 'x')
  assert.equal(painted(false, {}), 'x')
})

test('colour changes nothing but colour', () => {
  const plain = reportText(sampleReport)
  const colourful = reportText(sampleReport, painter({ stream: { isTTY: true }, env: {} }))
  assert.notEqual(colourful, plain)
  assert.equal(colourful.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), ''), plain)
})

test('a report is at most 100 columns wide and begins with what the last round reached', () => {
  const text = reportText(sampleReport)
  for (const line of text.split('\n')) assert.ok([...line].length <= 100, line)
  const last = sampleReport.rounds[3]!
  assert.deepEqual(headline(sampleReport)[0], {
    label: 'coverage of training problems',
    value: measureCell(last.coverage!.all, { n: true }),
  })
  assert.match(text, /^Run made-up, seed 1, 4 rounds\n/)
})

test('a run without a finished round still has a report', () => {
  const text = reportText({ ...sampleReport, rounds: [], baseline: undefined, ablations: undefined })
  assert.match(text, /0 rounds/)
  assert.match(text, /peak memory/)
})

test('a progress line tells share, counts, time and what is left, in one line of the width', () => {
  const line = progressText({ label: 'search', done: 336, total: 840, elapsedSeconds: 12, note: '201 covered' })
  assert.equal(line, 'search  ▕█████████▋              ▏   40 %  336/840  12 s, 18 s left  201 covered')
  assert.ok([...progressText({ label: 'x'.repeat(200), done: 1, total: 2 }, 80)].length === 80)
  assert.match(progressText({ label: 'a', done: 999, total: 1000 }), / 99 % /)
  assert.ok(!progressText({ label: 'a', done: 0, total: 10, elapsedSeconds: 3 }).includes('left'))
})

test('the time left follows the mean pace; nothing done, nothing known', () => {
  assert.equal(secondsLeft(25, 100, 10), 30)
  assert.equal(secondsLeft(0, 100, 10), undefined)
  assert.equal(secondsLeft(100, 100, 10), 0)
  assert.equal(bar(5, 10, 4), '▕██  ▏')
  assert.equal(bar(0, 0, 2), '▕██▏')
})

test('numbers read the same on every machine', () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(countCell), ['0', '999', '1,000', '1,234,567'])
  assert.equal(amountCell(1_234_567), '1.23 M')
  assert.deepEqual([0.42, 9.96, 12.4, 185, 7810].map(durationCell), [
    '0.4 s',
    '10 s',
    '12 s',
    '3 min 05 s',
    '2 h 10 min',
  ])
})
