// A notebook inside a project: `paths` of its tsconfig.json in imports and in types, workers in TypeScript, wasm.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import { createModules } from '../../../kernel/user/modules.ts'
import { notebookSession } from '../notebook-session.ts'

/** `add(a, b)` of two 32-bit integers. */
const ADD = '0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b'

const FILES: Record<string, string | Buffer> = {
  'tsconfig.json': '{ "extends": "./config/base.json", "compilerOptions": { "strict": true } }',
  'config/base.json': `{ "compilerOptions": {
    // relative to this file
    "paths": { "@app/*": ["../gone/*", "../shared/*"], "@app/inner/*": ["../shared/deep/*"], "exact": ["../shared/u.ts"],
      "@own/*": ["\${configDir}/shared/*"], "typed": ["../shared/typed.d.ts"] } } }`,
  'shared/u.ts': "import { more } from '@app/more'\nexport const up: string = 'up'\nexport const both = up + more",
  'shared/more.ts': 'export const more: number = 1',
  'shared/deep/x.ts': "export const deep = 'deep'",
  'shared/typed.d.ts': 'export declare const typed: number',
  'node_modules/typed/package.json': '{ "name": "typed", "main": "main.js" }',
  'node_modules/typed/main.js': 'exports.typed = 5',
  'shared/plain.cjs': 'module.exports = { plain: 7 }',
  'notebooks/add.wasm': Buffer.from(ADD, 'hex'),
  'notebooks/work.ts': `import { parentPort, workerData } from 'node:worker_threads'
import { up } from '@app/u'
import { triple } from './lib/triple.ts'
enum Kind { A = 3 }
parentPort?.on('message', (n: number): void => {
  if (n < 0) throw new RangeError('negative')
  parentPort?.postMessage([triple(n), up, workerData, Kind.A, process.argv.slice(2)])
})`,
  'notebooks/lib/triple.ts':
    'export const triple = (n: number): number => { let sum = 0; for (let i = 0; i < 3; i++) sum += n; return sum }',
}

const session = notebookSession({ typecheck: 'error' }, (place) => {
  for (const [path, text] of Object.entries(FILES)) {
    const file = join(place.cwd, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return startKernelProcess({ ...place, notebook: join(place.cwd, 'notebooks/n.ipynb') })
})

test("imports follow `paths` of the project's tsconfig.json, with their types, also inside local modules", async () => {
  assert.equal(await session.value("import { up } from '@app/u'; up"), "'up'")
  assert.equal(await session.value("import { both } from 'exact'; both.toUpperCase()"), "'UP1'")
  assert.equal(await session.value("import { deep } from '@app/inner/x'; deep"), "'deep'")
  assert.equal(await session.value("import { up as own } from '@own/u.js'; own"), "'up'")
  assert.equal(await session.value("(await import('@app/more')).more.toFixed(1)"), "'1.0'")
  assert.equal(await session.value("require('@app/plain.cjs').plain"), '7')
  assert.equal((await session.run('both.nowhere')).ename, 'TypeCheckError')
})

test('declarations that `paths` name give types, and the package behind them the code', async () => {
  assert.equal(await session.value("import { typed } from 'typed'; typed.toFixed(1)"), "'5.0'")
})

test('a name that `paths` lead nowhere is told as any other that is missing', async () => {
  const { evalue } = await session.run("// @ts-nocheck\nimport '@app/nowhere'")
  assert.match(evalue, /'@app\/nowhere'/)
})

const ASK = `import { Worker } from 'node:worker_threads'
const ask = (worker: Worker, n: number): Promise<unknown> =>
  new Promise((resolve, reject) => { worker.once('message', resolve).once('error', reject).postMessage(n) })`

test('a worker may be a TypeScript file: by path or by URL, with its own imports and options', async () => {
  await session.value(ASK)
  const expected = "[ 6, 'up', 'data', 3, [ 'x' ] ]"
  const options = "{ workerData: 'data', argv: ['x'] }"
  assert.equal(await session.value(`const one = new Worker('./work.ts', ${options}); await ask(one, 2)`), expected)
  const byUrl = `const two = new Worker(new URL('./work.ts', import.meta.url), { ...${options}, execArgv: [] })`
  assert.equal(await session.value(`${byUrl}; await ask(two, 2)`), expected)
  const cell = await session.run('await ask(one, -1)')
  assert.match(cell.traceback, /^RangeError.*: negative\n {4}at .*work\.ts:6:20/)
  assert.match(cell.traceback, /→ 6 \| .*RangeError/)
  await session.value('await two.terminate()')
})

test('workers of plain JavaScript, of text, and those that are missing stay what they are', async () => {
  const text = `new Worker('require("worker_threads").parentPort.postMessage(5)', { eval: true })`
  assert.equal(await session.value(`await new Promise((resolve) => ${text}.once('message', resolve))`), '5')
  session.write(
    'notebooks/plain.mjs',
    "import { parentPort } from 'node:worker_threads'\nparentPort.postMessage(import.meta.url.slice(-9))",
  )
  const plain = "new Worker('./plain.mjs')"
  assert.equal(await session.value(`await new Promise((resolve) => ${plain}.once('message', resolve))`), "'plain.mjs'")
  const missing = "new Worker(new URL('./nowhere.ts', import.meta.url))"
  const cell = await session.run(`await new Promise((_, reject) => ${missing}.once('error', reject))`)
  assert.match(cell.evalue, /Cannot find module .*nowhere\.ts/)
})

test('wasm is imported as a module, and loaded again when it changed', async () => {
  const cell = await session.run("import { add } from './add.wasm'\nadd(2, 3)")
  assert.deepEqual([cell.status, cell.result], ['ok', '5'], cell.traceback)
  const subtract = Buffer.from(ADD.replace(/6a0b$/, '6b0b'), 'hex')
  writeFileSync(join(session.folder, 'notebooks/add.wasm'), Buffer.concat([subtract, Buffer.from('0002016e', 'hex')])) // a section without meaning
  assert.equal(await session.value("import { add } from './add.wasm'\nadd(2, 3)"), '-1')
})

test('where Node has no wasm imports, the error names what works', async () => {
  const file = join(session.folder, 'notebooks/add.wasm')
  const isThere = process.features as unknown as { require_module?: boolean }
  if (isThere.require_module && Number(process.versions.node.split('.')[0]) >= 24) return // this process has them
  await assert.rejects(
    createModules(join(session.folder, 'n.ipynb')).load(file),
    /cannot import .*WebAssembly\.instantiate/,
  )
})
