import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession({ typecheck: 'error' }) // a cell that was checked tells that the checker is warm
const client = () => session.kernel.client

interface Typed {
  start: number
  end: number
  text: string
  type: string
  signature: string
}

/** On a busy machine types may come later than a client waits: then the same question finds them ready. */
async function typed<T>(ask: () => Promise<T>, isTyped: (reply: T) => boolean): Promise<T> {
  let reply = await ask()
  for (let again = 0; again < 5 && !isTyped(reply); again++) reply = await ask()
  return reply
}

/** Completion at `|`. */
async function complete(marked: string, mark = '|') {
  const cursor_pos = [...marked.slice(0, marked.indexOf(mark))].length
  const ask = () => client().request('complete_request', { code: marked.replace(mark, ''), cursor_pos })
  const reply = await typed(ask, ({ metadata }) => metadata._jupyter_types_experimental !== undefined)
  return { ...reply, typed: (reply.metadata._jupyter_types_experimental ?? []) as Typed[] }
}

/** Inspection at `|`. */
async function inspect(marked: string, detail_level = 0) {
  const cursor_pos = [...marked.slice(0, marked.indexOf('|'))].length
  const code = marked.replace('|', '')
  const ask = () => client().request('inspect_request', { code, cursor_pos, detail_level })
  const { found, data } = await typed(ask, (reply) => reply.data['text/markdown'] !== undefined)
  return { found, plain: String(data['text/plain'] ?? ''), markdown: String(data['text/markdown'] ?? '') }
}

test('once a cell was checked, the checker knows its names', async () => {
  await session.run('/** A person. */\ninterface Person { name: string; age: number }\nconst people: Person[] = []')
  assert.deepEqual((await complete('people[0].|')).matches, ['age', 'name'])
})

test('completion knows members from types alone: of earlier cells, of packages, of literals in the same cell', async () => {
  assert.deepEqual((await complete('people[0].|')).matches, ['age', 'name'])
  assert.deepEqual((await complete('const o = { alpha: 1, nested: { beta: 2 } }\no.nested.|')).matches, ['beta'])
  assert.ok((await complete("import * as fs from 'node:fs'\nfs.readFileS|")).matches.includes('readFileSync'))
  assert.ok((await complete("import { uct } from 'asterism'\nuct.len|")).matches.includes('length'))
  assert.deepEqual((await complete('people.map((one) => one.na|')).matches, ['name'])
})

test('cursors count characters, and the word before them is replaced', async () => {
  const { matches, cursor_start, cursor_end } = await complete("const 𝔸 = '𝔹'; people.forEa|")
  assert.deepEqual([matches, cursor_start, cursor_end], [['forEach'], 22, 27])
  assert.deepEqual((await complete("const 𝔸 = 'é😀'; 𝔸.toUpperC| + 1")).matches, ['toUpperCase'])
  const middle = await complete('people.for|Each(() => 1)')
  assert.deepEqual([middle.matches, middle.cursor_start, middle.cursor_end], [['forEach'], 7, 10])
})

test('completions carry their kind and signature as ipykernel sends them', async () => {
  const { typed } = await complete('people.pus|')
  assert.deepEqual(typed, [
    { start: 7, end: 10, text: 'push', type: 'function', signature: '(...items: Person[]): number' },
  ])
  assert.deepEqual((await complete('peop|')).typed[0]?.type, 'instance')
  assert.deepEqual((await complete('people[0].a|')).typed[0]?.type, 'property')
})

test('names come nearest first: the cell, earlier cells, the world', async () => {
  await session.run('const prox1 = 1')
  await session.run('const prox2 = 1')
  assert.deepEqual((await complete('const prox3 = 1\nprox|')).matches, ['prox3', 'prox2', 'prox1'])
  assert.ok((await complete('pro|')).matches.indexOf('prox1') < (await complete('pro|')).matches.indexOf('process'))
})

test('where a type stands only types are offered, and none in comments and plain strings', async () => {
  assert.deepEqual((await complete('const p: Pers|')).matches, ['Person'])
  assert.deepEqual((await complete('const p: peop|')).matches, [])
  assert.deepEqual((await complete('// peop|')).matches, [])
  assert.deepEqual((await complete("const text = 'peop|'")).matches, [])
})

test('import paths are completed: files, builtins, packages, this package', async () => {
  writeFileSync(join(session.folder, 'helper.ts'), 'export const help = 1')
  mkdirSync(join(session.folder, 'node_modules/somepackage'), { recursive: true })
  writeFileSync(join(session.folder, 'node_modules/somepackage/package.json'), '{ "name": "somepackage" }')
  const local = await complete("import { help } from './hel|'")
  assert.deepEqual([local.matches.map((one) => one.replace(/\.ts$/, '')), local.cursor_start], [['helper'], 24])
  assert.ok((await complete("import 'node:fs/pro|")).matches.includes('promises'))
  assert.ok((await complete("await import('aster|')")).matches.includes('asterism/kernel'))
  assert.deepEqual((await complete("import { hel| } from './helper.ts'")).matches, ['help'])
  assert.deepEqual((await complete("const side: 'left' | 'right' = 'ri@'", '@')).matches, ['right'])
})

test('live members follow the typed ones, each once', async () => {
  await session.run(
    'const loose: any = { seen: 1 }; const half: { known: number } = Object.assign({ known: 1 }, { extra: 2 })',
  )
  assert.deepEqual((await complete('loose.se|')).matches, ['seen'])
  assert.deepEqual((await complete('half.|')).matches.slice(0, 2), ['known', 'extra'])
})

test('completion and inspection answer from types while a cell spins', async () => {
  const { finished } = await session.begin("const spun = { deep: 1 }\nconsole.log('begun')\nwhile (true);")
  assert.deepEqual((await complete('people[0].na|')).matches, ['name'])
  assert.deepEqual((await complete('spun.|')).matches, ['deep'])
  assert.match((await inspect('peop|le')).plain, /^const people: Person\[\]/)
  await client().request('interrupt_request', {})
  assert.equal((await finished).ename, 'Interrupted')
})

test('completion and inspection answer while a cell awaits', async () => {
  const { finished } = await session.begin("console.log('begun')\nawait new Promise(() => {})")
  assert.deepEqual((await complete('people[0].na|')).matches, ['name'])
  assert.match((await inspect('peop|le')).plain, /people: \[\]$/)
  await client().request('interrupt_request', {})
  await finished
})

test('inspection shows signature, doc comment and live value; detail adds the source', async () => {
  await session.run(
    '/**\n * Adds.\n * @param a first\n */\nfunction add(a: number, b = 2): number { return a + b }\n/** Counted. */\nlet total = 3',
  )
  const add = await inspect('ad|d')
  assert.equal(add.plain, 'function add(a: number, b?: number): number\n\nAdds.\n\n*@param* a first')
  assert.match(add.markdown, /^````typescript\nfunction add\(.*\n````\n\nAdds\./)
  assert.equal((await inspect('to|tal')).plain, 'let total: number\n\nCounted.\n\ntotal: 3')
  assert.match((await inspect('ad|d', 1)).plain, /function add\(a: number, b = 2\): number \{ return a \+ b \}$/)
  assert.match(
    (await inspect('Pers|on', 1)).plain,
    /^interface Person\n\nA person\.\n\ninterface Person \{ name: string/,
  )
})

test('inside the arguments of a call, inspection shows the function', async () => {
  assert.match((await inspect('add(|')).plain, /^function add/)
  assert.match((await inspect('add(1, |)')).plain, /^function add/)
  assert.match((await inspect('people.map(|')).plain, /^\(method\) Array<Person>\.map/)
})

test('what is not known is not found', async () => {
  assert.equal((await inspect('nowhere.at|All')).found, false)
  assert.equal((await inspect('|')).found, false)
  assert.deepEqual((await complete('nowhere.at|')).matches, [])
})

test('imported names are inspected where they were declared: signature and documentation', async () => {
  session.write('node_modules/stats/package.json', '{ "name": "stats", "main": "main.js", "types": "main.d.ts" }')
  session.write('node_modules/stats/main.js', 'exports.mean = (values) => values[0]')
  session.write(
    'node_modules/stats/main.d.ts',
    '/** The mean of numbers. */\nexport declare function mean(values: readonly number[]): number',
  )
  await session.run(
    "import { join, resolve as whole } from 'node:path'\nimport path from 'node:path'\nimport * as stats from 'stats'",
  )
  for (const [asked, signature, documentation] of [
    ['jo|in', /join\(\.\.\.paths: string\[\]\): string/, /Join all arguments/],
    ['join(|', /join\(\.\.\.paths: string\[\]\): string/, /Join all arguments/],
    ['who|le', /resolve\(\.\.\.paths: string\[\]\): string/, /right-most parameter/],
    ['path.jo|in', /join\(\.\.\.paths: string\[\]\): string/, /Join all arguments/],
    ['stats.me|an', /function mean\(values: readonly number\[\]\): number/, /The mean of numbers/],
    ["import { base|name } from 'node:path'", /basename\(path: string/, /last portion/],
    ['disp|lay(1)', /function display\(value: unknown/, /Shows a value/],
  ] as const) {
    const { found, plain } = await inspect(asked)
    assert.ok(found, asked)
    assert.match(plain, signature, asked)
    assert.match(plain, documentation, asked)
  }
})
