import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CellResult, eventually, notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const interrupt = () => session.kernel.client.request('interrupt_request', {})

/** Runs a cell that prints and then goes on, interrupts it there, and says how it ended. */
async function interrupted(code: string): Promise<CellResult> {
  const { finished } = await session.begin(code)
  await interrupt()
  return finished
}

const SPINS = [
  ['a loop', "console.log('begun')\nwhile (true) turns += 1"],
  [
    'a loop in a block',
    "if (turns >= 0) {\n  console.log('begun')\n  outer: for (;;) for (;;) { turns += 1; continue outer }\n}",
  ],
  ['a loop after an await', "await null\nconsole.log('begun')\nwhile (true) turns += 1"],
  ['a loop that awaits what is there', "console.log('begun')\nwhile (true) await turns++"],
  [
    'a loop in a timer',
    "setTimeout(() => { console.log('begun'); for (;;) turns += 1 }, 1)\nawait new Promise(() => {})",
  ],
  [
    'a loop that catches everything',
    "console.log('begun')\nwhile (true) { try { while (true) turns += 1 } catch { turns += 1 } }",
  ],
  ['a cell that catches everything', "try { console.log('begun'); while (true) turns += 1 } catch {}\n'end'"],
  ['a pending promise as last value', "console.log('begun')\nnew Promise(() => {})"],
  ['a pending await in a try', "try { console.log('begun'); await new Promise(() => {}) } catch {}\n'end'"],
  [
    'recursion without a loop',
    "const fib = (n: number): number => n < 2 ? n : fib(n - 1) + fib(n - 2)\nconsole.log('begun')\nturns = fib(60)",
  ],
  ['a native call', "console.log('begun');\n/^(a+)+$/.test('a'.repeat(40) + 'b')"],
  ['Atomics.wait', "console.log('begun')\nAtomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"],
  ['a command', "console.log('begun')\nrequire('node:child_process').execSync('sleep 60')"],
] as const

for (const [what, code] of SPINS) {
  test(`an interrupt stops ${what} and keeps the variables`, async () => {
    await session.run('var turns = 0\nvar kept = [1]')
    const cell = await interrupted(code)
    assert.deepEqual([cell.status, cell.ename], ['error', 'Interrupted'])
    assert.equal((await session.run('kept')).result, '[ 1 ]')
  })
}

test('an interrupted loop leaves its variables as they were when it stopped', async () => {
  const cell = await interrupted("let count = 0\nconsole.log('begun')\nwhile (true) count += 1")
  assert.equal(cell.ename, 'Interrupted')
  assert.equal((await session.run('count > 0')).result, 'true')
})

test('a command that a cell waits for after an await ends as by Ctrl-C, and the variables are kept', async () => {
  await session.run('var kept = [2]')
  const code = "await null\nconsole.log('begun')\nrequire('node:child_process').execSync('sleep 60')"
  assert.match((await interrupted(code)).evalue, /Command failed: sleep 60|interrupted/)
  assert.equal((await session.run('kept')).result, '[ 2 ]')
})

test('a loop of a local module stops too', async () => {
  const { writeFileSync } = await import('node:fs')
  const { join } = await import('node:path')
  writeFileSync(join(session.folder, 'spin.ts'), 'export function spin(): never {\n  for (;;);\n}')
  const cell = await interrupted("import { spin } from './spin.ts'\nawait null\nconsole.log('begun')\nspin()")
  assert.equal(cell.ename, 'Interrupted')
})

test('what an interrupted cell was waiting for goes no further: neither its own code nor loops in its functions', async () => {
  await session.run(
    'var steps = 0, after = 0, release = () => {}\nconst gate = () => new Promise<void>((done) => { release = done })',
  )
  const cell = await interrupted(`
    async function train() { for (;;) { await gate(); steps += 1 } }
    void (async () => { await gate; })()
    console.log('begun')
    await train()
    after = 1`)
  assert.equal(cell.ename, 'Interrupted')
  await session.run('release()')
  await session.run('release()')
  assert.equal((await session.run('[steps, after]')).result, '[ 1, 0 ]')
  const waits = await interrupted("console.log('begun')\nawait gate()\nafter = 2")
  assert.equal(waits.ename, 'Interrupted')
  await session.run('release()')
  assert.equal((await session.run('after')).result, '0')
})

test('a callback that computes after its cell has ended is stopped, and the next cell runs', async () => {
  let text = ''
  const stop = session.kernel.client.onPublished((one) => {
    text += one.content.text ?? ''
  })
  await session.run("const marked = 1\nsetTimeout(() => { console.log('late loop'); while (true); }, 20)")
  await eventually(() => text.includes('late loop'), 'the loop')
  stop()
  const next = session.run('marked')
  await interrupt()
  assert.ok(['ok', 'error'].includes((await next).status)) // the interrupt may reach it too
  assert.equal((await session.run('marked')).result, '1')
})

test('finally blocks run when a loop is interrupted', async () => {
  await session.run('var closed = false')
  const cell = await interrupted("try { console.log('begun'); while (true); } finally { closed = true }")
  assert.equal(cell.ename, 'Interrupted')
  assert.equal((await session.run('closed')).result, 'true')
})

test('a function that is sent to another realm as text runs there', async () => {
  const cell = await session.run(`
    const add = async (n: number) => { let s = 0; for (let i = 0; i < n; i++) s += i; for (const x of [1]) s += await x; return s }
    require('node:vm').runInNewContext('(' + add + ')(4)')`)
  assert.equal(cell.status, 'ok', cell.traceback)
  assert.equal((await session.run(`await require('node:vm').runInNewContext('(' + add + ')(4)')`)).result, '7')
})

test('what cannot be interrupted costs the variables, is told plainly, and the kernel goes on', async () => {
  await session.run('const gone = 1')
  const cell = await interrupted(
    "await null\nconsole.log('begun')\nAtomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
  )
  assert.equal(cell.ename, 'KernelRestarted')
  assert.match(cell.evalue, /could not be interrupted.*all variables are gone/)
  assert.equal((await session.run('typeof gone')).result, "'undefined'")
})
