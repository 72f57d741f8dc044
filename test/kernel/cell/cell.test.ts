import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const { value } = session

test('the last expression is the result, and a statement has none', async () => {
  assert.equal(await value('const a = 1\na + 1'), '2')
  assert.equal(await value('const b = 1'), undefined)
  assert.equal(await value('undefined'), undefined)
  assert.equal(await value('({ a: 1 })'), '{ a: 1 }')
  assert.equal(await value('export default 5'), '5')
})

test('a cell that is an object in braces is that object; other braces are a block', async () => {
  assert.equal(await value('{ a: 1, b: [2] }'), '{ a: 1, b: [ 2 ] }')
  assert.equal(await value('{\n  ...{ c: 3 },\n}\n'), '{ c: 3 }')
  assert.equal(await value('{ const inner = 1; inner }'), undefined)
  const cell = await session.run('{ a: missing }')
  assert.match(cell.traceback, new RegExp(`at cell ${cell.count}:1:6`))
})

test('types, enums, namespaces, parameter properties and generics mean what TypeScript says', async () => {
  const code = `
    interface Point { x: number }
    enum Level { Easy, Hard = 5 }
    namespace Unit { export const metre = 1 }
    class Box<T> { constructor(private readonly inner: T) {} get(): T { return this.inner } }
    const point = { x: 3 } satisfies Point as Point
    ;[new Box<number>(4).get(), Level.Hard, Unit.metre, point!.x]`
  assert.equal(await value(code), '[ 4, 5, 1, 3 ]')
})

test('await and for-await work at the top level', async () => {
  const code = `
    const seen: number[] = []
    for await (const x of (async function* () { yield 1; yield 2 })()) seen.push(x)
    const { later } = await Promise.resolve({ later: 3 })
    ;[...seen, later]`
  assert.equal(await value(code), '[ 1, 2, 3 ]')
})

test('a name may be declared again as anything', async () => {
  const forms = ['const n = 1', 'let n = 2', 'class n {}', 'function n() {}', 'var n = 3', 'enum n { A }']
  for (const form of [...forms, ...forms.reverse()]) assert.equal((await session.run(form)).status, 'ok', form)
  assert.equal(await value("import n from 'node:path'\nn.basename('a/b')"), "'b'")
  assert.equal(await value('const n = [4]\nn'), '[ 4 ]')
})

test('a function of an earlier cell sees what later cells assign', async () => {
  await value('let counter = 0\nfunction next() { counter += step(); return counter }')
  await value('const step = () => 10')
  assert.equal(await value('next()'), '10')
  await value('counter = 100\nfunction step() { return 1 }')
  assert.equal(await value('next()'), '101')
})

test('functions are hoisted, classes refer to themselves, names stay', async () => {
  assert.equal(await value('early()\nfunction early() { return early.name }\nearly()'), "'early'")
  assert.equal(await value('function two() { return 1 } function two() { return 2 }\ntwo()'), '2')
  assert.equal(await value('await null\nfunction afterwards() { return 4 }\nafterwards()'), '4')
  assert.equal(await value('a0()\nexport function a0() { return b0() }\nfunction b0() { return 3 }\na0()'), '3')
  assert.equal(await value('class Self { static one = new Self() }\nSelf.one.constructor.name'), "'Self'")
  assert.equal(await value('const arrow = () => 1\narrow.name'), "'arrow'")
})

test('destructuring declares every name of the pattern', async () => {
  const code = 'const { a, b: [c = 7, ...d], ...rest } = { a: 1, b: [undefined, 2, 3], e: 4 }, f = 5'
  assert.equal(await value(`${code}\n;[a, c, d, rest, f]`), '[ 1, 7, [ 2, 3 ], { e: 4 }, 5 ]')
})

test('var in a block or a loop belongs to the top level and keeps its value', async () => {
  assert.equal(await value('for (var i = 0; i < 3; i++) { var last = i }\n;[i, last]'), '[ 3, 2 ]')
  assert.equal(await value('var i\ni'), '3')
  assert.equal(await value('for (var { key } of [{ key: 1 }, { key: 2 }]);\nkey'), '2')
})

test('a name of the realm can be declared without harm to others', async () => {
  assert.equal(
    await value('const process = { mine: true }, URL = 5\n;[process, { URL }, URL + 1]'),
    '[ { mine: true }, { URL: 5 }, 6 ]',
  )
  assert.equal(await value('function fetch() { return fetch.name }\nfetch()'), "'fetch'")
  assert.equal(await value('const inner = (process: number) => process + 1\n;[inner(1), process.mine]'), '[ 2, true ]')
  assert.equal(await value('[typeof globalThis.process.pid, typeof globalThis.URL]'), "[ 'number', 'function' ]")
})

test('a promise as last value is awaited, as if the cell said so', async () => {
  assert.equal(await value('Promise.resolve(7)'), '7')
  assert.equal(await value("(async () => 'late')()"), "'late'")
  assert.equal(await value('class Kept extends Promise<number> {}\nKept.resolve(8)'), '8')
  assert.equal(await value('Promise.resolve()'), undefined)
  const rejected = await session.run("\nPromise.reject(new RangeError('no'))")
  assert.deepEqual([rejected.status, rejected.ename, rejected.evalue], ['error', 'RangeError', 'no'])
  assert.match(rejected.traceback, /at cell \d+:2:16/)
})

test('a promise that is held is shown as it is, and only what waits by itself is awaited', async () => {
  assert.equal(await value('[Promise.resolve(7)]'), '[ Promise { 7 } ]')
  assert.equal(await value('({ then: 1 })'), '{ then: 1 }')
  assert.equal(await value('({ then(done) { done(1) } })'), '{ then: [Function: then] }')
})

test('import.meta tells the folder of the notebook', async () => {
  assert.equal(await value('import.meta.dirname'), `'${session.folder}'`)
})

test('the error of a cell names the line and column in its TypeScript', async () => {
  const cell = await session.run(`interface A {
  x: number
}

function fail<T>(value: T): never {
  throw new TypeError('no ' + value)
}
enum E { P, Q }
fail<number>(
  E.Q)`)
  assert.equal(cell.status, 'error')
  assert.deepEqual([cell.ename, cell.evalue], ['TypeError', 'no 1'])
  assert.match(
    cell.traceback,
    new RegExp(`^TypeError: no 1\\n    at fail \\(cell ${cell.count}:6:9\\)\\n    at cell ${cell.count}:9:1\\n`),
  )
})

test('the line is right after an await, in a callback, and for a name that is not defined', async () => {
  const awaited = await session.run(
    'const wait = () => new Promise((done) => setTimeout(done, 1))\nawait wait()\n\nmissing.name',
  )
  assert.match(awaited.traceback, new RegExp(`missing is not defined\\n    at cell ${awaited.count}:4:1`))
  const callback = await session.run("[1, 2].map((x) => {\n  throw new Error('in callback')\n})")
  assert.match(callback.traceback, new RegExp(`at cell ${callback.count}:2:9\\n    at cell ${callback.count}:1:8`))
})

test('an error of a function from another cell names that cell', async () => {
  const defined = await session.run('function thrower() {\n  return null.x\n}')
  const cell = await session.run('\nthrower()')
  assert.match(
    cell.traceback,
    new RegExp(`at thrower \\(cell ${defined.count}:2:15\\)\\n    at cell ${cell.count}:2:1`),
  )
})

test('a syntax error names its place and runs nothing', async () => {
  const cell = await session.run("globalThis.ran = true\nconst é = 'é'; const x = ;")
  assert.equal(cell.ename, 'SyntaxError')
  assert.match(cell.traceback, new RegExp(`at cell ${cell.count}:2:26`))
  assert.equal(await value('typeof globalThis.ran'), "'undefined'")
  assert.match((await session.run('const twice = 1\nconst twice = 2')).evalue, /already been declared/)
})

test('causes, own fields and stack reach the traceback without colour codes', async () => {
  const cell = await session.run(
    "throw Object.assign(new Error('outer', { cause: new RangeError('inner') }), { code: 'E7' })",
  )
  assert.match(cell.traceback, /outer/)
  assert.match(cell.traceback, /\[cause\]: RangeError: inner/)
  assert.match(cell.traceback, /code: 'E7'/)
  assert.ok(!cell.traceback.includes('\x1b'))
})

test('whatever is thrown is told in one message', async () => {
  assert.deepEqual(
    [(await session.run("throw 'text'")).evalue, (await session.run('throw { a: 1 }')).evalue],
    ['text', '{ a: 1 }'],
  )
  const spiteful = await session.run("throw Object.defineProperty(new Error('x'), 'message', { get() { throw 1 } })")
  assert.equal(spiteful.evalue, 'The thrown value cannot be read')
  assert.equal((await session.run('function deep(): number { return deep() + 1 }\ndeep()')).ename, 'RangeError')
})

test('a cell of five megabytes and a lone surrogate pass through', async () => {
  assert.equal(await value(`const big = "${'x'.repeat(5_000_000)}"\nbig.length`), '5000000')
  assert.equal(await value("'\\ud800'.length"), '1')
  assert.equal((await session.run("console.log('\\ud800')")).stdout, '\ufffd\n')
})
