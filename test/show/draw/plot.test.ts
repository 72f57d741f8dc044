import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { blocks, columnChart } from '../../../lib/show/draw/characters.ts'
import { escapeHtml, jupyterDisplay, stacked } from '../../../lib/show/draw/display.ts'
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
  const drawn = qHistogram(values).figure.data.flatMap(({ customdata }) => customdata as number[])
  assert.equal(
    drawn.reduce((a, b) => a + b, 0),
    3000,
  )
})

test('where nearly all nodes lie in one part, the others still have bars that can be seen', () => {
  const nodes = (count: number, q: number, depth: number) =>
    Array.from({ length: count }, () => ({ q, depth, round: 1 }))
  const values = [
    ...nodes(700, -1, 1),
    ...nodes(230, -1, 2),
    ...nodes(60, 1, 2),
    ...nodes(9, 0, 1),
    ...nodes(1, 0.5, 3),
  ]
  const plot = qHistogram(values)
  const heights = new Map<number, number>()
  for (const { x, y } of plot.figure.data as unknown as { x: number[]; y: number[] }[])
    for (const [i, at] of x.entries()) heights.set(at, (heights.get(at) ?? 0) + y[i]!)
  const seen = [...heights.values()].filter((height) => height > 0).sort((a, b) => a - b)
  assert.equal(seen.length, 4)
  assert.ok(seen[0]! > 0.1 * seen[3]!, 'one node of a thousand is a tenth as high as all others')
  assert.match(JSON.stringify(plot.figure.layout), /nodes, log scale/)
  assert.match(String(plot), /1,000 nodes, log scale\n930 ▕/)
  const linear = qHistogram(values, { scale: 'linear' })
  assert.ok(!JSON.stringify(linear.figure.layout).includes('log scale'))
})

test('nodes that spread evenly are counted on a plain axis', () => {
  const values = Array.from({ length: 400 }, (_, i) => ({ q: (i % 20) / 10 - 0.95, depth: 1, round: 1 }))
  assert.ok(!JSON.stringify(qHistogram(values).figure.layout).includes('log scale'))
})

test('plots lie on the ground of the page, and their text reads on white and on black', () => {
  for (const make of Object.values(plots)) {
    const { layout, data } = make().figure
    assert.deepEqual([layout.paper_bgcolor, layout.plot_bgcolor], ['rgba(0,0,0,0)', 'rgba(0,0,0,0)'])
    const colours = JSON.stringify([layout, data]).match(/#[0-9a-f]{6}/g) ?? []
    for (const colour of new Set(colours)) {
      const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      const [r, g, b] = parts.map((part) => (part <= 0.04 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      const light = 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
      assert.ok(1.05 / (light + 0.05) > 1.6 && (light + 0.05) / 0.0556 > 2.5, `${colour} can be seen on both`)
    }
  }
})

test('a picture says in words what it shows, in the file and in a page of several', async () => {
  const one = plots['round bars']!()
  const file = Buffer.from(await one.png())
  assert.ok(file.includes(Buffer.from(`iTXtDescription\0\0\0\0\0${one.alt}`)))
  const page = await stacked([one, one])[jupyterDisplay]()
  assert.ok(String(page['text/html']).includes(`alt="${escapeHtml(one.alt)}"`))
})

test('a kernel that takes parts later has the figure at once and makes the picture when it wants', async () => {
  const bundle = await plots['round bars']!()[jupyterDisplay]({ lateParts: true })
  assert.equal(typeof bundle['image/png'], 'function')
  const png = await (bundle['image/png'] as () => Promise<Uint8Array>)()
  assert.equal(Buffer.from(png).toString('latin1', 1, 4), 'PNG')
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
