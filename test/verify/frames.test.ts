import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFrame, FrameReader, MAX_FRAME } from '../../lib/verify/frames.ts'

test('messages come out as they went in, wherever the bytes are cut', () => {
  const messages = [{ a: 1 }, 'é☃', [], { text: 'x'.repeat(300) }, null]
  const bytes = Buffer.concat(messages.map((message) => encodeFrame(message)))
  for (const size of [1, 2, 3, 5, 7, 64, bytes.length]) {
    const reader = new FrameReader()
    const read: unknown[] = []
    for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)))
    assert.deepEqual(read, messages, `chunks of ${size} bytes`)
  }
})

test('a length that no frame may have is refused before anything of it is kept', () => {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(MAX_FRAME + 1)
  assert.throws(() => new FrameReader().push(header), /Expected a message of at most 16777216 bytes, got 16777217/)
  assert.throws(() => encodeFrame('x'.repeat(MAX_FRAME)), RangeError)
})

test('bytes that are no JSON are an error, not a message', () => {
  const frame = Buffer.from('\0\0\0\u0003abc', 'latin1')
  assert.throws(() => new FrameReader().push(frame), SyntaxError)
})
