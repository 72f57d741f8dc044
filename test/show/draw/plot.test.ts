import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { blocks, columnChart } from '../../../lib/show/draw/characters.ts'
import { jupyterDisplay } from '../../../lib/show/draw/display.ts'
import type { Plot } from '../../../lib/show/draw/figure.ts'
import { fontFiles, readFont } from '../../../lib/show/draw/font.ts'
import { averaged, learningCurve, roundBars, roundCurve, scalingCurve } from '../../../lib/show/views/curves.ts'
import { countQ, qHistogram } from '../../../lib/show/views/histogram.ts'
import { sampleLogs, sampleQ, sampleReport, sampleScaling } from '../sample.ts'

const plots: Record<string, () => Plot> = {
  'Q histogram': () => qHistogram(sampleQ(4000)),
  'learning curve': () => learningCurve(sampleLogs),
  'round curve': () => roundCurve(sampleReport.rounds, 'passAt1', { baseline: sampleReport.baseline! }),
  'round bars': () => roundBars(sampleReport.rounds, { band: 'hard' }),
  'scaling curve': () => scalingCurve(sampleScaling),
}

for (const [name, make] of Object.entries(plots)) {
  test(`${name}: plotly JSON under 40 KB, a PNG of its size, and text of at most 100 columns`, async () => {
    const one = make()
    const bundle = await one[jupyterDisplay]()
    assert.deepEqual(Object.keys(bundle).sort(), ['application/vnd.plotly.v1+json', 'image/png', 'text/plain'])
    const json = JSON.stringify(bundle['application/vnd.plotly.v1+json'])
    assert.ok(json.length < 40_000, `${json.length} characters`)
    const png = Buffer.from(bundle['image/png'] as string, 'base64')
    assert.equal(png.toString('latin1', 1, 4), 'PNG')
    assert.equal(png.readUInt32BE(16), 760)
    assert.equal(png.readUInt32BE(20), Number(one.figure.layout.height))
    for (const line of String(one).split('\n')) assert.ok([...line].length <= 100, line)
    assert.ok(one.alt.length > 20)
  })
}

test('axes have titles, and traces names', () => {
  for (const make of Object.values(plots)) {
    const { figure } = make()
    for (const trace of figure.data) assert.ok(trace.name)
    const titles = Object.entries(figure.layout).filter(([key]) => /^yaxis\d*$/.test(key))
    assert.ok(titles.some(([, axis]) => (axis as { title: { text: string } }).title.text !== ''))
  }
})

test('the same figure gives the same picture', async () => {
  const make = plots['round bars']!
  const [first, second] = [await make().png(), await make().png()]
  assert.ok(Buffer.from(first).equals(Buffer.from(second)))
})

test('text in pictures is drawn: a longer title changes the pixels', async () => {
  const short = await scalingCurve(sampleScaling, { title: 'A' }).png()
  const long = await scalingCurve(sampleScaling, { title: 'A considerably longer title' }).png()
  assert.ok(!Buffer.from(short).equals(Buffer.from(long)))
})

test('the picture can be left out', async () => {
  const bundle = await roundBars(sampleReport.rounds, { picture: 'none' })[jupyterDisplay]()
  assert.ok(!('image/png' in bundle))
})

test('plots load jsdom and the rasterizer at the first picture, not before', () => {
  const compiled = join(fileURLToPath(import.meta.url), '../../../../lib/show/views')
  const script = `
    const { createRequire } = await import('node:module')
    const loaded = () => ['jsdom', 'resvg-js'].filter((name) => Object.keys(createRequire(folder).cache).some((path) => path.includes(name)))
    const folder = process.argv[1] + '/x.js'
    const { roundBars } = await import(process.argv[1] + '/curves.js')
    const plot = roundBars([])
    const before = loaded()
    await plot.png()
    console.log(JSON.stringify([before, loaded()]))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, compiled], {
    encoding: 'utf8',
  })
  assert.equal(stdout.trim(), '[[],["jsdom","resvg-js"]]', stderr)
})

test('counting Q-values keeps every node, by round and depth, both ends included', () => {
  const counted = countQ(
    [
      { q: -1, depth: 1, round: 2 },
      { q: 1, depth: 1, round: 2 },
      { q: 0, depth: 1, round: 2 },
      { q: 0.99, depth: 3, round: 1 },
    ],
    4,
  )
  assert.deepEqual(counted, [
    { round: 1, depth: 3, counts: [0, 0, 0, 1] },
    { round: 2, depth: 1, counts: [1, 0, 1, 1] },
  ])
  assert.throws(() => countQ([{ q: 1.5, depth: 1, round: 1 }]), /in \[-1, 1\], got `1\.5`/)
})

test('a histogram of raw values equals that of their counts, with deep steps joined', () => {
  const values = sampleQ(3000)
  assert.deepEqual(qHistogram(values).figure, qHistogram(countQ(values)).figure)
  const drawn = qHistogram(values).figure.data.flatMap(({ y }) => y as number[])
  assert.equal(
    drawn.reduce((a, b) => a + b, 0),
    3000,
  )
})

test('averaging keeps the mean of a log and its order', () => {
  const line = Array.from({ length: 1000 }, (_, i) => ({ x: i, y: i % 7 }))
  const short = averaged(line, 100)
  assert.equal(short.length, 100)
  const mean = (points: { y: number }[]) => points.reduce((sum, { y }) => sum + y, 0) / points.length
  assert.ok(Math.abs(mean(short) - mean(line)) < 1e-9)
  assert.ok(short.every(({ x }, i) => i === 0 || x > short[i - 1]!.x))
  assert.deepEqual(averaged(line.slice(0, 5), 100), line.slice(0, 5))
})

test('plots of nothing say so instead of failing', () => {
  for (const empty of [qHistogram([]), learningCurve([]), roundCurve([], 'coverage'), roundBars([]), scalingCurve([])])
    assert.match(JSON.stringify(empty.figure.layout), /Nothing was measured/)
})

test('bars are as long as their share, to an eighth of a character', () => {
  assert.equal(blocks(0.5, 4), '██  ')
  assert.equal(blocks(1 / 32, 4), '▏   ')
  assert.equal(blocks(2, 3), '███')
  assert.equal(blocks(-1, 3), '   ')
})

test('a column chart puts the largest value at the top and hides no value above zero', () => {
  const lines = columnChart('t', [0, 1, 100, 50], { left: '0', right: '3' }, 2).split('\n')
  assert.deepEqual(lines, ['t', '100 ▕  █', '  0 ▕ ▁██', '     0  3'])
})

test('text widths come from the font: capitals are wider, bold is wider, digits are equal', () => {
  const [regular, bold] = fontFiles().map(readFont)
  assert.ok(regular!.width('MMM') > regular!.width('iii') * 2)
  assert.ok(bold!.width('round') > regular!.width('round'))
  assert.equal(regular!.width('1'), regular!.width('8'))
  assert.ok(Math.abs(regular!.width('0') - 0.636) < 0.01)
})
