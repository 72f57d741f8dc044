import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type History, historyFolder, openHistory } from '../../kernel/history.ts'
import { startKernelProcess } from '../../kernel/notebook/kernel-process.ts'

let folder = ''
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'history ')), 'history')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

/** A session in which these cells ran. */
function session(...inputs: string[]): History {
  const history = openHistory(folder)
  for (const [i, input] of inputs.entries()) history.add(i + 1, input)
  return history
}

test('tail gives the newest cells of all sessions, in the order in which they ran', () => {
  session('a', 'b')
  const now = session('c')
  assert.deepEqual(now.select({ hist_access_type: 'tail', n: 2 }), [
    [1, 2, 'b'],
    [2, 1, 'c'],
  ])
  assert.equal(now.select({ hist_access_type: 'tail' }).length, 3)
})

test('range gives lines of one session: this one, one by its number, or one counted back', () => {
  session('a', 'b', 'c')
  const now = session('x', 'y')
  const range = (session: number, start: number, stop: number | null) =>
    now.select({ hist_access_type: 'range', session, start, stop }).map((row) => row[2])
  assert.deepEqual(range(0, 1, 2), ['x'])
  assert.deepEqual(range(0, 0, null), ['x', 'y'])
  assert.deepEqual(range(1, 2, 9), ['b', 'c'])
  assert.deepEqual(range(-1, -1, null), ['c'])
  assert.deepEqual(range(7, 0, null), [])
})

test('search is a glob over the whole input; unique keeps the last of equal ones', () => {
  session('let a = 1', 'let b', 'a[0]')
  const now = session('let a = 1', 'if (a) {\n  b\n}')
  const search = (pattern: string, more: object = {}) =>
    now.select({ hist_access_type: 'search', pattern, ...more }).map(([session, line]) => `${session}:${line}`)
  assert.deepEqual(search('let*'), ['1:1', '1:2', '2:1'])
  assert.deepEqual(search('let*', { unique: true }), ['1:2', '2:1'])
  assert.deepEqual(search('let*', { n: 1 }), ['2:1'])
  assert.deepEqual(search('let ?'), ['1:2'])
  assert.deepEqual(search('let [!b]*'), ['1:1', '2:1'])
  assert.deepEqual(search('a?0?'), ['1:3'])
  assert.deepEqual(search('*{*b*}'), ['2:2'])
  assert.deepEqual(search('(.*'), [])
})

test('outputs stand beside inputs where they are asked for', () => {
  const first = session('1', 'let x')
  first.setOutput(1, '1')
  const expected = [
    [1, 1, ['1', '1']],
    [1, 2, ['let x', null]],
  ]
  assert.deepEqual(first.select({ hist_access_type: 'range', output: true }), expected)
  assert.deepEqual(session('y').select({ hist_access_type: 'range', session: 1, output: true }), expected)
})

test('a kernel that runs nothing leaves nothing; the files are for their owner only', () => {
  openHistory(folder).select({ hist_access_type: 'tail', n: 1 })
  assert.throws(() => readdirSync(folder), /ENOENT/)
  session('secret')
  assert.deepEqual(readdirSync(folder), ['00000001.jsonl'])
  if (process.platform !== 'win32') assert.equal(statSync(join(folder, '00000001.jsonl')).mode & 0o077, 0)
})

test('kernels that begin at the same time take different numbers and lose nothing', async () => {
  const module = pathToFileURL(join(import.meta.dirname, '../../kernel/history.js')).href
  const code = `import { openHistory } from '${module}'
    const history = openHistory(${JSON.stringify(folder)})
    for (let i = 1; i <= 50; i++) history.add(i, process.argv[1] + ':' + i)`
  const { spawn } = await import('node:child_process')
  const run = (name: string) =>
    new Promise((done) => spawn(process.execPath, ['--input-type=module', '-e', code, '--', name]).on('close', done))
  assert.deepEqual(await Promise.all(['a', 'b', 'c', 'd'].map(run)), [0, 0, 0, 0])
  const all = openHistory(folder).select({ hist_access_type: 'tail' })
  assert.equal(all.length, 200)
  assert.equal(new Set(all.map((row) => row[2])).size, 200)
  assert.equal(new Set(all.map((row) => row[0])).size, 4)
})

test('a last line that was cut is left out; a broken one is named', () => {
  session('a')
  const file = join(folder, '00000001.jsonl')
  appendFileSync(file, '{"line":2,"inp')
  assert.deepEqual(openHistory(folder).select({ hist_access_type: 'tail' }), [[1, 1, 'a']])
  writeFileSync(file, 'noise\n')
  assert.throws(() => openHistory(folder).select({ hist_access_type: 'tail' }), /line of JSON at .*00000001\.jsonl:1/)
})

test('a folder that cannot be written costs no cell', () => {
  const module = pathToFileURL(join(import.meta.dirname, '../../kernel/history.js')).href
  writeFileSync(`${folder} file`, '')
  const code = `import { openHistory } from '${module}'
    const history = openHistory(${JSON.stringify(join(`${folder} file`, 'inner'))})
    history.add(1, 'x'); history.add(2, 'y')
    console.log(JSON.stringify(history.select({ hist_access_type: 'tail' })))`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', stdio: 'pipe' })
  assert.equal(out.trim(), '[[1,1,"x"],[1,2,"y"]]')
})

test('history lies in ASTERISM_HOME, else beside the kernels of the user, or nowhere', () => {
  assert.equal(historyFolder({ ASTERISM_HOME: '/h' }), join('/h', 'history'))
  assert.equal(historyFolder({ JUPYTER_DATA_DIR: '/j' }), join('/j', 'asterism', 'history'))
  assert.equal(historyFolder({ ASTERISM_HOME: '/h', ASTERISM_HISTORY: 'off' }), null)
})

test('what one kernel ran the next one knows, with its result; silent and unstored cells are not kept', async () => {
  const options = { history: true, env: { ASTERISM_HOME: join(folder, '..') } }
  const first = await startKernelProcess(options)
  await first.client.execute('6 * 7')
  await first.client.execute('"silent"', { silent: true })
  await first.client.execute('"unstored"', { store_history: false })
  await first.dispose()
  assert.equal(readFileSync(join(folder, '00000001.jsonl'), 'utf8').trim().split('\n').length, 2)
  const second = await startKernelProcess(options)
  const { history } = await second.client.request('history_request', { hist_access_type: 'tail', n: 5, output: true })
  assert.deepEqual(history, [[1, 1, ['6 * 7', '42']]])
  await second.dispose()
})
