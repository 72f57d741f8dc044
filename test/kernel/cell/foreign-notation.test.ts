import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()

/** The last line of what a failing cell shows. */
async function hint(code: string): Promise<string> {
  const cell = await session.run(code)
  assert.equal(cell.status, 'error', code)
  return cell.traceback.split('\n').at(-1) ?? ''
}

const SHELL = /^Shell commands: import \{ execSync \}/

test('shell commands, with a mark or without, are answered with the call that runs them', async () => {
  for (const [code, command] of [
    ['!ls', 'ls'],
    ['!ls -la', 'ls -la'],
    ['const before = 1\n!echo "a b"', 'echo \\"a b\\"'],
    ['pip install numpy', 'pip install numpy'],
    ['%pip install numpy', 'pip install numpy'],
    ['!pip install numpy', 'pip install numpy'],
    ['npm install d3', 'npm install d3'],
    ['npm i -D d3', 'npm i -D d3'],
    ['git status', 'git status'],
    ['ls', 'ls'],
  ] as const) {
    const text = await hint(code)
    assert.match(text, SHELL, code)
    assert.ok(text.includes(`execSync("${command}", `), text)
  }
})

test('what a hint names runs as it stands', async () => {
  const shell = (await hint('!echo hinted')).replace(/^[^:]*: /, '')
  assert.equal((await session.run(shell)).stdout, 'hinted\n')
  for (const code of ['%pwd', '%env', '%%html\n<b>x</b>', '%%markdown\nx', '%%latex\nx', '%%timeit\n1 + 1', '%cd ..']) {
    const text = (await hint(code)).replace(/^[^:]*: /, '').replace(' …;', ' 1;')
    assert.equal((await session.run(text)).status, 'ok', text)
  }
  session.write('named.ts', 'export const seen: number = 1')
  assert.equal((await session.run((await hint('%run named.ts')).replace(/^[^:]*: /, ''))).status, 'ok')
})

test('magics are answered with what does the same, and unknown ones are said to be of IPython', async () => {
  assert.match(await hint('%%timeit\nf(1)'), /performance\.now\(\)/)
  assert.match(await hint('%timeit f(1)'), /performance\.now\(\)/)
  assert.match(await hint('const a = 1\n%matplotlib inline'), /display\(value\)/)
  assert.match(await hint('%load_ext autoreload'), /^%load_ext is a magic of IPython/)
})

test('exit, quit, print and help are answered too', async () => {
  for (const code of ['exit', 'exit()', 'quit', 'quit();']) assert.match(await hint(code), /Shut Down/)
  assert.match(await hint('print("x")'), /console\.log/)
  assert.match(await hint('help(display)'), /display\?/)
})

test('a name with a question mark stays a question for help', async () => {
  for (const code of ['?display', 'display?']) assert.equal((await session.run(code)).status, 'ok')
})

test('code that works or fails for another reason has no hint', async () => {
  assert.equal(await session.value('const ls = false\n!ls'), 'true')
  assert.equal(await session.value('const exit = () => 5\nexit()'), '5')
  assert.equal(await session.value('7\n%4'), '3')
  for (const code of ['const b: = 1', 'nowhere + 1', 'const git = 1; git.x.y', 'const cat = { a: }', 'npm = 1 +']) {
    assert.doesNotMatch(await hint(code), /execSync|IPython|Shut Down/, code)
  }
})
