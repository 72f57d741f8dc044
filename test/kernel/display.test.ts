import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { header } from '../../kernel/protocol/message.ts'
import { decode, encode } from '../../kernel/protocol/wire.ts'

const API = pathToFileURL(join(import.meta.dirname, '../../kernel/index.js')).href
const script = (code: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', `import * as api from '${API}'\n${code}`], {
    encoding: 'utf8',
  })

test('outside a kernel, displaying prints text and nothing is imported that starts anything', () => {
  const { stdout, status } = script(`
    const handle = api.display({ a: 1 })
    handle.update('next')
    api.display({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>', 'text/plain': 'bold' }) })
    const bar = api.progress(10, 'work')
    for (let i = 0; i < 10; i++) bar.update(i)
    bar.done()
    api.clearOutput()
    console.log(api.cellSignal().aborted)`)
  assert.equal(status, 0)
  assert.match(stdout, /^\{ a: 1 \}\n'next'\nbold\nwork .* 0\/10 .*\nwork .* 10\/10 .*\nfalse\n$/)
})

test('outside a kernel nobody can answer a prompt', () => {
  assert.match(script('await api.prompt()').stderr, /prompt\(\) works only inside a kernel/)
})

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
