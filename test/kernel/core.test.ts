import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startKernel } from '../../kernel/core.ts'
import { header, type Incoming, type Message } from '../../kernel/message.ts'
import type { RequestChannel, Transport } from '../../kernel/transport.ts'
import { eventually } from './notebook-session.ts'

test('the core runs on any transport: one inside this process gets the same messages in the same order', async () => {
  const sent: Message[] = []
  let receive: (channel: RequestChannel, message: Incoming) => void = () => undefined
  let disposed = false
  const transport: Transport = {
    reply: (_channel, _identities, message) => void sent.push(message),
    publish: (_topic, message) => void sent.push(message),
    onMessage: (listener) => {
      receive = listener
    },
    dispose: async () => {
      disposed = true
    },
  }
  const kernel = startKernel(transport)
  const ask = (type: string, content: Record<string, unknown>, channel: RequestChannel = 'shell'): Incoming => {
    const message = { header: header(type, 'test'), parent: {}, metadata: {}, content, identities: [] }
    receive(channel, message)
    return message
  }
  const { msg_id } = ask('execute_request', { code: "console.log('x')\n1 + 1" }).header
  await eventually(() => sent.filter((one) => one.parent.msg_id === msg_id).length === 6, 'all messages of the cell')
  assert.deepEqual(
    sent.filter((one) => one.parent.msg_id === msg_id).map((one) => one.header.msg_type),
    ['status', 'execute_input', 'stream', 'execute_result', 'execute_reply', 'status'],
  )
  const comm = ask('comm_open', { comm_id: 'c', target_name: 'unknown' })
  const closed = sent.filter((one) => one.parent.msg_id === comm.header.msg_id).map((one) => one.header.msg_type)
  assert.deepEqual(closed, ['status', 'comm_close', 'status'])
  ask('shutdown_request', {}, 'control')
  await kernel.closed
  assert.ok(disposed)
})
