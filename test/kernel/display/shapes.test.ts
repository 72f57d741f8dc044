import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tensor } from 'onnxruntime-node'
import { mimeBundle, textOf } from '../../../kernel/display/format.ts'
import type { MimeBundle } from '../../../kernel/protocol/message.ts'

const shown = (value: unknown): Record<string, string> => mimeBundle(value) as MimeBundle as Record<string, string>

test('a plotly figure travels under its own MIME type, typed arrays as lists', () => {
  const bundle = shown({
    data: [{ type: 'bar', x: new Int32Array([1, 2]), y: [3, 4] }, { y: new BigInt64Array([5n]) }],
    layout: { title: { text: 'T' } },
  })
  const { data, layout } = figureIn(bundle)
  assert.deepEqual(data, [{ type: 'bar', x: [1, 2], y: [3, 4] }, { y: [5] }])
  assert.deepEqual(layout.title, { text: 'T' })
  assert.equal(bundle['text/plain'], '[Plotly figure "T": 2 traces (bar, scatter)]')
})

interface Figure {
  data: unknown
  layout: { template?: { layout: { paper_bgcolor: string; font: { color: string } } } } & Record<string, unknown>
}
const figureIn = (bundle: Record<string, unknown>) => bundle['application/vnd.plotly.v1+json'] as Figure

test('a figure without a look of its own lies on the ground of the page, in greys that read on white and black', () => {
  const figure = { data: [{ type: 'bar', y: [1] }], layout: { paper_bgcolor: '#fff' } }
  const { layout } = figureIn(shown(figure))
  assert.equal(layout.paper_bgcolor, '#fff', 'what the person says stays')
  assert.equal(layout.template?.layout.paper_bgcolor, 'rgba(0,0,0,0)')
  const grey = Number.parseInt(layout.template?.layout.font.color.slice(1, 3) ?? '', 16) / 255
  const light = ((grey + 0.055) / 1.055) ** 2.4
  for (const contrast of [1.05 / (light + 0.05), (light + 0.05) / (0.0056 + 0.05)])
    assert.ok(contrast >= 4, `${contrast}`)
  const own = { ...figure, layout: { template: {} } }
  assert.deepEqual(figureIn(shown(own)).layout, { template: {} })
})

test('what only resembles a figure stays text', () => {
  for (const value of [
    { data: [1, 2], layout: {} },
    { data: [{ x: [1] }], layout: 'wide' },
    { data: [{ x: [1] }], layout: {}, status: 200 },
  ]) {
    assert.deepEqual(Object.keys(shown(value)), ['text/plain'])
  }
})

/** The methods of an arquero table that matter here. */
const columnTable = (names: string[], rows: Record<string, unknown>[]) => ({
  numRows: () => rows.length,
  numCols: () => names.length,
  columnNames: () => names,
  objects: ({ limit }: { limit: number }) => rows.slice(0, limit),
})

test('an arquero table is an HTML table and aligned text, cut with a note', () => {
  const { 'text/html': html, 'text/plain': text } = shown(
    columnTable(
      ['name', 'n'],
      [
        { name: 'a<b', n: 1 },
        { name: 'c', n: 22 },
      ],
    ),
  )
  assert.match(
    html as string,
    /<th style="text-align:left">name<\/th><th style="text-align:right">n<\/th>.*<td style="text-align:left">a&lt;b<\/td><td style="text-align:right">1<\/td>/,
  )
  assert.equal(text, '   name   n\n0  a<b    1\n1  c     22')
  const long = Array.from({ length: 1200 }, (_, n) => ({ n }))
  assert.match(shown(columnTable(['n'], long))['text/plain'] as string, /\n49 {2}49\n… 1,150 more rows$/)
})

test('an Arrow table shows its first rows; numbers stand to the right where some are missing', () => {
  const rows = [
    { n: 1, big: 2n },
    { n: null, big: 3n },
  ]
  const arrow = { schema: { fields: [{ name: 'n' }, { name: 'big' }] }, numRows: 60, get: (i: number) => rows[i % 2] }
  const { 'text/plain': text, 'text/html': html } = shown(arrow)
  assert.match(text as string, /^ {4}n {2}big\n0 {3}1 {4}2\n1 {8}3\n[\s\S]*… 10 more rows$/)
  assert.match(html as string, /<td style="text-align:right">1<\/td><td style="text-align:right">2<\/td>/)
})

test('a danfo.js DataFrame and Series are tables with their index', () => {
  const frame = {
    values: [
      [1, 'x'],
      [2, 'y'],
    ],
    shape: [2, 2],
    index: ['r1', 'r2'],
    columns: ['A', 'B'],
    dtypes: ['int32', 'string'],
  }
  assert.equal(shown(frame)['text/plain'], '    A  B\nr1  1  x\nr2  2  y')
  const series = { values: [1.5, 2], shape: [2, 1], index: [0, 1], columns: ['S'], dtypes: ['float32'] }
  assert.equal(shown(series)['text/plain'], '     S\n0  1.5\n1    2')
})

test('an ONNX tensor shows its type, its dimensions and its numbers', () => {
  const matrix = new Tensor('float32', Float32Array.from([0, 1 / 3, 2, 3, 4, 5]), [2, 3])
  assert.equal(shown(matrix)['text/plain'], 'Tensor float32 [2, 3]\n[[0, 0.333333, 2],\n [3, 4, 5]]')
  assert.equal(shown(new Tensor('int64', BigInt64Array.from([7n]), []))['text/plain'], 'Tensor int64 []\n7')
  assert.equal(shown(new Tensor('string', ['a'], [1]))['text/plain'], "Tensor string [1]\n['a']")
  assert.equal(shown(new Tensor('float32', new Float32Array(0), [0, 4]))['text/plain'], 'Tensor float32 [0, 4]\n[]')
  assert.equal(shown(new Tensor('bool', [true, false], [2]))['text/plain'], 'Tensor bool [2]\n[true, false]')
  const halves = new Tensor('float16', new Uint16Array([0x3c00, 0xc100, 1, 0x7c00]), [4])
  assert.equal(shown(halves)['text/plain'], 'Tensor float16 [4]\n[1, -2.5, 5.96046e-8, Infinity]')
  const long = new Tensor(
    'int32',
    Int32Array.from({ length: 100 }, (_, i) => i),
    [100],
  )
  assert.equal(shown(long)['text/plain'], 'Tensor int32 [100]\n[0, 1, 2, …, 97, 98, 99]')
  const elsewhere = {
    type: 'float32',
    dims: [2],
    size: 2,
    location: 'gpu-buffer',
    get data() {
      throw new Error('not here')
    },
  }
  assert.equal(shown(elsewhere)['text/plain'], 'Tensor float32 [2] (its data is on the device: gpu-buffer)')
})

test('a TensorFlow.js tensor shows likewise, a disposed one without numbers', () => {
  const tensor = { shape: [2, 1], dtype: 'int32', isDisposed: false, dataSync: () => Int32Array.from([4, 5]) }
  assert.equal(shown(tensor)['text/plain'], 'Tensor int32 [2, 1]\n[[4],\n [5]]')
  assert.equal(shown({ ...tensor, isDisposed: true })['text/plain'], 'Tensor int32 [2, 1] (disposed)')
  const complex = { ...tensor, shape: [2], dtype: 'complex64', dataSync: () => Float32Array.from([1, 2, 0, -0.5]) }
  assert.equal(shown(complex)['text/plain'], 'Tensor complex64 [2]\n[1+2i, 0-0.5i]')
})

test('plain rows are a table: HTML, and aligned text with numbers to the right', () => {
  const when = new Date('2024-01-02T03:04:05Z')
  const { 'text/html': html, 'text/plain': text } = shown([{ a: 1, b: 'x' }, { a: null, b: when }, { a: 10 }])
  assert.match(html ?? '', />x<\/td>.*>2024-01-02T03:04:05\.000Z<\/td>/)
  assert.equal(text, '    a  b\n0   1  x\n1      2024-01-02T03:04:05.000Z\n2  10')
})

test('a long list of rows says how many rows and columns are left out, and costs no more than a short one', () => {
  let looks = 0
  const row = {
    name: 'a row',
    get i() {
      return looks++
    },
  }
  const { 'text/html': html, 'text/plain': text } = shown(new Array(1_000_000).fill(row))
  assert.ok(looks < 2000, `${looks} values of a million were looked at`)
  for (const form of [html, text]) assert.match(form ?? '', /… 999,950 more rows(<\/p>)?$/)
  assert.equal(html?.match(/<tr>/g)?.length, 51)
  const wide = shown([Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`column${i}`, i]))])
  assert.match(wide['text/html'] ?? '', /… 10 more columns<\/p>$/)
  const [head = '', , note] = (wide['text/plain'] ?? '').split('\n')
  assert.ok(head.length <= 160)
  assert.equal(note, `… ${40 - head.trim().split(/\s+/).length} more columns`)
})

test('a column that only some rows have is there, blank where it is missing, also beyond the rows that are shown', () => {
  const rows = Array.from({ length: 200 }, (_, i) => ({ a: i, b: i, ...(i >= 100 && { late: 1 }) }))
  assert.match(shown(rows)['text/html'] ?? '', /<th[^>]*>late<\/th>/)
})

test('what a row nests is told in short', () => {
  const text = shown([
    { id: 1, tags: ['a', 'b'], big: new Float64Array(1e6), inner: { x: { y: { z: 1 } } }, list: [1, 2, 3, 4, 5, 6, 7] },
  ])['text/plain']
  for (const part of [
    "[ 'a', 'b' ]",
    'Float64Array(1000000)',
    '{ x: { y: [Object] } }',
    '1, 2, 3, 4, 5, ... 2 more items',
  ])
    assert.ok(text?.includes(part), `${part} in ${text}`)
  const long = shown([{ a: 1, text: 'x'.repeat(10_000) }])
  assert.ok((long['text/html'] ?? '').length < 1000)
  assert.ok((long['text/plain'] ?? '').length < 200)
})

test('nothing in a cell is taken for markup or mathematics', () => {
  const html = shown([{ '<i>': '<script>alert(1)</script>', money: 'from $5 to $6' }])['text/html'] ?? ''
  assert.ok(!/<script|<i>/.test(html))
  assert.ok(!/\$[^<]/.test(html), 'a dollar is an element of its own')
})

test('lists that are no tables stay text: mixed, empty, all nested, of lists, with little in common', () => {
  for (const value of [
    [{ a: 1 }, 2],
    [{ a: 1 }, null],
    [{ a: [1] }, { a: [2] }],
    [{ a: 1 }, { b: 1 }, { c: 1 }],
    [{}, {}],
    [],
    [
      [1, 2],
      [3, 4],
    ],
    [new Error('e'), new Error('f')],
    new Map([['k', { a: 1 }]]),
  ]) {
    assert.deepEqual(Object.keys(shown(value)), ['text/plain'])
  }
})

test('an element shows as its HTML', () => {
  const element = { nodeType: 1, tagName: 'svg', outerHTML: '<svg></svg>' }
  assert.deepEqual(shown(element), { 'text/html': '<svg></svg>', 'text/plain': '[<svg> element]' })
})

test('a value whose parts throw is shown as text', () => {
  const trap = () => {
    throw new Error('trap')
  }
  const values = [
    { shape: [1], dtype: 'x', dataSync: trap },
    Object.defineProperty({ layout: {} }, 'data', { get: trap, enumerable: true }),
    new Proxy([{ a: 1 }, { a: 2 }], { get: trap }),
  ]
  for (const value of values) assert.deepEqual(Object.keys(shown(value)), ['text/plain'])
})

test('collections, typed arrays and errors with causes say what they hold', () => {
  assert.equal(textOf(new Map([['k', new Set([1n])]])), "Map(1) { 'k' => Set(1) { 1n } }")
  assert.match(textOf(new Float64Array(1000)), /^Float64Array\(1000\) \[[\s\S]*\.\.\. 900 more items\n\]$/)
  assert.match(
    textOf(new Uint8Array(1e7)),
    /^Uint8Array\(10000000\) \[\n {2}0, 0[\s\S]*0,\n {2}\.\.\. 9999900 more items\n\]$/,
  )
  assert.match(textOf(new Array(200_000).fill('x')), /^\[\n {2}'x'[\s\S]*\.\.\. 199900 more items\n\]$/)
  assert.match(textOf(new Error('o', { cause: new TypeError('i') })), /Error: o[\s\S]*\[cause\]: TypeError: i/)
  assert.match(textOf('x'.repeat(200_000)), /… 100,\d\d\d more characters$|180000 more characters$/)
})
