import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, notebookSession } from '../notebook-session.ts'

const session = notebookSession({ typecheck: 'error' })
const client = () => session.kernel.client

/** Cells that must be free of type errors, and run. */
async function clean(...cells: string[]): Promise<void> {
  for (const code of cells) {
    const cell = await session.run(code)
    assert.deepEqual([cell.status, cell.stderr, cell.evalue], ['ok', '', ''], code)
  }
}

/** The type error that a cell must have. */
async function refused(code: string, message: RegExp): Promise<void> {
  const cell = await session.run(code)
  assert.deepEqual([cell.status, cell.ename], ['error', 'TypeCheckError'], `${code}\n${cell.evalue}`)
  assert.match(cell.evalue, message)
}

test('a cell with a type error does not run: message, place, line and mark are told', async () => {
  const cell = await session.run("globalThis.ran = true\nconst text: string = 'a'\n\tconst n: number = text")
  assert.equal(cell.ename, 'TypeCheckError')
  const place = `cell ${cell.count}:3:8`
  assert.deepEqual(cell.traceback.split('\n'), [
    `TypeCheckError: Type 'string' is not assignable to type 'number'. (TS2322, ${place})`,
    '  3 | \tconst n: number = text',
    '    | \t      ^',
  ])
  assert.equal(cell.evalue, `Type 'string' is not assignable to type 'number'. (TS2322, ${place})`)
  assert.equal((await session.run('[typeof ran, typeof n]')).result, "[ 'undefined', 'undefined' ]")
})

test('a refused cell aborts the cells that wait, and declares nothing', async () => {
  const cells = await Promise.all([session.run("const refusedName: number = 'x'"), session.run('1')])
  assert.deepEqual(
    cells.map((one) => one.status),
    ['error', 'aborted'],
  )
  await refused('refusedName', /Cannot find name 'refusedName'/)
})

test('a name may be declared again with another type, and later cells see the new one', async () => {
  await clean(
    'const again = 1',
    "const again = 'text'",
    'again.toUpperCase()',
    'let again: number[] = []',
    'again.push(3)',
  )
  await clean('class Point { x = 1 }', 'class Point { y = 2 }', 'new Point().y')
  await refused('new Point().x', /Property 'x' does not exist on type 'Point'/)
  await clean('function f(a: number) { return a }', 'function f(a: string) { return a }', "f('a')")
  await clean(
    'enum E { A }',
    'enum E { B }',
    'E.B',
    'interface I { a: 1 }',
    'interface I { b: 2 }',
    'const i: I = { b: 2 }',
  )
  await clean('const again = again.length', 'again')
})

test('values and types of earlier cells keep their types, also through closures, generics and destructuring', async () => {
  await clean('let hits = 0; function hit() { hits += 1; return hits }', 'hits = 5; hit().toFixed()')
  await refused("hits = 'many'", /'string' is not assignable to type 'number'/)
  await clean('type Pair<T> = [T, T]; interface Box<T extends object> { inner: T }')
  await clean('const pair: Pair<number> = [1, 2]; const box: Box<{ a: number }> = { inner: { a: 1 } }')
  await refused('box.inner.b', /Property 'b' does not exist/)
  await clean('const { a: { deep }, ...others } = { a: { deep: 1 }, c: 3 }; const [first, ...tail] = [1, 2]')
  await clean('deep.toFixed() + others.c.toFixed() + first + tail.length')
  await clean('namespace Space { export const inside = 1 }', 'Space.inside.toFixed()')
  await refused('const constant = 1; constant = 2', /Cannot assign to 'constant' because it is a constant/)
})

test('top-level await and for await are typed', async () => {
  await clean('const awaited = await Promise.resolve(3)', 'awaited.toFixed()')
  await clean('let sum = 0; for await (const one of [Promise.resolve(1)]) sum += one')
  await refused('(await Promise.resolve(3)).toUpperCase()', /'toUpperCase' does not exist on type 'number'/)
})

test('modules have their types: builtins, packages, local files, this package', async () => {
  await clean("import { readFileSync } from 'node:fs'; import os from 'os'", 'os.cpus().length + process.argv.length')
  await refused("readFileSync('x').nothing", /Property 'nothing' does not exist/)
  session.write('local.ts', 'export const size = 1; export interface Shape { sides: number }')
  await clean("import { size, type Shape } from './local.ts'", 'const shape: Shape = { sides: size }')
  await refused("const wrong: Shape = { sides: 'four' }", /'string' is not assignable to type 'number'/)
  session.write(
    'node_modules/typed/package.json',
    '{ "type": "module", "exports": { "types": "./i.d.ts", "import": "./i.js" } }',
  )
  session.write('node_modules/typed/i.d.ts', 'export function twice(n: number): number')
  session.write('node_modules/typed/i.js', 'export const twice = (n) => 2 * n')
  await clean("import { twice } from 'typed'", 'twice(2)')
  await refused("twice('2')", /Argument of type 'string' is not assignable/)
  await clean("import { DISPLAY } from 'asterism/kernel'; import { uct } from 'asterism'", 'uct; DISPLAY')
  await refused("import { nowhere } from 'asterism'", /has no exported member 'nowhere'/)
})

test('a local file that changes has its new types', async () => {
  session.write('changing.ts', 'export const value = 1')
  await clean("import { value } from './changing.ts'", 'value.toFixed()')
  session.write('changing.ts', "export const value = 'one, as text'")
  await clean("import { value } from './changing.ts'", 'value.toUpperCase()')
})

test('the notebook API is there without an import, and typed', async () => {
  await clean('const shown = display(html`<b>1</b>`, { id: "x" }); shown.update(2); progress(3).done()')
  await refused('display(1, { id: 4 })', /'number' is not assignable to type 'string'/)
  await refused("kernel.typecheck = 'sometimes'", /not assignable to type 'Typecheck'/)
})

test('what has no types is any', async () => {
  session.write('node_modules/untyped/package.json', '{ "name": "untyped", "main": "./i.js" }')
  session.write('node_modules/untyped/i.js', 'module.exports = { a: () => ({ b: 1 }) }')
  await clean("import untyped from 'untyped'", 'untyped.a().b + 1')
  await clean('const loose = (a, b) => a.x ?? b; let best = null; best = { score: 1 }; const list = []; list.push(1)')
  await clean(
    'loose({ x: 1 }, 2).anything; best.score; list[0]',
    'try { Object(1).x.y } catch (error) { error.message }',
  )
  await clean('const record = {}; record["key"] = 1; for (const key in { a: 1 }) ({ a: 1 })[key]')
  await clean(
    '1; "unused"; (() => 2)',
    '// @ts-nocheck\nconst unchecked: number = "x"',
    '// @ts-ignore\nconst i2: number = ""',
  )
})

test('what comes from JSON may be looked at without a declaration', async () => {
  await clean('const parsed = await new Response(\'{ "a": 1 }\').json()', 'parsed.a + 1')
})

test('a cell may extend global types, for the cells after it', async () => {
  const code =
    'declare global { interface Array<T> { last(): T } }\nArray.prototype.last = function () { return this.at(-1) }'
  await clean(code, '[1, 2].last().toFixed()')
  await refused("['a'].last().toFixed()", /'toFixed' does not exist on type 'string'/)
})

test('a name that exists only at run time is no error', async () => {
  await clean('globalThis.made = { here: 1 }; made.here', 'made.here + 1')
  await clean('Object.assign(globalThis, { assigned: 1 }); await 0', 'assigned')
  await refused('nowhereAtAll', /Cannot find name 'nowhereAtAll'/)
})

test('a syntax error is told as such', async () => {
  const cell = await session.run('const = 3')
  assert.equal(cell.ename, 'SyntaxError')
})

test('silent cells are not checked, and their names are known', async () => {
  await session.run("const quiet: number = 'x'; globalThis.quietRan = true", { silent: true })
  await clean('quiet.toFixed', 'quietRan')
})

test('types of different cells with one name are told apart', async () => {
  const first = await session.run('class Same { private a = 1 }; const same = new Same()')
  await session.run('class Same { private a = 1 }')
  await refused(`const other: Same = same`, new RegExp(`Same \\(of cell ${first.count}\\)|separate declarations`))
})

test('the setting changes in a cell, for the cells after it', async () => {
  await clean("kernel.typecheck = 'off'", "const anything: number = 'text'")
  assert.equal((await session.run('kernel.typecheck')).result, "'off'")
  await clean("kernel.typecheck = 'warn'")
  const warned: string[] = []
  const stop = client().onPublished(({ type, content }) => {
    if (type === 'stream') warned.push(String(content.text))
  })
  const cell = await session.run("const warned: number = 'text'; warned")
  assert.equal(cell.result, "'text'")
  await eventually(() => warned.length > 0, 'the warning')
  stop()
  assert.match(
    warned.join(''),
    /^Type 'string' is not assignable to type 'number'\. \(TS2322, cell \d+:1:7\)\n {2}1 \| const/,
  )
  await clean("kernel.typecheck = 'error'")
  await refused("const still: number = 'text'", /not assignable/)
  const wrong = await session.run("// @ts-nocheck\nkernel.typecheck = 'loud'")
  assert.match(wrong.evalue, /Expected `typecheck` to be 'off', 'warn' or 'error', got "loud"/)
})
