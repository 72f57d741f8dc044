import assert from 'node:assert/strict'
import { test } from 'node:test'
import { within } from '../../../kernel/protocol/patience.ts'
import { createFrameReader, LENGTH_BASE } from '../../../kernel/user/pipes.ts'
import { type CellResult, notebookSession } from '../notebook-session.ts'

const session = notebookSession()

/** A cell that does not answer within this time hangs, in milliseconds. */
const PATIENCE_MS = 20_000

async function run(code: string): Promise<CellResult> {
  const cell = await within(PATIENCE_MS, session.run(code))
  assert.ok(cell !== null, `Expected an answer to ${code}`)
  return cell
}

const ALL = 'for (let fd = 3; fd < 256; fd++)'

/** What cells did to descriptors that they do not own, each after `const fs = require('node:fs')`. */
const HARMLESS = [
  "for (let fd = 3; fd < 64; fd++) try { fs.writeSync(fd, 'x') } catch {}",
  "fs.writeSync(200, 'a line\\n')",
  'fs.writeSync(200, Buffer.alloc(70_000, 255))',
  'fs.writeSync(200, Buffer.from([0, 0, 0, 0, 255, 255, 255, 255]))',
  "fs.writeSync(201, '{}\\n'); fs.writeSync(202, 'i'); fs.writeSync(203, 'x\\n')",
  "require('node:child_process').execSync('echo text >&3', { stdio: ['ignore', 'pipe', 'pipe', 200] })",
]

for (const code of HARMLESS) {
  test(`the variables stay after ${code}`, async () => {
    await run("var kept = 1, fs = require('node:fs')")
    const cell = await run(code)
    assert.equal(cell.status, 'ok', cell.traceback)
    assert.equal((await run('kept')).result, '1')
  })
}

test('bytes that a cell writes into the pipe of the kernel are dropped, with a word', async () => {
  const { stderr, result } = await run("require('node:fs').writeSync(200, 'abc')\n'done'")
  assert.deepEqual([stderr, result], ["3 bytes were dropped: descriptor 200 is the kernel's own\n", "'done'"])
})

/** What leaves no way between the cell and the kernel, or takes away what Node itself stands on. */
const FATAL = [
  `${ALL} try { fs.closeSync(fd) } catch {}`,
  `${ALL} try { fs.closeSync(fd) } catch {}\nawait new Promise(() => {})`,
  'fs.closeSync(200)',
  'fs.closeSync(200)\nawait new Promise(() => {})',
  'fs.closeSync(201)\nawait new Promise(() => {})',
  'fs.closeSync(202)\nawait new Promise(() => {})',
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: code of a cell
  'fs.writeSync(200, `${process.env.ASTERISM_PROCESS}20000000022000000002{}xx`)',
  'fs.writeSync(200, `${process.env.ASTERISM_PROCESS}nonsense`.padEnd(90))',
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above
]

for (const code of FATAL) {
  test(`the kernel says what happened, and goes on, after ${code.replaceAll('\n', '; ')}`, async () => {
    await run("var fs = require('node:fs')")
    const begun = performance.now()
    const cell = await run(code)
    const next = cell.ename === 'KernelRestarted' ? cell : await run('1')
    assert.equal(next.ename, 'KernelRestarted', `${code}: ${JSON.stringify([cell.result, next.result])}`)
    assert.match(
      next.evalue,
      /ended \((a cell closed, or wrote into, one of the pipes|signal SIG|exit code).*variables are gone/,
    )
    assert.ok(performance.now() - begun < PATIENCE_MS)
    assert.equal((await run('40 + 2')).result, '42')
  })
}

test('plain Node closes its own descriptors 3 to 20 at the price of the process; so do cells, and the kernel goes on', async () => {
  const cell = await run("for (let fd = 3; fd <= 20; fd++) try { require('node:fs').closeSync(fd) } catch {}")
  assert.ok(['', 'KernelRestarted'].includes(cell.ename))
  const next = await run('1 + 1')
  assert.ok(next.result === '2' || next.ename === 'KernelRestarted')
  assert.equal((await run('1 + 1')).result, '2')
})

const MARK = '0123456789abcdef'
const frameOf = (head: string, body: string): string =>
  `${MARK}${LENGTH_BASE + head.length}${LENGTH_BASE + body.length}${head}${body}${MARK}`

/** What a reader tells of bytes that come in pieces of this size. */
function told(text: string, size: number): string[] {
  const events: string[] = []
  const read = createFrameReader(MARK, {
    frame: (head, body) => void events.push(`${head.type} ${body}`),
    skipped: (bytes) => void events.push(`skipped ${bytes}`),
    broken: () => void events.push('broken'),
  })
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size))
  return events
}

const READY = frameOf('{"type":"ready"}', 'body')

for (const size of [1, 7, 4096]) {
  test(`frames in pieces of ${size} bytes are read, and what is none is left out`, () => {
    assert.deepEqual(told(READY + READY, size), ['ready body', 'ready body'])
    const skipped = told(`rubbish${MARK.slice(0, 5)}${READY}more ${READY}`, size)
    assert.deepEqual(
      skipped.filter((event) => event.startsWith('ready')),
      ['ready body', 'ready body'],
    )
    const bytes = skipped.flatMap((event) => event.match(/\d+/)?.map(Number) ?? []).reduce((sum, one) => sum + one, 0)
    assert.equal(bytes, 17)
  })

  test(`a frame with something in its middle breaks the pipe, in pieces of ${size} bytes`, () => {
    assert.deepEqual(told(READY.replace('body', 'boo!dy') + READY, size), ['broken'])
    assert.deepEqual(told(frameOf('{"type"', 'body') + READY, size), ['broken'])
    assert.deepEqual(told(`${MARK}${'x'.repeat(90)}`, size), ['broken'])
  })
}
