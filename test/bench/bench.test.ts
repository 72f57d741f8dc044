// The harness that the README's figures come from: what counts as reached, and what is measured of other processes.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { aimed, measuredText, median, plain, rises } from '../../bench/figure.ts'
import { loopFigures } from '../../bench/loop.ts'
import { watched } from '../../bench/process-tree.ts'
import { sideBySide } from '../../bench/side-by-side.ts'
import type { Report } from '../../lib/eval/report-schema.ts'
import { sampleReport } from '../show/sample.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterism-bench-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function writeRun(name: string, report: Report): string {
  const run = join(folder, name)
  report.rounds.forEach(({ round }) => {
    mkdirSync(join(run, `round-${round}`), { recursive: true })
    const search = { policy: 20, ppm: 0, python: 12, other: round, batches: 10, requests: 240 + round }
    writeFileSync(join(run, `round-${round}`, 'timings.json'), JSON.stringify({ seconds: { search: 40 }, search }))
  })
  writeFileSync(join(run, 'run.json'), JSON.stringify({ settings: { batchSize: 48 } }))
  writeFileSync(join(run, 'report.json'), JSON.stringify({ ...report, name }))
  return name
}

test('a finished run reaches a target exactly when its report says so', async () => {
  const figures = await loopFigures({ runs: [writeRun('good', sampleReport)], folder })
  const found = (name: string) => figures.find(({ figure }) => figure === name)!
  assert.deepEqual(
    found('coverage by round').measured,
    sampleReport.rounds.map(({ coverage }) => coverage!.all.value),
  )
  assert.equal(found('coverage by round').holds, true)
  assert.equal(found('hard band, round 1').holds, true)
  assert.equal(found('coverage, round 4').holds, true)
  assert.equal(found('System 2, net gain').measured, 22 / 60)
  assert.equal(found('System 2, net gain').holds, false)
  assert.deepEqual(found('search outside policy, PPM, Python').measured, [1 / 40, 2 / 40, 3 / 40, 4 / 40])
  assert.equal(found('fill of policy batches').measured, (4 * 240 + 10) / (40 * 48))
  assert.equal(found('all orderings on all seeds').holds, true)
})

test('one run whose coverage falls once breaks the ordering of all', async () => {
  const [first, second, third, fourth] = sampleReport.rounds as [never, never, never, never]
  const swapped = [first, third, second, fourth].map((round: Report['rounds'][0], i) => ({ ...round, round: i + 1 }))
  const runs = [writeRun('good', sampleReport), writeRun('bad', { ...sampleReport, rounds: swapped })]
  const figures = await loopFigures({ runs, folder })
  assert.equal(figures.at(-1)!.holds, false)
  await assert.rejects(loopFigures({ runs: ['none'], folder }), /finished round in .*none/)
})

test('what was not measured reaches nothing and fails nothing', () => {
  const given = { bench: 'b', figure: 'f', measured: null, unit: 'share', how: '' } as const
  assert.equal(aimed(given, 'at least 1', () => true).holds, null)
  assert.equal(measuredText(null, 'share'), 'not measured')
})

test('peers stand side by side, with the target of the one that has one, and a reason where nothing was measured', () => {
  const given = { bench: 'b', figure: 'start', unit: 'ms', how: '' } as const
  const figures = [
    aimed({ ...given, of: 'ours', measured: 12 }, 'at most 10', (value) => value <= 10),
    plain({ ...given, of: 'other', measured: null, missing: 'hangs' }),
    plain({ ...given, figure: 'lines', unit: 'count', of: 'other', measured: 3 }),
  ]
  assert.deepEqual(sideBySide(figures).markdown.split('\n'), [
    '| figure | ours | other | target | holds |',
    '|:---|---:|---:|:---|:---|',
    '| b: start | 12 ms | hangs | at most 10 | NO |',
    '| b: lines | – | 3 | – | – |',
  ])
})

test('figures read as people write them', () => {
  assert.equal(measuredText([0.5334, 1], 'share'), '53.3 → 100.0 %')
  assert.equal(measuredText(12345.6, 'tokens/s'), '12,346 tokens/s')
  assert.equal(measuredText(1.2345, 'ratio'), '1.23 ×')
  assert.equal(median([5, 1, 3]), 3)
  assert.deepEqual([[1, 2, 3], [1, 2, 2], [1]].map(rises), [true, false, false])
})

test('the memory of a process counts what its children hold', async () => {
  const child = 'const held = Buffer.alloc(120e6, 1); setTimeout(() => held.length, 700)'
  const parent = `require('child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(child)}])`
  const { peakMb, seconds } = await watched(process.execPath, ['-e', parent], { everyMs: 50 })
  assert.ok(peakMb > 120, `${peakMb} MB`)
  assert.ok(seconds > 0.7)
})

test('a watched command that fails says what it wrote', async () => {
  const lines: string[] = []
  const script = 'console.log("one\\ntwo"); console.error("disk full"); process.exitCode = 3'
  await assert.rejects(
    watched(process.execPath, ['-e', script], { onLine: (line) => lines.push(line) }),
    /end with 0, got 3: disk full/,
  )
  assert.deepEqual(lines, ['one', 'two'])
})
