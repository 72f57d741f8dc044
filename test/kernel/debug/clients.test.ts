// What the debugger tells a client while nothing is stopped: before it has begun, and by which client it is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notebookSession } from '../notebook-session.ts'
import { debugClient } from './debug-session.ts'

const session = notebookSession()
const debug = debugClient(session)

test('before a session, debugInfo tells how to compute paths, and what needs a session is refused', async () => {
  const info = await debug.ask('debugInfo')
  assert.deepEqual(
    [info.isStarted, info.hashMethod, info.hashSeed, info.tmpFileSuffix, info.breakpoints, info.stoppedThreads],
    [false, 'Murmur2', 0xc70f6907, '.ts', [], []],
  )
  const refused = await debug.send('dumpCell', { code: '1' })
  assert.deepEqual([refused.success, refused.message], [false, 'Expected `initialize` before `dumpCell`'])
})

test('values have no type where the client would show it instead of them, and one everywhere else', async () => {
  await session.run('const typed = [1]')
  const type = async (clientID: string) => {
    await debug.ask('initialize', { clientID })
    const { variables } = await debug.ask('inspectVariables')
    return variables.find((one: { name: string }) => one.name === 'typed')?.type
  }
  assert.deepEqual([await type('jupyterlab'), await type('another')], [undefined, 'Array'])
})
