import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Published } from '../../kernel/client.ts'
import { header } from '../../kernel/message.ts'
import { encode } from '../../kernel/wire.ts'
import { notebookSession } from './notebook-session.ts'

const session = notebookSession()
const client = () => session.kernel.client

/** Everything published while the work runs. */
async function during(work: () => Promise<unknown>): Promise<Published[]> {
  const seen: Published[] = []
  const stop = client().onPublished((one) => void seen.push(one))
  await work()
  stop()
  return seen
}

test('kernel_info tells the protocol and the language', async () => {
  const info = await client().request('kernel_info_request', {})
  assert.equal(info.status, 'ok')
  assert.equal(info.protocol_version, '5.5')
  assert.deepEqual(
    [info.language_info.name, info.language_info.file_extension, info.language_info.mimetype],
    ['typescript', '.ts', 'text/typescript'],
  )
})

test('an execution is busy, input, outputs, idle, all children of its request', async () => {
  const seen = await during(() => session.run("console.log('out')\n7"))
  const parent = seen.find((one) => one.type === 'execute_input')?.parent
  const states = seen.filter((one) => one.parent === parent).map((one) => one.content.execution_state ?? one.type)
  assert.deepEqual(states, ['busy', 'execute_input', 'stream', 'execute_result', 'idle'])
})

test('every request is answered by the reply of its own type', async () => {
  const replies = await Promise.all([
    client().request('comm_info_request', {}),
    client().request('is_complete_request', { code: '1' }),
    client().request('history_request', { hist_access_type: 'tail', n: 1 }),
  ])
  assert.deepEqual(replies[0], { status: 'ok', comms: {} })
  assert.deepEqual(replies[1], { status: 'complete' })
  assert.equal(replies[2].status, 'ok')
})

test('a forged or truncated message is dropped and nothing runs', async () => {
  const { key } = session.kernel.connection
  const content = { code: 'globalThis.forged = true' }
  const message = { header: header('execute_request', 'x'), parent: {}, metadata: {}, content }
  await client().sendFrames(encode('another key', message))
  await client().sendFrames(encode(key, message).slice(0, 3))
  await client().sendFrames([Buffer.from('noise')])
  const changed = encode(key, message)
  changed[5] = Buffer.from(JSON.stringify({ code: 'globalThis.forged = 2' }))
  await client().sendFrames(changed)
  assert.equal((await session.run('typeof globalThis.forged')).result, "'undefined'")
})

test('cells run one after another, and an error aborts those that wait', async () => {
  const go = join(session.folder, 'go')
  const waits = `const { existsSync } = await import('node:fs')
    while (!existsSync(${JSON.stringify(go)})) await new Promise((done) => setTimeout(done, 5))`
  const cells = [session.run(`${waits}\nthrow new Error('stop')`), session.run('1'), session.run('2')]
  await client().request('is_complete_request', { code: '' }) // the answer follows the cells on the same channel
  writeFileSync(go, '')
  assert.deepEqual(
    (await Promise.all(cells)).map((one) => one.status),
    ['error', 'aborted', 'aborted'],
  )
  const options = { stop_on_error: false }
  const going = await Promise.all([session.run('throw 1', options), session.run('3')])
  assert.deepEqual(
    going.map((one) => one.status),
    ['error', 'ok'],
  )
  const seen = await during(() => Promise.all([session.run('await 0; 1'), session.run('2')]))
  const states = seen.map((one) => one.content.execution_state ?? one.type)
  const one = ['busy', 'execute_input', 'execute_result', 'idle']
  assert.deepEqual(states.slice(-8), [...one, ...one])
})

test('silent runs publish nothing and are not counted; user expressions are evaluated after the cell', async () => {
  const before = (await session.run('let seen = 0')).count
  const silent = await session.run("console.log('x'); display(1); seen = 5", { silent: true })
  assert.deepEqual(silent.published, [])
  const reply = await client().execute('seen += 1', { user_expressions: { good: 'seen', bad: 'nowhere' } })
  assert.equal(reply.execution_count, before + 1)
  assert.ok(reply.status === 'ok')
  const { good, bad } = reply.user_expressions as Record<string, { status: string; data: unknown; ename: string }>
  assert.deepEqual(good?.data, { 'text/plain': '6' })
  assert.deepEqual([bad?.status, bad?.ename], ['error', 'ReferenceError'])
})

test('control and heartbeat answer while a cell spins, and the interrupt keeps the variables', async () => {
  await session.run('const kept = [1]')
  const { finished } = await session.begin("kept.push(2)\nconsole.log('begun')\nwhile (true);")
  let done = false
  const spinning = finished.finally(() => {
    done = true
  })
  const info = await client().request('kernel_info_request', {}, { channel: 'control' })
  assert.deepEqual([info.status, await client().isAlive(2000), done], ['ok', true, false])
  await client().request('interrupt_request', {})
  const cell = await spinning
  assert.deepEqual([cell.status, cell.ename], ['error', 'Interrupted'])
  assert.equal((await session.run('kept')).result, '[ 1, 2 ]')
})

test('an interrupt ends a pending await, aborts its signal, and keeps the variables', async () => {
  const waiting = await session.begin(
    "let told = 'no'\ncellSignal().addEventListener('abort', () => { told = 'yes' })\nconsole.log('begun')\nawait new Promise(() => {})",
  )
  await client().request('interrupt_request', {})
  assert.equal((await waiting.finished).ename, 'Interrupted')
  assert.equal((await session.run('told')).result, "'yes'")
})

test('an interrupt of an idle kernel does nothing', async () => {
  assert.deepEqual(await client().request('interrupt_request', {}), { status: 'ok' })
  assert.equal((await session.run('1')).result, '1')
})

test('a cell that ends its process is told so, and the kernel comes back', async () => {
  const cell = await session.run('process.exit(3)')
  assert.match(cell.evalue, /ended \(exit code 3\).*all variables are gone/)
  const killed = await session.run("process.kill(process.pid, 'SIGKILL')\nawait new Promise(() => {})")
  assert.match(killed.evalue, /signal SIGKILL/)
  assert.equal((await session.run('1 + 1')).result, '2')
})

test('is_complete tells complete, incomplete and invalid apart', async () => {
  const status = async (code: string): Promise<string> =>
    (await client().request('is_complete_request', { code })).status
  const incomplete = ['for (;;) {', 'const x = ', 'f(1,', '`text', '/* note', 'x.', 'class A {\n  m() {']
  for (const code of incomplete) assert.equal(await status(code), 'incomplete', code)
  for (const code of ['const x = ;', '}', "'open"]) assert.equal(await status(code), 'invalid', code)
  for (const code of ['1', 'await f()', 'interface A {}', '']) assert.equal(await status(code), 'complete', code)
})

test('completion and inspection read live values, also while a cell waits', async () => {
  await session.run(
    "const tree = { visits: 3, valueSum: 1.5, note: 'é' }; function search(depth: number) { return depth }",
  )
  const waiting = session.run('await new Promise((done) => setTimeout(done, 300)); 1')
  const complete = async (code: string): Promise<string[]> =>
    (await client().request('complete_request', { code, cursor_pos: [...code].length })).matches
  assert.ok((await complete('tree.v')).includes('valueSum'))
  assert.deepEqual(await complete('const 𝔸 = sear'), ['search'])
  assert.ok((await complete("'x'.toUp")).length >= 0)
  assert.deepEqual(await complete('tree.note.toUpperC'), ['toUpperCase'])
  const { found, data } = await client().request('inspect_request', { code: 'tree.visits', cursor_pos: 8 })
  assert.deepEqual([found, data['text/plain']], [true, 'tree.visits: 3'])
  assert.equal((await client().request('inspect_request', { code: 'nowhere', cursor_pos: 3 })).found, false)
  assert.equal((await waiting).result, '1')
})

test('completion triggers no getter', async () => {
  await session.run('let touched = 0\nconst trap = { get inner() { touched += 1; return { a: 1 } } }')
  await client().request('complete_request', { code: 'trap.inner.', cursor_pos: 11 })
  assert.equal((await session.run('touched')).result, '0')
})

test('history gives what was stored', async () => {
  await session.run('"alpha"')
  await session.run('"beta"', { store_history: false })
  await session.run('"alpha"')
  const search = { hist_access_type: 'search', pattern: '"alph*"', unique: true }
  const { history } = await client().request('history_request', search)
  assert.equal(history.length, 1)
  assert.equal((history.at(-1) as unknown[])[2], '"alpha"')
  const tail = await client().request('history_request', { hist_access_type: 'tail', n: 1 })
  assert.equal((tail.history[0] as unknown[])[2], '"alpha"')
})

test('prompt asks on stdin and gives the answer; a client without stdin is told', async () => {
  client().onQuestion((prompt, password) => `${prompt}:${password}`)
  const asked = await session.run("await prompt('name', { password: true })", { allow_stdin: true })
  assert.equal(asked.result, "'name:true'")
  assert.match((await session.run('await prompt()')).evalue, /does not allow stdin/)
})
