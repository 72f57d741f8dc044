import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { wilson } from '../../../lib/eval/intervals.ts'
import { jupyterDisplay } from '../../../lib/show/draw/display.ts'
import { table } from '../../../lib/show/draw/table.ts'
import { resultTables, roundTable } from '../../../lib/show/views/round-table.ts'
import { sampleReport } from '../sample.ts'

const longest = (text: string) => Math.max(...text.split('\n').map((line) => [...line].length))

test('numbers stand right, words left, and what is missing reads –', () => {
  const rows = [{ name: 'a', value: 1 }, { name: 'bcd' }]
  assert.equal(
    String(table(rows)),
    [
      '┌──────┬───────┐',
      '│ name │ value │',
      '├──────┼───────┤',
      '│ a    │     1 │',
      '│ bcd  │     – │',
      '└──────┴───────┘',
    ].join('\n'),
  )
})

test('a measure reads as a share with the larger side of its interval and its count', () => {
  const text = String(table([{ m: wilson(157, 180) }]))
  assert.match(text, /0\.872 ±\.06 \(n 180\)/)
})

test('no line is wider than asked: text is cut, then columns go below with their row heads', () => {
  const words = table([{ a: 'x'.repeat(300), b: 5 }], { width: 60 })
  assert.ok(longest(words.text) <= 60)
  assert.match(words.text, /x…/)
  assert.ok(words.html.includes('x'.repeat(300)))
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`c${i}`, 1000 + i]))
  const wide = table([{ row: 'first', ...many }], { width: 80 })
  assert.ok(longest(wide.text) <= 80)
  for (let i = 0; i < 30; i++) assert.ok(wide.text.includes(`c${i}`), `column ${i}`)
  assert.ok(wide.text.split('first').length > 2)
})

test('every form escapes what would be markup', () => {
  const evil = table([{ 'k<b>': '<script>alert(1)</script> a|b "q"' }], { title: 'T & <i>' })
  assert.ok(!/<script|<i>|<b>/.test(evil.html))
  assert.ok(evil.html.includes('&#60;script&#62;'))
  assert.ok(evil.markdown.includes('a\\|b'))
})

test('HTML tables say which heads belong to columns and which to rows', () => {
  const { html } = table([{ a: 'r', b: 2 }], { title: 'Counts' })
  assert.match(html, /<caption[^>]*>Counts<\/caption>/)
  assert.equal(html.match(/scope="col"/g)!.length, 2)
  assert.equal(html.match(/scope="row"/g)!.length, 1)
})

test('a table shows itself to a kernel, to a template and to the console', async () => {
  const one = table([{ a: 1 }])
  const bundle = await one[jupyterDisplay]()
  assert.deepEqual(Object.keys(bundle).sort(), ['text/html', 'text/markdown', 'text/plain'])
  assert.equal(bundle['text/plain'], String(one))
  assert.equal(inspect(one), String(one))
})

test('no rows, no columns: still a table', () => {
  assert.ok(String(table([], { title: 'empty' })).startsWith('empty'))
  assert.match(table([], { columns: ['a'] }).html, /<tbody>/)
})

test('result tables hold each measured share once and fit 100 columns', () => {
  const tables = resultTables(sampleReport)
  for (const one of tables) assert.ok(longest(one.text) <= 100, one.title)
  const coverage = tables.find(({ title }) => title.startsWith('Coverage'))!
  for (const { coverage: measured } of sampleReport.rounds)
    assert.ok(coverage.text.includes(measured!.hard!.value.toFixed(3)))
  assert.match(coverage.text, /hard \(n 280\)/)
  assert.match(tables.find(({ title }) => title.startsWith('Greedy'))!.text, /bootstrap counts/)
  assert.match(String(roundTable(sampleReport)), /0\.018 \(capped\)/)
})

test('a report of one unfinished round has only the tables that it can fill', () => {
  const tables = resultTables({
    ...sampleReport,
    baseline: undefined,
    ablations: undefined,
    rounds: [{ round: 1, seconds: {}, tokens: {} }],
  })
  assert.deepEqual(
    tables.map(({ title }) => title),
    [],
  )
})
