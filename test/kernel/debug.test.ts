import assert from 'node:assert/strict'
import { test } from 'node:test'
import { debugClient } from './debug-session.ts'
import { notebookSession } from './notebook-session.ts'

const session = notebookSession()
const debug = debugClient(session)
const places = (frames: { name: string; line: number }[]): string[] => frames.map((one) => `${one.name}:${one.line}`)

test('before a session, debugInfo tells how to compute paths, and what needs a session is refused', async () => {
  const info = await debug.ask('debugInfo')
  assert.deepEqual(
    [info.isStarted, info.hashMethod, info.hashSeed, info.tmpFileSuffix, info.breakpoints, info.stoppedThreads],
    [false, 'Murmur2', 0xc70f6907, '.ts', [], []],
  )
  const refused = await debug.send('dumpCell', { code: '1' })
  assert.deepEqual([refused.success, refused.message], [false, 'Expected `initialize` before `dumpCell`'])
})

test('a breakpoint stops a cell on its TypeScript line, with its variables, and continue ends it', async () => {
  await debug.start()
  const code = `interface Pair { a: number }
const pair: Pair = { a: 1 }
function twice(x: number): number {
  const doubled = x * 2
  return doubled
}
twice(pair.a) + 1`
  const [set] = await debug.breakAt(code, 5)
  assert.deepEqual([set.verified, set.line], [true, 5])
  const running = session.run(code)
  const { event, frames, top } = await debug.stopped()
  assert.deepEqual([event.reason, event.threadId, event.allThreadsStopped], ['breakpoint', 1, true])
  assert.deepEqual(event.hitBreakpointIds, [set.id])
  assert.deepEqual(places(frames), ['twice:5', 'cell 1:7'])
  assert.equal(top.source.path, (await debug.ask('dumpCell', { code })).sourcePath)
  assert.deepEqual(await debug.scope(top.id, 'Locals'), { x: '1', doubled: '2' })
  assert.equal((await debug.scope(top.id, 'Notebook')).pair, '{ a: 1 }')
  await debug.ask('continue', { threadId: 1 })
  await debug.next('continued')
  assert.equal((await running).result, '3')
})
