import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCollector, notebookText, parseNotebook } from '../../../kernel/notebook/notebook.ts'
import { declaredParameters, injectParameters, parseParameters } from '../../../kernel/notebook/parameters.ts'

const code = (source: string, tags: string[] = []) => ({ cell_type: 'code', metadata: { tags }, source })
const notebook = (...cells: unknown[]) =>
  parseNotebook(JSON.stringify({ nbformat: 4, metadata: { b: 1, a: 2 }, cells }))

test('reading what was written gives the same bytes', () => {
  const text = notebookText(notebook({ cell_type: 'markdown', source: ['# A\n', 'b'] }, code('1\n2')))
  assert.equal(notebookText(parseNotebook(text)), text)
})

test('cells without an id, or with one that is taken, get one that follows from their text', () => {
  const cells = [
    code('1'),
    code('1'),
    { ...code('2'), id: 'mine' },
    { ...code('3'), id: 'mine' },
    { ...code('4'), id: 'no good' },
  ]
  const ids = notebook(...cells).cells.map((cell) => cell.id)
  assert.equal(new Set(ids).size, 5)
  assert.equal(ids[2], 'mine')
  assert.deepEqual(
    notebook(...cells).cells.map((cell) => cell.id),
    ids,
  )
  for (const id of ids) assert.match(id, /^[\w-]{1,64}$/)
})

test('what is not a notebook is refused with what was expected', () => {
  assert.throws(() => parseNotebook('{ "nbformat": 3 }'), /expected `nbformat` 4, got 3/)
  assert.throws(() => parseNotebook('{ "nbformat": 4 }'), /expected `cells` to be an array/)
  assert.throws(() => notebook({ cell_type: 'kode' }), /expected cell 1 to be code, markdown or raw, got "kode"/)
})

test('consecutive text of one stream is one output; another stream or output ends it', () => {
  const [cell] = notebook(code('1')).cells
  assert.ok(cell)
  const collector = createCollector()
  for (const [name, text] of [
    ['stdout', 'a'],
    ['stdout', 'b'],
    ['stderr', 'c'],
    ['stdout', 'd'],
  ]) {
    collector.add(cell, 'stream', { name, text })
  }
  assert.deepEqual(
    cell.outputs?.map((output) => output.text),
    ['ab', 'c', 'd'],
  )
})

test('an update changes the stored display wherever it is, and clear with wait clears at the next output', () => {
  const [first, second] = notebook(code('1'), code('2')).cells
  assert.ok(first && second)
  const collector = createCollector()
  const transient = { display_id: 'x' }
  collector.add(first, 'display_data', { data: { 'text/plain': 'old' }, metadata: {}, transient })
  collector.add(second, 'update_display_data', { data: { 'text/plain': 'new' }, metadata: {}, transient })
  assert.deepEqual(first.outputs?.[0]?.data, { 'text/plain': 'new' })
  assert.deepEqual(second.outputs, [])
  collector.add(first, 'clear_output', { wait: true })
  assert.equal(first.outputs?.length, 1)
  collector.add(first, 'stream', { name: 'stdout', text: 'only' })
  assert.deepEqual(
    first.outputs?.map((output) => output.text),
    ['only'],
  )
})

test('a parameter is JSON where it parses, else text', () => {
  assert.deepEqual(parseParameters(['a=3', 'b=true', 'c=[1,2]', 'd=tiny', 'e=x=y', 'f=']), {
    a: 3,
    b: true,
    c: [1, 2],
    d: 'tiny',
    e: 'x=y',
    f: '',
  })
})

test('known keys are those of the first object literal, whatever types surround it', () => {
  const expected = { name: 'params', keys: ['seed', 'a b'] }
  for (const end of ['', ' as const', ' satisfies Record<string, number>']) {
    assert.deepEqual(
      declaredParameters(`// why\nconst other = 1\nconst params: P = ({ seed: 1, 'a b': 2 })${end}`),
      expected,
    )
  }
  assert.equal(declaredParameters('const x = 1'), null)
})

test('injected values stand right after the parameters cell and replace those of an earlier run', () => {
  const given = notebook(
    code('0'),
    code('const p = { a: 1 }', ['parameters']),
    code('9', ['injected-parameters']),
    code('2'),
  )
  const sources = injectParameters(given, { a: 5 }).cells.map((cell) => cell.source)
  assert.deepEqual(sources, ['0', 'const p = { a: 1 }', 'Object.assign(p, {"a":5})', '2'])
  assert.deepEqual(
    injectParameters(given, {}).cells.map((cell) => cell.source),
    ['0', 'const p = { a: 1 }', '2'],
  )
  assert.throws(() => injectParameters(given, { b: 1 }), /Unknown parameter `b`\. Known: a/)
})
