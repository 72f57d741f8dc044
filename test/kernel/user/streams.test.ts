import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notebookSession } from '../notebook-session.ts'

/** Whatever the kernel was started from: a terminal of another kind, a CI. */
const session = notebookSession({ env: { CI: 'true', COLORTERM: 'truecolor' } })

/** What cells did to their standard streams elsewhere; NAME is stdout, then stderr. */
const DEEDS = [
  "await (await import('node:stream/promises')).pipeline((await import('node:stream')).Readable.from(['hello\\n']), process.NAME)",
  "process.NAME.end('bye\\n')",
  'process.NAME.destroy()',
  "process.NAME.destroy(new Error('broken'))",
  "process.NAME.on('error', () => {}).emit('error', new Error('told'))",
  "process.NAME.emit('error', new Error('told'))",
  "process.NAME.emit('close')",
  'process.NAME.destroySoon?.(); process.NAME.cork(); process.NAME.removeAllListeners()',
  "await new Blob(['web\\n']).stream().pipeTo((await import('node:stream')).Writable.toWeb(process.NAME))",
  "new (require('node:console').Console)(process.NAME).log('mine'); process.NAME.end()",
  'console._NAME.end(); console._NAME.destroy()',
  "await new Promise((done) => new (require('node:net').Socket)({ fd: FD }).end('by socket\\n', done))",
  "await new Promise((done) => require('node:fs').createWriteStream('', { fd: FD }).end('by file\\n', done))",
  "require('node:fs').closeSync(FD)",
  "globalThis.taken ??= require('node:fs').openSync('taken.txt', 'w')",
]

for (const name of ['stdout', 'stderr'] as const) {
  for (const deed of DEEDS) {
    const code = deed.replaceAll('NAME', name).replaceAll('FD', name === 'stdout' ? '1' : '2')
    test(`the kernel survives ${code}: later cells print, and the variables stay`, async () => {
      await session.run('var kept = 1')
      const cell = await session.run(code)
      assert.notEqual(cell.ename, 'KernelRestarted', cell.evalue)
      const next = await session.run(`console.log('out'); console.error('err')
        process.stdout.write('more out'); process.stderr.write('more err')
        kept`)
      assert.deepEqual([next.stdout, next.stderr, next.result], ['out\nmore out', 'err\nmore err', '1'])
    })
  }
}

test('a file that took the number of a closed stdout gets no text of the kernel', async () => {
  await session.run("require('node:fs').writeSync(taken, 'theirs')")
  assert.equal(await session.value("require('node:fs').readFileSync('taken.txt', 'utf8')"), "'theirs'")
})

test('a pipeline into stdout prints and ends, again and again', async () => {
  const code = `
    import { pipeline } from 'node:stream/promises'
    import { Readable } from 'node:stream'
    await pipeline(Readable.from(['hello\\n']), process.stdout)
    await pipeline(Readable.from(['again\\n']), process.stdout)`
  const cell = await session.run(code)
  assert.deepEqual([cell.status, cell.stdout], ['ok', 'hello\nagain\n'])
  assert.equal((await session.run('process.stderr.end("bye\\n")')).stderr, 'bye\n')
})

// What packages of npm ask of a terminal, in few lines.
const BAR = `const bar = (n: number) => {
  process.NAME.cursorTo(0)
  process.NAME.write('done '.padEnd(5 + n, '#'))
  process.NAME.clearLine(1)
}`

/** The last line as a page shows it that knows \\r only. */
function shown(text: string): string {
  let line = ''
  for (const part of text.split('\n').at(-1)?.split('\r') ?? []) line = part + line.slice(part.length)
  return line.trimEnd()
}

for (const name of ['stdout', 'stderr'] as const) {
  test(`a bar that moves the cursor redraws its line on ${name}`, async () => {
    const cell = await session.run(`${BAR.replaceAll('NAME', name)}\nfor (const n of [1, 5, 3]) bar(n)`)
    assert.equal(shown(cell[name]), 'done ###')
    assert.ok(!cell[name].includes('\x1b'))
  })
}

test('the readline functions move the cursor as the methods of the stream do', async () => {
  const cell = await session.run(`
    import * as readline from 'node:readline'
    const frame = (text: string) => {
      process.stderr.write('\\x1b[?25l')
      readline.clearLine(process.stderr, 0)
      readline.cursorTo(process.stderr, 0)
      process.stderr.write(text)
    }
    frame('⠋ a long message')
    frame('⠙ short')
    process.stderr.moveCursor(-5, 0)
    process.stderr.write('S')`)
  assert.equal(shown(cell.stderr), '⠙ Short')
})

test('packages find a terminal with sixteen colours, and colours reach the page', async () => {
  // As picocolors, supports-color and ora ask.
  const asked = await session.value(`[process.stdout.isTTY, process.stderr.isTTY, require('node:tty').isatty(1),
    process.stdout.hasColors(), process.stdout.hasColors(256), process.stdout.getColorDepth(), process.stdout.columns,
    process.stdout.getWindowSize(), process.env.TERM, process.env.FORCE_COLOR].join()`)
  assert.equal(asked, "'true,true,true,true,false,4,80,80,24,xterm-color,'")
  const red = await session.run("process.stdout.write('\\x1b[31mred\\x1b[39m and plain\\n')")
  assert.equal(red.stdout, '\x1b[31mred\x1b[39m and plain\n')
})

test('what the console prints of objects is plain text', async () => {
  assert.equal((await session.run("console.log({ a: 'b', n: 1 })")).stdout, "{ a: 'b', n: 1 }\n")
})
