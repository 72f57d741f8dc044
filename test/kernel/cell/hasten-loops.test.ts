import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileCell } from '../../../kernel/cell/compile.ts'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const { value } = session

/** Names that are local variables in a cell's loops, where functions of earlier cells use the given ones. */
function localNames(code: string, { captured = [] as string[], reassigned = [] as string[], plainLoops = false } = {}) {
  const declared = new Set(['data', 'total'])
  const functions = { captured: new Set(captured), reassigned: new Set(reassigned) }
  const earlier = { declared, renamed: new Map<string, string>(), realm: new Set<string>(), ...functions, plainLoops }
  const found = compileCell('cell', code, earlier).code.matchAll(/\$local_(\w+) = \1\b/g)
  return [...new Set([...found].map(([, name]) => name))].sort()
}

test('what a loop assigns is local unless a function mentions it', () => {
  const loop = 'for (let i = 0; i < 9; i++) total += i'
  assert.deepEqual(localNames(loop), ['total'])
  assert.deepEqual(localNames(loop, { captured: ['total'] }), [])
  assert.deepEqual(localNames(`${loop}\nconst read = () => total`), [])
  assert.deepEqual(localNames(`if (data) { outer: while (data) { total++; break outer } }`), ['data', 'total'])
})

test('what a loop reads is local unless a function assigns it, or is made in the loop', () => {
  const loop = 'for (let i = 0; i < 9; i++) data[i] *= 2'
  assert.deepEqual(localNames(loop, { captured: ['data'] }), ['data'])
  assert.deepEqual(localNames(loop, { captured: ['data'], reassigned: ['data'] }), [])
  assert.deepEqual(localNames(`${loop}\nfunction reset() { data = [] }`), [])
  assert.deepEqual(localNames('for (;;) data.map((one) => one + data.length)'), [])
})

test('names that are no plain bindings, loops that wait, and loops under a debugger stay as they are', () => {
  assert.deepEqual(localNames('for (;;) Math.max(process.pid, total)'), ['total'])
  assert.deepEqual(localNames('for (const x of data) total += await x'), [])
  assert.deepEqual(localNames('for (const x of data) { await x; for (const y of x) total += y }'), ['total'])
  assert.deepEqual(localNames('for (;;) total += 1', { plainLoops: true }), [])
})

test('a loop leaves what it assigns with its last values, also when it throws or is left', async () => {
  assert.equal(await value('let sum = 0.5\nfor (let k = 0; k < 4; k++) sum += k\nsum'), '6.5')
  const failed = await session.run("let at = 0\nwhile (true) { at += 1; if (at === 5) throw new Error('stop') }")
  assert.equal(failed.evalue, 'stop')
  assert.equal(await value('at'), '5')
  const left =
    'var turns = 0, hit\nouter: for (var x of [1, 2, 3]) for (const y of [2, 9]) { turns++; if (x === y) { hit = [x, y]; break outer } }'
  assert.equal(await value(`${left}\n;[turns, hit, x]`), '[ 3, [ 2, 2 ], 2 ]')
  assert.equal(
    await value('do { var { turns, ...more } = { turns: 7, z: 1 } } while (turns < 7)\n;[turns, more]'),
    '[ 7, { z: 1 } ]',
  )
})

test('a loop sees what functions assign, and functions see what a loop assigns', async () => {
  await value('let level = 0, reads = 0\nfunction raise() { level += 10 }\nconst readLevel = () => level')
  assert.equal(await value('let high = 0\nfor (let k = 0; k < 3; k++) { raise(); high += level }\nhigh'), '60')
  assert.equal(
    await value('for (let k = 0; k < 4; k++) { level = k; reads += readLevel() }\n;[level, reads]'),
    '[ 3, 6 ]',
  )
})

test('a closure made in a loop sees what later cells assign', async () => {
  await value(
    'let factor = 2\nconst scaled: (() => number)[] = []\nfor (let k = 1; k < 3; k++) scaled.push(() => k * factor)',
  )
  await value('factor = 10')
  assert.equal(await value('scaled.map((one) => one())'), '[ 10, 20 ]')
})

test('an error in a loop names the variables as the person did, and the place', async () => {
  const cell = await session.run('let many = 5\nlet count = 0\nwhile (count < 3) {\n  count += 1; many(count)\n}')
  assert.equal(cell.evalue, 'many is not a function')
  assert.match(cell.traceback, new RegExp(`at cell ${cell.count}:4:15`))
  assert.equal(await value('count'), '1')
})

test('a loop beside an await, and one in a cell that waits nowhere, come to the same', async () => {
  const loop = 'let all = 0\nconst row = [1, 2, 3]\nfor (let k = 0; k < row.length; k++) all += row[k] ** 2\n'
  assert.equal(await value(`${loop}all`), '14')
  assert.equal(
    await value(`${loop}await null\nfor (const one of row) { await one; for (const two of row) all += two }\nall`),
    '32',
  )
})
