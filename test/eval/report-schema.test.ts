import assert from 'node:assert/strict'
import test from 'node:test'
import { wilson } from '../../lib/eval/intervals.ts'
import { parseReport, type Report } from '../../lib/eval/report-schema.ts'
import { sampleReport } from '../show/sample.ts'

/** The sample with one field, named by its path, set to `value`, or taken out. */
function changed(path: string, value?: unknown): unknown {
  const copy = structuredClone(sampleReport)
  const keys = path.split('.')
  const last = keys.pop()!
  const holder = keys.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], copy) as Record<
    string,
    unknown
  >
  if (value === undefined) delete holder[last]
  else holder[last] = value
  return copy
}

test('a report survives writing and reading', () => {
  assert.deepEqual(parseReport(JSON.parse(JSON.stringify(sampleReport))), JSON.parse(JSON.stringify(sampleReport)))
})

test('the smallest report: a run whose first round has measured nothing yet', () => {
  const report: Report = {
    name: 'x',
    seed: 0,
    seconds: 0,
    peakRssMb: 0,
    rounds: [{ round: 1, seconds: {}, tokens: {} }],
  }
  assert.deepEqual(parseReport(report), report)
})

test('a measure outside its range is refused, with the field and the file named', () => {
  const refused = (path: string, value: unknown, message: RegExp) =>
    assert.throws(() => parseReport(changed(path, value), 'runs/a/report.json'), message)
  refused('rounds.1.coverage.all.value', 1.2, /runs\/a\/report\.json .*rounds\.1\.coverage\.all\.value/)
  refused('rounds.0.passAt1.hard.low', 0.99, /passAt1\.hard: expected low <= value <= high/)
  refused('rounds.0.passAt1.hard.n', 0, /passAt1\.hard\.n/)
  refused('rounds.2.seconds.search', -1, /rounds\.2\.seconds\.search/)
  refused('rounds.3.search.meanFill', 1.01, /search\.meanFill/)
  refused('peakRssMb', -1, /peakRssMb/)
})

test('a misspelt measure is refused instead of vanishing', () => {
  assert.throws(() => parseReport(changed('rounds.0.bestofN', sampleReport.rounds[0]!.coverage)), /bestofN/)
})

test('rounds stand once each, in rising order', () => {
  const { rounds } = sampleReport
  assert.throws(
    () => parseReport(changed('rounds', rounds.toReversed())),
    /rounds: expected each round once, in rising/,
  )
  assert.throws(() => parseReport(changed('rounds', [...rounds, rounds[3]])), /rising order/)
})

test('what wilson makes is always a valid measure', () => {
  for (const [successes, n] of [
    [0, 1],
    [1, 1],
    [0, 840],
    [840, 840],
    [839, 840],
    [1, 3],
  ] as const) {
    const report = changed('rounds.1.ppmPairAccuracy', wilson(successes, n))
    assert.equal(parseReport(report).rounds[1]!.ppmPairAccuracy!.n, n)
  }
})
