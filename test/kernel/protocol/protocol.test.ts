import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Subscriber } from 'zeromq'
import { endpoint } from '../../../kernel/protocol/connection.ts'
import { header } from '../../../kernel/protocol/message.ts'
import { decode, encode } from '../../../kernel/protocol/wire.ts'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const client = () => session.kernel.client

/** Completions at the end. On a busy machine a live answer may come too late, and the same question is asked again. */
async function complete(code: string): Promise<string[]> {
  let matches: string[] = []
  for (let asked = 0; asked < 5 && matches.length === 0; asked++)
    matches = (await client().request('complete_request', { code, cursor_pos: [...code].length })).matches
  return matches
}

test('a forged or truncated message is dropped and nothing runs', async () => {
  const { key } = session.kernel.connection
  const content = { code: 'globalThis.forged = true' }
  const message = { header: header('execute_request', 'x'), parent: {}, metadata: {}, content }
  await session.kernel.link.sendFrames('shell', encode('another key', message))
  await session.kernel.link.sendFrames('shell', encode(key, message).slice(0, 3))
  await session.kernel.link.sendFrames('shell', [Buffer.from('noise')])
  const changed = encode(key, message)
  changed[5] = Buffer.from(JSON.stringify({ code: 'globalThis.forged = 2' }))
  await session.kernel.link.sendFrames('shell', changed)
  assert.equal((await session.run('typeof globalThis.forged')).result, "'undefined'")
})

test('control and heartbeat answer while a cell spins, and the interrupt keeps the variables', async () => {
  await session.run('const kept = [1]')
  const { finished } = await session.begin("kept.push(2)\nconsole.log('begun')\nwhile (true);")
  let done = false
  const spinning = finished.finally(() => {
    done = true
  })
  const info = await client().request('kernel_info_request', {}, { channel: 'control' })
  assert.deepEqual([info.status, await session.kernel.link.isAlive(2000), done], ['ok', true, false])
  await client().request('interrupt_request', {})
  const cell = await spinning
  assert.deepEqual([cell.status, cell.ename], ['error', 'Interrupted'])
  assert.equal((await session.run('kept')).result, '[ 1, 2 ]')
})
test('completion and inspection read live values, also while a cell waits', async () => {
  await session.run(
    "const tree = { visits: 3, valueSum: 1.5, note: 'é' }; function search(depth: number) { return depth }",
  )
  const waiting = session.run('await new Promise((done) => setTimeout(done, 300)); 1')
  assert.ok((await complete('tree.v')).includes('valueSum'))
  assert.deepEqual(await complete('const 𝔸 = sear'), ['search'])
  assert.ok((await complete("'x'.toUp")).length >= 0)
  assert.deepEqual(await complete('tree.note.toUpperC'), ['toUpperCase'])
  const { found, data } = await client().request('inspect_request', { code: 'tree.visits', cursor_pos: 8 })
  assert.deepEqual([found, data['text/plain']], [true, 'tree.visits: 3'])
  assert.equal((await client().request('inspect_request', { code: 'nowhere', cursor_pos: 3 })).found, false)
  assert.equal((await waiting).result, '1')
})

test('live completion shows the members that all objects have only once a letter of them is there', async () => {
  await session.run('const card = { suit: 1, rank: 2 }')
  assert.deepEqual(await complete('card.'), ['suit', 'rank'])
  assert.deepEqual(await complete('card.hasOwn'), ['hasOwnProperty'])
})

test('completion triggers no getter', async () => {
  await session.run('let touched = 0\nconst trap = { get inner() { touched += 1; return { a: 1 } } }')
  await client().request('complete_request', { code: 'trap.inner.', cursor_pos: 11 })
  assert.equal((await session.run('touched')).result, '0')
})

test('a message that was caught on its way and sent again is dropped, and so is one without a signature', async () => {
  const { key } = session.kernel.connection
  await session.run('globalThis.times = 0')
  const content = { code: 'times += 1' }
  const frames = encode(key, { header: header('execute_request', 'x'), parent: {}, metadata: {}, content })
  await session.kernel.link.sendFrames('shell', frames)
  await session.kernel.link.sendFrames('shell', frames)
  await session.kernel.link.sendFrames('control', frames)
  await session.kernel.link.sendFrames(
    'shell',
    encode('', { header: header('execute_request', 'x'), parent: {}, metadata: {}, content }),
  )
  assert.equal((await session.run('times')).result, '1')
})

test('a subscription to one topic is welcomed on that topic, and hears nothing else', async () => {
  const { connection } = session.kernel
  const socket = new Subscriber()
  socket.connect(endpoint(connection, 'iopub'))
  socket.subscribe('none of this')
  const [topic, ...rest] = (await socket.receive()) as Buffer[]
  assert.equal(String(topic), 'none of this')
  const message = decode(connection.key, rest)
  assert.ok(!('refused' in message))
  assert.deepEqual([message.header.msg_type, message.content], ['iopub_welcome', { subscription: 'none of this' }])
  assert.deepEqual(message.parent, {})
  socket.close()
})
