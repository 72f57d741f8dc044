import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodePng } from '../../../lib/show/draw/png-chunks.ts'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()

/** Data and metadata of a cell's result. */
async function result(code: string): Promise<{ data: Record<string, string>; metadata: unknown }> {
  const cell = await session.run(code)
  assert.equal(cell.status, 'ok', cell.traceback)
  const { data, metadata } = cell.published.find(({ type }) => type === 'execute_result')?.content ?? {}
  return { data: data as Record<string, string>, metadata }
}

test('rows show as a table with a note of what was left out, and aligned text beside it', async () => {
  const { data, metadata } = await result("Array.from({ length: 500 }, (_, i) => ({ i, name: 'row ' + i }))")
  assert.deepEqual(Object.keys(data), ['text/html', 'text/plain'])
  assert.match(data['text/html'] ?? '', /^<table>.*>row 49<\/td><\/tr><\/tbody><\/table><p>… 450 more rows<\/p>$/)
  assert.match(
    data['text/plain'] ?? '',
    /^ {5}i {2}name\n0 {4}0 {2}row 0\n[\s\S]*\n49 {2}49 {2}row 49\n… 450 more rows$/,
  )
  assert.deepEqual(metadata, {})
})

test('what a promise comes to shows as if it had been there: rows, a file that is a picture', async () => {
  const bytes = encodePng(new Uint8Array(4 * 3 * 2), 3, 2)
  await session.run(`require('node:fs').writeFileSync('one.png', Buffer.from('${bytes.toString('base64')}', 'base64'))`)
  const { data, metadata } = await result("import { readFile } from 'node:fs/promises'\nreadFile('one.png')")
  assert.deepEqual(data, {
    'image/png': bytes.toString('base64'),
    'text/plain': `[PNG picture, 3×2, ${bytes.length} bytes]`,
  })
  assert.deepEqual(metadata, {
    'image/png': { width: 3, height: 2, alt: `PNG picture, 3×2, ${bytes.length} bytes` },
  })
  assert.match((await result('Promise.resolve([{ a: 1 }])')).data['text/html'] ?? '', /^<table>/)
  const displayed = await session.run("display(require('node:fs').readFileSync('one.png'))")
  assert.deepEqual(displayed.published.at(-1)?.content.metadata, metadata)
})
