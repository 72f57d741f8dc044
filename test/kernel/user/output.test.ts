import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Published } from '../../../kernel/protocol/client.ts'
import { eventually, notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const kinds = (published: readonly Published[]): string[] => published.map((one) => one.type)
const texts = (published: readonly Published[]): unknown[] =>
  published
    .filter((one) => one.type !== 'execute_input')
    .map((one) => one.content.text ?? (one.content.data as Record<string, unknown> | undefined)?.['text/plain'])

test('ten thousand printed lines arrive before idle, in at most twenty messages', async () => {
  const cell = await session.run('for (let i = 0; i < 10_000; i++) console.log("line", i)')
  assert.equal(cell.stdout, Array.from({ length: 10_000 }, (_, i) => `line ${i}\n`).join(''))
  assert.ok(cell.published.filter((one) => one.type === 'stream').length <= 20)
})

test('stdout, stderr, displays and the result keep their order', async () => {
  const cell = await session.run(
    "console.log('a'); console.error('b'); display('c'); console.log('d'); console.table([{ e: 1 }]); 'f'",
  )
  assert.deepEqual(kinds(cell.published), [
    'execute_input',
    'stream',
    'stream',
    'display_data',
    'stream',
    'execute_result',
  ])
  assert.deepEqual(texts(cell.published).slice(0, 3), ['a\n', 'b\n', "'c'"])
  assert.match(cell.stdout, /^a\nd\n┌.*┐\n/s)
})

test('text appears while a cell computes without a pause', async () => {
  const { finished } = await session.begin(
    "console.log('begun')\nconst until = Date.now() + 1e9\nwhile (Date.now() < until);",
  )
  await session.kernel.client.request('interrupt_request', {})
  const cell = await finished
  assert.deepEqual([cell.stdout, cell.ename], ['begun\n', 'Interrupted'])
})

test('late output belongs to its own cell, also after other cells ran', async () => {
  const late: Published[] = []
  const stop = session.kernel.client.onPublished((one) => void (one.type === 'stream' && late.push(one)))
  const first = await session.run(`
    setTimeout(() => console.log('from a timer'), 80)
    void (async () => { await new Promise((done) => setTimeout(done, 90)); display('x'); console.log('from a promise') })()`)
  const second = await session.run("console.log('second')")
  const text = (): string => late.map((one) => one.content.text).join('')
  await eventually(() => text().includes('from a promise'), 'late output')
  const owner = (part: string): string | undefined =>
    late.find((one) => String(one.content.text).includes(part))?.parent
  const parent = first.published[0]?.parent
  assert.equal(owner('from a timer'), parent)
  assert.equal(owner('from a promise'), parent)
  assert.equal(owner('second'), second.published[0]?.parent)
  stop()
})

test('a rejection that nobody handles and a late throw are told in their own cell and survived', async () => {
  const late: Published[] = []
  const stop = session.kernel.client.onPublished((one) => void (one.type === 'stream' && late.push(one)))
  const first = await session.run(`const kept = 1
    setTimeout(() => { throw new Error('late throw') }, 60)
    setTimeout(() => { Promise.reject(new Error('late rejection')) }, 60)
    Promise.reject(new Error('at once'))
    0`)
  assert.match(first.stderr, new RegExp(`nobody handled it:\\nError: at once\\n    at cell ${first.count}:4:20`))
  await session.run('1')
  const text = (): string => late.map((one) => one.content.text).join('')
  await eventually(() => /late throw/.test(text()) && /late rejection/.test(text()), 'both reports')
  for (const one of late) assert.equal(one.parent, first.published[0]?.parent)
  assert.equal((await session.run('kept')).result, '1')
  stop()
})

test('worker threads and child processes print into the cell', async () => {
  const cell = await session.run(`
    import { spawnSync } from 'node:child_process'
    import { Worker } from 'node:worker_threads'
    const worker = new Worker("console.log('from a worker')", { eval: true })
    await new Promise((done) => worker.on('exit', done))
    spawnSync(process.execPath, ['-p', '"from a child"'], { stdio: 'inherit' }).status`)
  assert.equal(cell.result, '0')
  assert.match(cell.stdout, /from a worker/)
  assert.match(cell.stdout, /from a child/)
})

test('output of commands keeps its place, that of native code comes before idle', async () => {
  const cell = await session.run(`
    import { execSync } from 'node:child_process'
    console.log('a')
    execSync('echo b; echo c >&2', { stdio: 'inherit' })
    console.log('d')`)
  assert.deepEqual([cell.stdout, cell.stderr], ['a\nb\nd\n', 'c\n'])
  assert.equal((await session.run("require('node:fs').writeSync(1, 'native\\n')")).stdout, 'native\n')
  const piped = await session.run("execSync('echo piped').toString()")
  assert.deepEqual([piped.result, piped.stdout], ["'piped\\n'", ''])
})

test('a child that inherits stdout prints into the cell that started it, also after other cells ran', async () => {
  const late: Published[] = []
  const stop = session.kernel.client.onPublished((one) => void (one.type === 'stream' && late.push(one)))
  const first = await session.run(`
    import { spawn } from 'node:child_process'
    const child = spawn('cat', [], { stdio: ['pipe', 'inherit', 'inherit'] })
    child.stdout`)
  assert.equal(first.result, 'null')
  await session.run("child.stdin.end('from the child\\n')\nawait new Promise((done) => child.on('exit', done))")
  const text = (): string => late.map((one) => one.content.text).join('')
  await eventually(() => text().includes('from the child'), 'text of the child')
  stop()
  assert.equal(late[0]?.parent, first.published[0]?.parent)
  const awaited = await session.run(`
    const quick = spawn('echo', ['quick'], { stdio: 'inherit' })
    await new Promise((done) => quick.on('exit', done))`)
  assert.equal(awaited.stdout, 'quick\n')
  assert.match((await session.run("spawn('no-such-command', { stdio: 'inherit' }).on('error', () => {})")).status, /ok/)
})

test('process.stdout.write takes encodings, bytes in pieces, and callbacks', async () => {
  const cell = await session.run(`
    process.stdout.write('c3a9', 'hex')
    process.stdout.write(Buffer.from([0xc3]))
    process.stdout.write(new Uint8Array([0xa9]))
    await new Promise((done) => process.stdout.write('x', done))
    await new Promise((done) => process.stdout.write('eQ==', 'base64', done))
    await require('node:stream/promises').pipeline(['p', 'q'], process.stdout, { end: false })`)
  assert.deepEqual([cell.status, cell.stdout], ['ok', 'ééxypq'])
})

test('a value shows itself through Symbol.for("Jupyter.display"), at once or later, in its place', async () => {
  const cell = await session.run(`
    const slow = { [Symbol.for('Jupyter.display')]: async () => { await new Promise((d) => setTimeout(d, 30)); return { 'text/plain': 'slow', 'image/png': new Uint8Array([1, 2]) } } }
    display(slow)
    display('after')
    ;({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<i>x</i>' }) })`)
  const ids = cell.published.map((one) => (one.content.transient as { display_id: string } | undefined)?.display_id)
  assert.deepEqual(kinds(cell.published), [
    'execute_input',
    'display_data',
    'display_data',
    'execute_result',
    'update_display_data',
  ])
  assert.equal(ids[1], ids[4])
  assert.deepEqual(cell.published[4]?.content.data, { 'text/plain': 'slow', 'image/png': 'AQI=' })
  assert.deepEqual(cell.published[3]?.content.data, { 'text/html': '<i>x</i>' })
})

test('a display that cannot show itself fails the cell', async () => {
  const cell = await session.run("({ [Symbol.for('Jupyter.display')]: () => 'text' })")
  assert.match(cell.evalue, /Expected Symbol\.for\('Jupyter\.display'\) to give an object of MIME types/)
  assert.equal(
    (await session.run("display({ [Symbol.for('Jupyter.display')]: async () => { throw new Error('late') } })")).evalue,
    'late',
  )
})

test('a handle updates its display from later cells; as last value it shows nothing', async () => {
  const shown = await session.run("const handle = display(1, { id: 'mine' })\nhandle")
  assert.deepEqual(kinds(shown.published), ['execute_input', 'display_data'])
  const updated = await session.run('handle.update(markdown`**2**`)\nhandle.clear()')
  assert.deepEqual(kinds(updated.published), ['execute_input', 'update_display_data', 'update_display_data'])
  assert.deepEqual(updated.published[1]?.content.transient, { display_id: 'mine' })
  assert.deepEqual(updated.published[1]?.content.data, { 'text/markdown': '**2**', 'text/plain': '**2**' })
})

test('each wrapper shows under its own MIME type', async () => {
  const cell = await session.run(
    "for (const one of [html`<b>1</b>`, svg('<svg/>'), png(new Uint8Array([1])), json({ a: 1 }), latex`\\frac12`]) display(one)",
  )
  const data = cell.published.slice(1).map((one) => Object.entries(one.content.data as object)[0])
  assert.deepEqual(data, [
    ['text/html', '<b>1</b>'],
    ['image/svg+xml', '<svg/>'],
    ['image/png', 'AQ=='],
    ['application/json', { a: 1 }],
    ['text/latex', '$\\displaystyle \\frac12$'],
  ])
  const own = await session.run('latex`Half is $\\frac12$.`')
  assert.deepEqual(own.published[1]?.content.data, {
    'text/latex': 'Half is $\\frac12$.',
    'text/plain': 'Half is $\\frac12$.',
  })
})

test('progress is one display that ends full', async () => {
  const cell = await session.run(
    "const bar = progress(200, 'search')\nfor (let i = 1; i <= 200; i++) bar.update(i)\nbar.done('all found')",
  )
  const [first, ...rest] = cell.published.slice(1)
  assert.equal(first?.type, 'display_data')
  assert.ok(rest.length < 20 && rest.every((one) => one.type === 'update_display_data'))
  const final = rest.at(-1)?.content.data as Record<string, string>
  assert.match(final['text/plain'] as string, /^search {2}█{20} {2}200\/200 {2}[\d.]+ s {2}all found$/)
  assert.match(final['text/html'] as string, /<progress value="1"/)
})

test('clearOutput asks the client to clear', async () => {
  const cell = await session.run('clearOutput({ wait: true })')
  assert.deepEqual(cell.published[1]?.content, { wait: true })
})

test('long values are cut with a note; collections show what they hold', async () => {
  assert.match((await session.run("'x'.repeat(300_000)")).result as string, /280000 more characters$/)
  assert.equal(
    (await session.run('new Map([[1, new Float32Array(2)]])')).result,
    'Map(1) { 1 => Float32Array(2) [ 0, 0 ] }',
  )
  assert.equal(
    (await session.run('({ get bad() { throw 1 }, s: new Set([1]) })')).result,
    '{ bad: [Getter], s: Set(1) { 1 } }',
  )
})

test('ten megabytes in one display and in one line arrive whole', async () => {
  const cell = await session.run("const big = 'y'.repeat(1e7)\ndisplay(html(big))\nconsole.log(big)")
  assert.equal((cell.published[1]?.content.data as Record<string, string> | undefined)?.['text/html']?.length, 1e7)
  assert.equal(cell.stdout.length, 1e7 + 1)
})
