import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Published } from '../../../kernel/protocol/client.ts'
import { type CellResult, notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const PLOTLY = 'application/vnd.plotly.v1+json'

const dataOf = (one: Published | undefined) => (one?.content.data ?? {}) as Record<string, string>
const result = ({ published }: CellResult) => dataOf(published.find(({ type }) => type === 'execute_result'))
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
  assert.deepEqual(sizeOf(shown['image/png']), [600, 450], 'one and a half pixels for each of a page')
  const displayed = await session.run('display({ data: [{ y: new Float32Array([1, 2]) }], layout: {} })')
  assert.deepEqual(sizeOf(dataOf(displayed.published.at(-1))['image/png']), [1140, 675])
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
  assert.match(
    (await text("({ data: [{ type: 'heatmap', z: [[1]] }], layout: {} })")) ?? '',
    reason('traces of pixels'),
  )
  const many = "({ data: [{ type: 'scatter', mode: 'markers', y: Array(1e5).fill(1) }], layout: {} })"
  assert.match((await text(many)) ?? '', reason('too many points for a picture'))
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
