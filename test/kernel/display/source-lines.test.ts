import assert from 'node:assert/strict'
import { test } from 'node:test'
import { excerpt } from '../../../kernel/cell/excerpt.ts'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()

/** What stands below the stack of a failing cell. */
async function below(code: string): Promise<{ text: string; count: number }> {
  const cell = await session.run(code)
  assert.equal(cell.status, 'error', code)
  const lines = cell.traceback.split('\n')
  const first = lines.indexOf('')
  assert.ok(first > 0, cell.traceback)
  return { text: lines.slice(first + 1).join('\n'), count: cell.count }
}

test('an error shows its line in TypeScript as it was written, with a mark and the lines around', async () => {
  const { text, count } = await below(
    'interface Point { x: number }\ntype Pair = [Point, Point]\n\nconst none = null as unknown as Point\n\tnone.x.toFixed()\n// after\n// more\n// too far',
  )
  assert.deepEqual(text.split('\n'), [
    `cell ${count}, line 5`,
    '  3 |',
    '  4 | const none = null as unknown as Point',
    '→ 5 | \tnone.x.toFixed()',
    '    | \t     ^',
    '  6 | // after',
    '  7 | // more',
  ])
})

test('an error inside a function of an earlier cell shows that line, and the line of the cell that ran', async () => {
  const { count } = await session.run('function fail(n: number): never {\n  throw new RangeError(String(n))\n}')
  const { text, count: caller } = await below('const before = 1\nfail(3)')
  assert.deepEqual(text.split('\n'), [
    `cell ${count}, line 2`,
    '  1 | function fail(n: number): never {',
    '→ 2 |   throw new RangeError(String(n))',
    '    |         ^',
    '  3 | }',
    '',
    `cell ${caller}, line 2`,
    '  1 | const before = 1',
    '→ 2 | fail(3)',
    '    | ^',
  ])
})

test('an error inside a local module shows the line of its TypeScript, or of its JavaScript, beside that of the cell', async () => {
  session.write('deep.ts', 'type Opt = { n?: { m: number } }\n\nexport const deep = (o: Opt): number => o.n!.m\n')
  session.write('plain.mjs', "export default () => {\n  throw new Error('plain')\n}\n")
  const typed = await below("import { deep } from './deep.ts'\ndeep({})")
  assert.match(typed.text, /deep\.ts, line 3\n[\s\S]*→ 3 \| export const deep = .*\n {4}\| +\^/)
  assert.match(typed.text, new RegExp(`cell ${typed.count}, line 2\\n.*\\n→ 2 \\| deep\\(\\{\\}\\)\\n`))
  const plain = await below("import plain from './plain.mjs'\nplain()")
  assert.match(plain.text, /plain\.mjs, line 2\n.*\n→ 2 \| {3}throw new Error/)
})

test('syntax errors show their line: in a cell, in an imported module, and those that only V8 finds', async () => {
  const cell = await below('const a = 1\nconst b: = 2')
  assert.match(cell.text, /line 2\n {2}1 \| const a = 1\n→ 2 \| const b: = 2\n {4}\| {10}\^/)
  session.write('broken.ts', 'export const one = 1\nexport const two: = 2\n')
  const module = await below("import { two } from './broken.ts'")
  assert.match(module.text, /broken\.ts, line 2\n[\s\S]*→ 2 \| export const two: = 2\n/)
  assert.match(module.text, new RegExp(`cell ${module.count}, line 1\\n→ 1 \\| import \\{ two \\}`))
  const regex = await below('const fine: number = 1\n/(/.test(String(fine))')
  assert.match(regex.text, /→ 2 \| \/\(\/\.test/)
})

test('causes and own fields stay where they are, and an error without a place shows no line', async () => {
  const { text } = await below("throw Object.assign(new Error('x', { cause: new Error('inner') }), { code: 5 })")
  assert.equal(text.match(/→/g)?.length, 1)
  assert.equal((await session.run("throw 'text'")).traceback, "Uncaught 'text'")
})

test('what is thrown late shows its line on stderr', async () => {
  const cell = await session.run(
    "setTimeout(() => {\n  throw new Error('late')\n}, 1)\nawait new Promise((r) => setTimeout(r, 50))",
  )
  assert.match(cell.stderr, /→ 2 \| {3}throw new Error\('late'\)/)
})

test('long lines are cut around the place, and numbers stand in one column', () => {
  const shown = excerpt(`${'a\n'.repeat(8)}${'x'.repeat(300)}!${'y'.repeat(300)}\nb`, { line: 9, column: 301 }, 1)
  const [before = '', line = '', mark = '', after = ''] = shown.split('\n')
  assert.deepEqual([before, after], ['   8 | a', '  10 | b'])
  assert.equal(line.charAt(mark.indexOf('^')), '!')
  assert.ok(line.length < 120)
})
