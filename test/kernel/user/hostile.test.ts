import assert from 'node:assert/strict'
import { test } from 'node:test'
import { header } from '../../../kernel/protocol/message.ts'
import { encode } from '../../../kernel/protocol/wire.ts'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession({ env: { NODE_OPTIONS: '--max-old-space-size=192' } })

const HOSTILE: [string, string, string, RegExp][] = [
  ['null', 'throw null', 'Uncaught', /^null$/],
  ['undefined', 'throw undefined', 'Uncaught', /^undefined$/],
  ['a symbol', "throw Symbol('s')", 'Uncaught', /^Symbol\(s\)$/],
  ['an object without a prototype', 'throw Object.create(null)', 'Uncaught', /null prototype/],
  ['an object whose toString throws', 'throw { toString() { throw 1 } }', 'Uncaught', /toString/],
  [
    'a proxy that throws at every touch',
    `const trap = () => { throw new Error('trap') }
    throw new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap })`,
    'Uncaught|Error',
    /./,
  ],
  [
    'an error whose stack throws',
    "throw Object.defineProperty(new Error('x'), 'stack', { get() { throw 1 } })",
    'Error',
    /^x$/,
  ],
  [
    'an error whose message throws',
    'class Odd extends Error { get message() { throw 1 } }\nthrow new Odd()',
    'Error',
    /cannot be read/,
  ],
  [
    'an error whose name is no text',
    "throw Object.assign(new Error('x'), { name: { toString() { throw 1 } } })",
    'Error',
    /cannot be read/,
  ],
  ['an error that is its own cause', "const own = new Error('self')\nown.cause = own\nthrow own", 'Error', /^self$/],
  [
    'an error with a megabyte of message',
    "throw new Error('x'.repeat(1e6))",
    'Error',
    /^x{10000}\n… 990,000 more characters$/,
  ],
  ['infinite recursion', 'const deep = (): number => deep() + 1\ndeep()', 'RangeError', /call stack/],
  [
    'infinite recursion of an async function',
    'const deep = async (): Promise<number> => (await deep()) + 1\nawait deep()',
    'RangeError',
    /call stack/,
  ],
  ['an allocation that is too large', "'x'.repeat(2 ** 30)", 'RangeError', /Invalid string length/],
]

for (const [what, code, ename, evalue] of HOSTILE) {
  test(`${what}, thrown, is one error message, and the variables stay`, async () => {
    await session.run('var kept = 1')
    const cell = await session.run(code)
    assert.equal(cell.published.filter((one) => one.type === 'error').length, 1)
    assert.match(cell.ename, new RegExp(`^(?:${ename})$`))
    assert.match(cell.evalue, evalue)
    assert.ok(cell.traceback.length < 60_000)
    assert.equal((await session.run('kept')).result, '1')
  })
}

test('all errors of an AggregateError and all causes are shown with their lines', async () => {
  const { traceback, count } = await session.run(`const inner = new TypeError('inner', { cause: { code: 7 } })
throw new AggregateError([new Error('one'), inner], 'both')`)
  for (const line of [
    'AggregateError: both',
    `cell ${count}:2:7`,
    'Error: one',
    'TypeError: inner',
    `cell ${count}:1:15`,
    '[cause]: { code: 7 }',
  ]) {
    assert.ok(traceback.includes(line), `${line} in\n${traceback}`)
  }
})

test('hostile values thrown late are reported and survived', async () => {
  const cell = await session.run(`
    setTimeout(() => { throw null }, 0)
    setTimeout(() => { throw new Proxy({}, { getPrototypeOf() { throw 1 }, get() { throw 2 } }) }, 0)
    Promise.reject(undefined)
    await new Promise((done) => setTimeout(done, 20))`)
  assert.equal(cell.status, 'ok')
  assert.equal(cell.stderr.match(/^(?:A promise was rejected|An error was thrown)/gm)?.length, 3)
})

test('a value that cannot be shown says so, and the cell is fine', async () => {
  const custom = await session.run("({ [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('no') } })")
  assert.equal(custom.result, '[a value that cannot be shown: no]')
  const tagged = await session.run("({ get [Symbol.toStringTag]() { throw new Error('no') } })")
  assert.match(tagged.result ?? '', /^\[a value that cannot be shown: no\]$|\[Getter\]/) // newer Nodes show the rest
  assert.equal((await session.run('new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } })')).status, 'ok')
})

test('a hundred thousand lines arrive whole, in order, before idle', async () => {
  const cell = await session.run('for (let i = 0; i < 100_000; i++) console.log(i)')
  assert.equal(cell.stdout, Array.from({ length: 100_000 }, (_, i) => `${i}\n`).join(''))
})

test('a lone surrogate in the text of a cell and a cell of megabytes run', async () => {
  assert.equal((await session.run("'a\ud800b'.length")).result, '3')
  assert.equal((await session.run(`/* ${'long '.repeat(1_000_000)} */ 7`)).result, '7')
  assert.equal((await session.run(`${'let filler = 1;\n'.repeat(1000)}8`)).ename, 'SyntaxError')
  const long = await session.run(`[${'1,'.repeat(500_000)}].length`)
  assert.equal(long.result, '500000', long.traceback)
})

test('content of the wrong shape is answered or dropped, and the kernel goes on', async () => {
  const { link, connection } = session.kernel
  for (const content of [{}, { code: 5 }, { code: null }, { code: 'kept', user_expressions: 'x' }]) {
    const calm = { ...content, stop_on_error: false }
    const message = { header: header('execute_request', 'x'), parent: {}, metadata: {}, content: calm }
    await link.sendFrames('shell', encode(connection.key, message))
  }
  assert.equal((await session.run('1 + 1')).result, '2')
})

test('a cell that runs out of memory is told so in one message, and the kernel comes back', async () => {
  const cell = await session.run(
    "console.log('begun')\nconst hog: unknown[] = []\nfor (;;) hog.push(Array.from({ length: 1e4 }, (_, i) => ({ i })))",
  )
  assert.equal(cell.stdout, 'begun\n')
  assert.equal(cell.stderr, '')
  assert.match(cell.evalue, /ended \(out of memory; .*--max-old-space-size.*all variables are gone/)
  assert.equal((await session.run('typeof hog')).result, "'undefined'")
})

test('a cell that exits the process is told so, and the next cell works', async () => {
  for (const code of ['process.exit()', 'process.abort()', "process.kill(process.pid, 'SIGKILL')\nfor (;;);"]) {
    const cell = await session.run(code)
    assert.equal(cell.ename, 'KernelRestarted', code)
    assert.equal((await session.run('2 + 2')).result, '4', code)
  }
})

test('a cell that unhooks the process keeps its variables, and late errors of later cells are told', async () => {
  await session.run('var kept = 1\nprocess.removeAllListeners()\nprocess.disconnect?.()')
  const cell = await session.run(`
    setTimeout(() => { throw new Error('late throw') }, 1)
    Promise.reject(new Error('rejected'))
    await new Promise((done) => setTimeout(done, 20))
    kept`)
  assert.equal(cell.result, '1')
  assert.match(cell.stderr, /rejected.*late throw/s)
})
