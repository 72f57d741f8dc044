// What people compare kernels by, row by row: each row is a feature that some kernel for TypeScript or Python lacks. A row
// whose law another file tests over ZeroMQ stands in COVERED with that test's title; every other row is a test below.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startKernel } from '../../kernel/core.ts'
import type { Published } from '../../kernel/protocol/client.ts'
import { inProcess } from '../../kernel/protocol/in-process.ts'
import { packageRoot } from '../fixtures.ts'
import { eventually, notebookSession } from './notebook-session.ts'

/** Row → file and title of the test that holds it. */
const COVERED: Readonly<Record<string, readonly [file: string, title: string]>> = {
  'busy, execute_input with its count, idle': [
    'contract.ts',
    'an execution is busy, input, outputs, idle, all children of its request',
  ],
  'stdout and stderr streams': ['user/output.test.ts', 'stdout, stderr, displays and the result keep their order'],
  'silent publishes nothing and is not counted': [
    'contract.ts',
    'silent runs publish nothing and are not counted; user expressions are evaluated after the cell',
  ],
  user_expressions: [
    'contract.ts',
    'silent runs publish nothing and are not counted; user expressions are evaluated after the cell',
  ],
  'top-level await': ['cell/cell.test.ts', 'await and for-await work at the top level'],
  'a type error stops the cell': [
    'language/language.test.ts',
    'a cell with a type error does not run: message, place, line and mark are told',
  ],
  'error message and line': ['cell/cell.test.ts', 'the error of a cell names the line and column in its TypeScript'],
  'lines are those of the TypeScript': [
    'cell/cell.test.ts',
    'the line is right after an await, in a callback, and for a name that is not defined',
  ],
  'redeclare across cells': ['cell/typescript.test.ts', 'any declaration of a name may follow any other'],
  'closures see later assignments': ['cell/cell.test.ts', 'a function of an earlier cell sees what later cells assign'],
  'import node builtins': [
    'user/modules.test.ts',
    'node builtins import by default, by name, as namespace, by import() and by require',
  ],
  'decorators (TC39)': [
    'cell/typescript.test.ts',
    'standard decorators and accessors work, and errors in decorated code keep their line',
  ],
  'local .ts, reloaded when it or what it imports changed': [
    'user/modules.test.ts',
    'a local TypeScript module and what it imports are loaded again when one of them changed',
  ],
  'late output after another cell ran': [
    'user/output.test.ts',
    'late output belongs to its own cell, also after other cells ran',
  ],
  'survives a late rejection': [
    'user/output.test.ts',
    'a rejection that nobody handles and a late throw are told in their own cell and survived',
  ],
  'survives a late throw': [
    'user/output.test.ts',
    'a rejection that nobody handles and a late throw are told in their own cell and survived',
  ],
  'interrupt a spinning cell': [
    'protocol/protocol.test.ts',
    'control and heartbeat answer while a cell spins, and the interrupt keeps the variables',
  ],
  'interrupt a pending await': [
    'contract.ts',
    'an interrupt ends a pending await, aborts its signal, and keeps the variables',
  ],
  'control answers while a cell spins': [
    'protocol/protocol.test.ts',
    'control and heartbeat answer while a cell spins, and the interrupt keeps the variables',
  ],
  'completion while a cell awaits': [
    'language/answers.test.ts',
    'completion and inspection answer while a cell awaits',
  ],
  'queued cells run one at a time': ['contract.ts', 'cells run one after another, and an error aborts those that wait'],
  stop_on_error: ['contract.ts', 'cells run one after another, and an error aborts those that wait'],
  display_data: ['user/output.test.ts', 'each wrapper shows under its own MIME type'],
  update_display_data: [
    'user/output.test.ts',
    'a handle updates its display from later cells; as last value it shows nothing',
  ],
  clear_output: ['user/output.test.ts', 'clearOutput asks the client to clear'],
  'stdin input_request': ['contract.ts', 'prompt asks on stdin and gives the answer; a client without stdin is told'],
  'comm_open from the kernel': ['contract.ts', 'a message on a comm is dealt with while a cell waits'],
  comm_info_request: [
    'contract.ts',
    'a comm carries data and bytes both ways, and comm_info knows it while it is open',
  ],
  'an unknown comm target is closed': ['contract.ts', 'a comm for a target that nobody knows is closed'],
  debugger: [
    'debug/debug.test.ts',
    'a breakpoint stops a cell on its TypeScript line, with its variables, and continue ends it',
  ],
  subshells: ['contract.ts', 'a subshell runs while a cell of the main shell waits'],
  is_complete: ['contract.ts', 'is_complete tells complete, incomplete and invalid apart'],
  'complete a member of an object in the same cell': [
    'language/answers.test.ts',
    'completion knows members from types alone: of earlier cells, of packages, of literals in the same cell',
  ],
  'complete from types alone': [
    'language/answers.test.ts',
    'completion knows members from types alone: of earlier cells, of packages, of literals in the same cell',
  ],
  "complete a member of an earlier cell's object": [
    'protocol/protocol.test.ts',
    'completion and inspection read live values, also while a cell waits',
  ],
  inspect: [
    'language/answers.test.ts',
    'inspection shows signature, doc comment and live value; detail adds the source',
  ],
  'history tail': ['contract.ts', 'history gives what was stored'],
  'a bad signature is ignored': [
    'protocol/protocol.test.ts',
    'a forged or truncated message is dropped and nothing runs',
  ],
  'shutdown: reply, exit': [
    'lifecycle.test.ts',
    'shutdown leaves no process: kernel, user code, and what a cell started',
  ],
}

const session = notebookSession()
const { value, write } = session
const writePackage = (name: string, manifest: object, files: Readonly<Record<string, string>>): void => {
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', ...manifest }))
  for (const [file, text] of Object.entries(files)) write(`node_modules/${name}/${file}`, text)
}

test('every row that another file covers names a test that is there', () => {
  for (const [row, [file, title]] of Object.entries(COVERED)) {
    const source = readFileSync(join(packageRoot, 'test/kernel', file), 'utf8')
    assert.ok(source.includes(`test('${title}',`), `${row}: no test '${title}' in ${file}`)
  }
})

test('the last value of a cell is one execute_result, with the count of its input and no output beside it', async () => {
  const cell = await session.run('const answer: number = 6\nanswer * 7')
  assert.deepEqual(
    cell.published.map((one) => one.type),
    ['execute_input', 'execute_result'],
  )
  assert.deepEqual(cell.published[1]?.content, {
    execution_count: cell.count,
    data: { 'text/plain': '42' },
    metadata: {},
  })
  assert.equal(cell.published[0]?.content.execution_count, cell.count)
  assert.equal((await session.run('0')).count, cell.count + 1)
})

test('the first thing that a kernel publishes is that it starts', async () => {
  const wires = inProcess()
  const heard: unknown[] = []
  wires.connect().onMessage((_, message) => void heard.push(message.content.execution_state))
  const kernel = startKernel(wires.transport, { cwd: session.folder, historyFolder: null })
  await eventually(() => heard.includes('starting'), 'the first status')
  await kernel.dispose()
  assert.equal(
    heard.find((state) => state !== undefined),
    'starting',
  )
})

test('a CommonJS package imports by default, by name, as a namespace, and from a file below it', async () => {
  const made = "module.exports = { value: 41, add: (a, b) => a + b }\nmodule.exports.late = 'late'"
  writePackage('cjs-pkg', { main: 'index.js' }, { 'index.js': made, 'sub/part.js': 'exports.part = true' })
  const code = `
    import whole, { add, value } from 'cjs-pkg'
    import * as space from 'cjs-pkg'
    import { part } from 'cjs-pkg/sub/part.js'
    ;[whole.late, add(value, 1), space.value, space.default === whole, part]`
  assert.equal(await value(code), "[ 'late', 42, 41, true, true ]")
})

test('an ES module package imports where `exports` is one string', async () => {
  const text = "export const esm = 'string exports'\nexport default class Tree {}"
  writePackage('esm-string', { type: 'module', exports: './main.js' }, { 'main.js': text })
  assert.equal(await value("import Tree, { esm } from 'esm-string'\n;[Tree.name, esm]"), "[ 'Tree', 'string exports' ]")
})

test('an ES module package imports where `exports` has an `import` condition only, also from a path of it', async () => {
  const exports = { '.': { import: './main.mjs' }, './deep/*': { import: './lib/*.mjs' } }
  const files = { 'main.mjs': 'export const main = import.meta.url', 'lib/leaf.mjs': "export const leaf = 'leaf'" }
  writePackage('esm-import', { exports }, files)
  const code = "import { main } from 'esm-import'\nimport { leaf } from 'esm-import/deep/leaf'\n"
  assert.equal(await value(`${code}[main.endsWith('main.mjs'), leaf]`), "[ true, 'leaf' ]")
})

test('import() loads every kind of package, also by a name that is computed', async () => {
  writePackage('lazy-cjs', {}, { 'index.js': "exports.kind = 'cjs'" })
  writePackage('lazy-esm', { exports: { import: './i.mjs' } }, { 'i.mjs': "export const kind = 'esm'" })
  write('lazy-local.ts', "export const kind: string = 'ts'")
  const code = `
    const kinds = []
    for (const name of ['lazy-cjs', 'lazy-esm', './lazy-local.ts']) kinds.push((await import(name)).kind)
    const later = () => import('lazy-esm')
    ;[...kinds, (await later()).kind, (await import('node:path')).sep]`
  assert.equal(await value(code), "[ 'cjs', 'esm', 'ts', 'esm', '/' ]")
})

test('a JSON file imports by its path alone, and is read again when it changed', async () => {
  write('plain-data.json', '{ "k": [1, 2] }')
  const code = "import data from './plain-data.json'\ndata.k"
  assert.equal(await value(code), '[ 1, 2 ]')
  write('plain-data.json', '{ "k": "changed" }')
  assert.equal(await value(code), "'changed'")
})

test('require gives builtins, CommonJS packages, JSON and local files, and resolves names', async () => {
  writePackage('required', { main: 'lib.js' }, { 'lib.js': "module.exports = () => 'called'" })
  write('required.json', '{ "n": 1 }')
  write('required.cjs', "exports.from = require('required')()")
  const code = `
    const [fs, called] = [require('node:fs'), require('required')]
    ;[typeof fs.readFileSync, called(), require('./required.json').n, require('./required.cjs').from,
      require.resolve('required').endsWith('lib.js')]`
  assert.equal(await value(code), "[ 'function', 'called', 1, 'called', true ]")
})

test('late output of an idle kernel belongs to the cell that caused it', async () => {
  const late: Published[] = []
  const stop = session.kernel.client.onPublished((one) => void (one.type === 'stream' && late.push(one)))
  const cell = await session.run(`
    const polling = setInterval(() => {
      if (!require('node:fs').existsSync('go late')) return
      clearInterval(polling)
      console.log('late')
    }, 5)
    'done'`)
  assert.deepEqual([cell.result, cell.stdout], ["'done'", ''])
  write('go late', '')
  await eventually(() => late.length > 0, 'late output')
  stop()
  assert.deepEqual([late[0]?.content.text, late[0]?.parent], ['late\n', cell.published[0]?.parent])
})
