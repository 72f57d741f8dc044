import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Published } from '../../../kernel/protocol/client.ts'
import { type CellResult, notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const PLOTLY = 'application/vnd.plotly.v1+json'

const dataOf = (one: Published | undefined) => (one?.content.data ?? {}) as Record<string, string>
/** What stands on the page in the end. */
const result = ({ published }: CellResult) => dataOf(published.findLast(({ content }) => 'data' in content))
/** Width and height in pixels, from the header of a PNG. */
const sizeOf = (png: string | undefined): number[] => {
  const bytes = Buffer.from(png ?? '', 'base64')
  assert.equal(bytes.toString('latin1', 1, 4), 'PNG')
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
}

test('a figure goes without a picture until a library that draws is imported', async () => {
  const figure = "({ data: [{ type: 'scatter', y: [1, 2] }], layout: {} })"
  assert.deepEqual(Object.keys(result(await session.run(figure))), [PLOTLY, 'text/plain'])
  const imported = await session.run("import 'asterism'")
  assert.equal(imported.status, 'ok', imported.traceback)
  assert.ok('image/png' in result(await session.run(figure)))
})

test('a figure carries a picture of its own size, for pages that cannot draw it', async () => {
  const shown = result(
    await session.run("({ data: [{ type: 'violin', y: [1, 2, 4] }], layout: { width: 400, height: 300 } })"),
  )
  assert.deepEqual(Object.keys(shown), [PLOTLY, 'text/plain', 'image/png'])
  assert.deepEqual(sizeOf(shown['image/png']), [400, 300])
  const displayed = await session.run('display({ data: [{ y: new Float32Array([1, 2]) }], layout: {} })')
  assert.deepEqual(sizeOf(dataOf(displayed.published.at(-1))['image/png']), [760, 450])
})

test('what only a browser can draw goes without a picture, and its text says why', async () => {
  const text = async (code: string): Promise<string | undefined> => {
    const shown = result(await session.run(code))
    assert.deepEqual(Object.keys(shown), [PLOTLY, 'text/plain'])
    return shown['text/plain']
  }
  const reason = (why: string): RegExp => new RegExp(`^\\[Plotly figure: 1 trace \\(\\w+\\); .*${why}\\]$`)
  assert.match(
    (await text("({ data: [{ type: 'surface', z: [[1]] }], layout: {} })")) ?? '',
    reason('only a browser draws `surface` traces'),
  )
  const elsewhere =
    "({ data: [{ type: 'bar', y: [1] }], layout: { images: [{ source: 'https://example.org/a.png' }] } })"
  assert.match((await text(elsewhere)) ?? '', reason('from elsewhere'))
  const many = "({ data: [{ type: 'scatter', mode: 'markers', y: Array(1e5).fill(1) }], layout: {} })"
  assert.match((await text(many)) ?? '', reason('too many points for a picture'))
})

for (const [name, trace] of [
  ['a heatmap', "{ type: 'heatmap', z: [[1, 2], [3, null]] }"],
  [
    'contours with words along their lines',
    "{ type: 'contour', z: [[1, 2, 1], [2, 5, 2]], contours: { showlabels: true } }",
  ],
  ['a histogram of two variables', "{ type: 'histogram2d', x: [1, 2, 2], y: [1, 1, 2] }"],
  ['a list of pixels', "{ type: 'image', z: [[[255, 0, 0], [0, 0, 255]]] }"],
  ['points for a graphics card', "{ type: 'scattergl', mode: 'markers', y: [1, 3, 2] }"],
] as const)
  test(`${name} has a picture`, async () => {
    const shown = result(await session.run(`({ data: [${trace}], layout: { width: 300, height: 200 } })`))
    assert.deepEqual(sizeOf(shown['image/png']), [300, 200])
  })

test('a figure is on the page at once, and its picture follows in its place', async () => {
  const cell = await session.run("({ data: [{ type: 'bar', y: [1, 2] }], layout: {} })")
  const [first, then] = cell.published.filter(({ content }) => 'data' in content)
  assert.deepEqual([first?.type, then?.type], ['display_data', 'update_display_data'])
  assert.deepEqual(Object.keys(dataOf(first)).sort(), [PLOTLY, 'text/html', 'text/plain'])
  assert.equal(
    dataOf(first)['text/html'],
    '<div style="height:360px"></div>',
    'an empty place on pages that cannot draw',
  )
  assert.deepEqual(Object.keys(dataOf(then)), [PLOTLY, 'text/plain', 'image/png'])
  const id = (one: Published | undefined) => (one?.content.transient as { display_id: string } | undefined)?.display_id
  assert.equal(id(then), id(first))
})

test('a picture says how large it should be shown and, in words, what it shows', async () => {
  const metadata = async (code: string) => (await session.run(code)).published.at(-1)?.content.metadata
  assert.deepEqual(await metadata("({ data: [{ y: [1] }], layout: { title: { text: 'Losses' } } })"), {
    'image/png': { width: 760, height: 450, alt: 'Plotly figure "Losses": 1 trace (scatter)' },
  })
  await session.run("import { roundBars } from 'asterism'")
  const { alt } = ((await metadata('roundBars([])')) as Record<string, { alt: string }>)['image/png'] ?? { alt: '' }
  assert.match(alt, /^Ways of answering/, 'the words of the plot, not its drawing in characters')
})

test('a second figure in a display is preceded by something else, so that every page draws it', async () => {
  const cell = await session.run(`
    const changing = display({ data: [{ type: 'scatter', y: [1] }], layout: { height: 300 } })
    changing.update({ data: [{ type: 'scatter', y: [2] }], layout: { height: 300 } })`)
  const bundles = cell.published.filter(({ content }) => 'data' in content).map(dataOf)
  const isFresh = (one: Record<string, string>, at: number) =>
    PLOTLY in one && JSON.stringify(one[PLOTLY]) !== JSON.stringify(bundles[at - 1]?.[PLOTLY])
  const fresh = bundles.flatMap((one, at) => (at > 0 && isFresh(one, at) ? [bundles[at - 1]] : []))
  assert.deepEqual(
    fresh.map((before) => before?.['text/html']),
    ['<div style="height:300px"></div>'],
  )
})

test('of many changes to a figure the last one is shown, with its picture', async () => {
  const cell = await session.run(`
    const live = { data: [{ type: 'scatter', y: [1] }], layout: { title: { text: '0' } } }
    const onPage = display(live)
    for (let i = 1; i <= 300; i++) {
      live.layout.title.text = String(i)
      onPage.update(live)
      if (i % 30 === 0) await new Promise((done) => setTimeout(done, 1))
    }`)
  assert.equal(cell.status, 'ok', cell.traceback)
  const updates = cell.published.filter(({ type }) => type === 'update_display_data')
  assert.ok(updates.length < 100, `${updates.length} pictures of 300`)
  const last = dataOf(updates.at(-1))
  assert.equal((last[PLOTLY] as unknown as { layout: { title: { text: string } } }).layout.title.text, '300')
  sizeOf(last['image/png'])
})

test('pictures can be switched off', async () => {
  const figure = '({ data: [{ y: [1, 2] }], layout: {} })'
  await session.run('kernel.pictures = false')
  assert.deepEqual(Object.keys(result(await session.run(figure))), [PLOTLY, 'text/plain'])
  await session.run('kernel.pictures = true')
  assert.ok('image/png' in result(await session.run(figure)))
})
