// The life of a debugging session: what else the kernel does while a program is stopped, and how a session ends.
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { test } from 'node:test'
import { startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import { notebookSession } from '../notebook-session.ts'
import { debugClient } from './debug-session.ts'

const session = notebookSession()
const debug = debugClient(session)

test('while stopped, control and heartbeat answer, a second cell waits, and an interrupt ends the cell', async () => {
  await debug.start()
  const { client, link } = session.kernel
  const code = 'const before = 1\nconst after = 2\nawait new Promise(() => {})'
  await debug.breakAt(code, 2)
  const running = session.run(code)
  await debug.stopped()
  const second = session.run('before')
  const info = await client.request('kernel_info_request', {}, { channel: 'control' })
  assert.deepEqual(
    [info.status, await link.isAlive(2000), info.debugger, info.supported_features.includes('debugger')],
    ['ok', true, true, true],
  )
  assert.deepEqual((await debug.ask('debugInfo')).stoppedThreads, [1])
  await client.request('interrupt_request', {})
  assert.equal((await running).ename, 'Interrupted')
  assert.equal((await second).status, 'aborted')
  assert.equal((await session.run('before')).result, '1')
  const again = 'const steps = [0]\nsteps.push(1)\nsteps.push(2)\nwhile (steps) {}'
  await debug.breakAt(again, 3)
  const spinning = session.run(again)
  await debug.stopped()
  await client.request('interrupt_request', {})
  assert.equal((await spinning).ename, 'Interrupted')
  assert.equal((await session.run('steps')).result, '[ 0, 1 ]', 'it ends where it stood')
  await debug.breakAt(again)
  await debug.breakAt(code)
})

test('while stopped, completion and inspection answer from types', async () => {
  const { client } = session.kernel
  await session.run("kernel.typecheck = 'error'") // so that the checker knows the cells when they run
  await session.run('/** Rows of the table. */\nconst rows: number[] = [1]')
  const code = 'const first = rows[0]\nfirst'
  await debug.breakAt(code, 2)
  const running = session.run(code)
  await debug.stopped()
  const { matches } = await client.request('complete_request', { code: 'rows.fin', cursor_pos: 8 })
  const { found, data } = await client.request('inspect_request', { code: 'rows', cursor_pos: 2, detail_level: 0 })
  await debug.ask('continue', { threadId: 1 })
  assert.ok(matches.includes('findLast'), matches.join())
  assert.equal(found, true)
  assert.match(String(data['text/plain']), /number\[\][\s\S]*Rows of the table/)
  assert.equal((await running).result, '1')
  await debug.breakAt(code)
  await session.run("kernel.typecheck = 'off'")
})

test('no port is opened for the inspector', async () => {
  assert.equal((await session.run("import { url } from 'node:inspector'\nurl() === undefined")).result, 'true')
})

test('disconnect lets a stopped program go on, and nothing stops afterwards', async () => {
  const code = 'const x1 = 1\nx1 + 1'
  await debug.breakAt(code, 2)
  const running = session.run(code)
  await debug.stopped()
  await debug.ask('disconnect', { restart: false, terminateDebuggee: false })
  assert.equal((await running).result, '2')
  assert.equal((await session.run(code)).result, '2')
  const info = await debug.ask('debugInfo')
  assert.deepEqual([info.isStarted, info.breakpoints, info.stoppedThreads], [false, [], []])
})

test('breakpoints hold after the user-code process died and was started again', async () => {
  await debug.start()
  const code = 'const born = 1\nborn + 1'
  await debug.breakAt(code, 2)
  await session.run('process.exit(1)')
  const running = session.run(code)
  assert.equal((await debug.stopped()).top.line, 2)
  const gone = session.run('1')
  await debug
    .ask('evaluate', { expression: "process.kill(process.pid, 'SIGKILL')", context: 'repl' })
    .catch(() => undefined)
  assert.equal((await running).ename, 'KernelRestarted')
  await gone
  assert.equal((await session.run('2')).result, '2')
})

test('a kernel that is stopped at a breakpoint shuts down when asked, and tells that nothing is stopped any more', async () => {
  const code = 'let last = 1\nlast += 1'
  await debug.breakAt(code, 2)
  void session.run(code)
  await debug.stopped()
  const reply = await session.kernel.client.request('shutdown_request', { restart: true })
  assert.deepEqual(reply, { status: 'ok', restart: true })
  await debug.next('continued')
  assert.equal(await session.kernel.exited, 0)
})

test('cells lie for debuggers in a folder that only its owner reads, of a name that nobody can foretell', async () => {
  const own = await startKernelProcess({ typecheck: 'off' })
  const client = debugClient({ kernel: own })
  await client.start()
  const { tmpFilePrefix } = await client.ask('debugInfo')
  const { sourcePath } = await client.ask('dumpCell', { code: '1 + 1' })
  assert.ok(sourcePath.startsWith(tmpFilePrefix))
  const folder = dirname(sourcePath)
  assert.match(basename(folder), /^asterism-debug-\w{6}$/)
  assert.deepEqual([statSync(folder).mode & 0o777, statSync(sourcePath).mode & 0o777], [0o700, 0o600])
  await own.dispose()
  assert.equal(existsSync(folder), false)
})
