import assert from 'node:assert/strict'
import { test } from 'node:test'
import { header } from '../../../kernel/protocol/message.ts'
import { decode, encode } from '../../../kernel/protocol/wire.ts'

const message = { header: header('x', 's'), parent: {}, metadata: {}, content: { é: 1 }, buffers: [Buffer.from('raw')] }

test('a message survives the wire', () => {
  const back = decode('key', encode('key', message, [Buffer.from('route')]))
  assert.ok(!('refused' in back))
  assert.deepEqual(
    [back.header, back.content, back.identities, back.buffers],
    [message.header, message.content, [Buffer.from('route')], message.buffers],
  )
})

test('a signature is checked before anything is parsed', () => {
  const frames = encode('key', message)
  const at = (index: number, bytes: string) => frames.map((frame, i) => (i === index ? Buffer.from(bytes) : frame))
  assert.deepEqual(decode('key', at(5, '{"broken')), { refused: 'badSignature' })
  assert.deepEqual(decode('key', at(1, '')), { refused: 'badSignature' })
  assert.deepEqual(decode('', at(5, '{"broken')), { refused: 'badJson' })
  assert.deepEqual(decode('key', frames.slice(0, 4)), { refused: 'tooFewFrames' })
  assert.deepEqual(decode('key', [Buffer.from('x')]), { refused: 'noDelimiter' })
})
