// A stream cut at newlines, wherever its chunks are cut.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type InputLine, linesOf } from '../../lib/file/lines.ts'

async function read(chunks: readonly (string | Uint8Array)[], longest = 100): Promise<InputLine[]> {
  const lines: InputLine[] = []
  const stream = async function* () {
    for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
  }
  for await (const line of linesOf(stream(), { longest })) lines.push(line)
  return lines
}

test('lines are the same however the stream is cut, characters of several bytes included', async () => {
  const bytes = new TextEncoder().encode('eins\n\nzwölf €\nlast')
  const whole = await read([bytes])
  assert.deepEqual(whole, [
    { number: 1, end: 5, text: 'eins' },
    { number: 2, end: 6, text: '' },
    { number: 3, end: 17, text: 'zwölf €' },
    { number: 4, end: 21, text: 'last' },
  ])
  assert.deepEqual(await read(Array.from(bytes, (byte) => new Uint8Array([byte]))), whole)
})

test('a newline at the end makes no further line', async () => {
  assert.equal((await read(['a\n'])).length, 1)
  assert.deepEqual(await read(['']), [])
})

test('a line that is too long or no UTF-8 has a fault instead of a text, and the next is read', async () => {
  const lines = await read(['12345', '678', '9\nok\n', new Uint8Array([0xff, 10]), 'ok'], 4)
  assert.deepEqual(
    lines.map(({ text }) => text),
    [null, 'ok', null, 'ok'],
  )
  assert.equal(lines[0]!.fault, 'expected a line of at most 4 bytes')
  assert.equal(lines[2]!.fault, 'expected UTF-8, got other bytes')
})
