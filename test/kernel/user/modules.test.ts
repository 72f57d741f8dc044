import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import { notebookPath } from '../../../kernel/user/notebook-path.ts'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const { value, write } = session

test('node builtins import by default, by name, as namespace, by import() and by require', async () => {
  const code = `
    import fs, { existsSync as exists } from 'node:fs'
    import * as path from 'path'
    const os = await import('node:os')
    ;[typeof fs.readFileSync, typeof exists, path.basename('a/b'), typeof os.cpus, typeof require('fs').statSync]`
  assert.equal(await value(code), "[ 'function', 'function', 'b', 'function', 'function' ]")
})

test('packages resolve from the folder of the notebook: CommonJS, and ESM with an import condition only', async () => {
  write('node_modules/old/package.json', '{ "name": "old", "main": "index.js" }')
  write('node_modules/old/index.js', 'exports.old = 1\nfor (const name of ["made"]) exports[name] = 3')
  const conditions = '{ "name": "new", "type": "module", "exports": { "import": "./index.js" } }'
  write('node_modules/new/package.json', conditions)
  write('node_modules/new/index.js', 'export const fresh = 2')
  assert.equal(
    await value(
      "import old, { made, old as named } from 'old'\nimport { fresh } from 'new'\n;[old.old, named, made, fresh]",
    ),
    '[ 1, 1, 3, 2 ]',
  )
})

test("this package's kernel API is importable without any install, and is the one of the cells", async () => {
  assert.equal(await value("import * as api from 'asterism/kernel'\napi.display === display"), 'true')
})

test('JSON imports statically and dynamically', async () => {
  write('data.json', '{ "k": [1, 2] }')
  const code =
    "import data from './data.json' with { type: 'json' }\n;[data.k, (await import('./data.json')).default.k]"
  assert.equal(await value(code), '[ [ 1, 2 ], [ 1, 2 ] ]')
})

test('a local TypeScript module and what it imports are loaded again when one of them changed', async () => {
  write('lib/deep.ts', 'export const deep: number = 1')
  write('lib/outer.ts', "import { deep } from './deep.ts'\nexport const outer = (): number => deep * 10")
  assert.equal(await value("import { outer } from './lib/outer.ts'\nconst use = () => outer()\nuse()"), '10')
  write('lib/deep.ts', 'export const deep: number = 22 // longer')
  assert.equal(await value('use()'), '10')
  assert.equal(await value("import { outer } from './lib/outer.ts'\n;[outer(), use()]"), '[ 220, 220 ]')
})

test('a change deep below reloads through every kind of local file: TypeScript, CommonJS and JSON', async () => {
  write('mixed/data.json', '{ "n": 1 }')
  write('mixed/dep.cjs', 'module.exports = 1')
  write('mixed/local.cjs', "exports.dep = require('./dep.cjs')")
  write('mixed/plain.js', "exports.data = require('./data.json').n")
  write('mixed/middle.tsx', "import local from './local.cjs'\nexport const dep = (): number => local.dep")
  write(
    'mixed/top.ts',
    `import data from './data.json' with { type: 'json' }
    import { data as plain } from './plain'
    import { dep } from './middle.tsx'
    export const all = () => [data.n, plain, dep()]`,
  )
  const read = "import { all } from './mixed/top.ts'\nall()"
  assert.equal(await value(read), '[ 1, 1, 1 ]')
  write('mixed/dep.cjs', 'module.exports = 22')
  assert.equal(await value(read), '[ 1, 1, 22 ]')
  write('mixed/data.json', '{ "n": 333 }')
  assert.equal(await value(read), '[ 333, 333, 22 ]')
  assert.equal(await value("(await import('./mixed/top')).all()"), '[ 333, 333, 22 ]')
})

test('require of a local file is fresh when it or what it requires changed, and the same object otherwise', async () => {
  write('req/dep.js', 'module.exports = 1')
  write('req/main.js', "exports.dep = require('./dep')")
  assert.equal(
    await value("const first = require('./req/main')\n;[first.dep, require('./req/main') === first]"),
    '[ 1, true ]',
  )
  write('req/dep.js', 'module.exports = 22')
  assert.equal(await value("require('./req/main').dep"), '22')
  write('req/typed.ts', 'export const x: number = 1')
  assert.match((await session.run("require('./req/typed.ts')")).evalue, /Cannot require .*typed\.ts: use import/)
  assert.match((await session.run("require('asterism')")).evalue, /'asterism' is an ES module: use import/)
})

test('the whole package is importable without any install, also from a local file', async () => {
  write('uses.ts', "import * as asterism from 'asterism'\nexport const names = Object.keys(asterism).length")
  const code = "import * as asterism from 'asterism'\nimport { names } from './uses.ts'\n"
  assert.equal(await value(`${code}[names > 5, names === Object.keys(asterism).length]`), '[ true, true ]')
})

test("imports resolve from the path that Jupyter tells, else from the kernel's folder", async () => {
  const folder = '/notebooks root'
  assert.equal(notebookPath({}, folder), join(folder, 'notebook.ipynb'))
  assert.equal(
    notebookPath({ JPY_SESSION_NAME: join(session.folder, 'a b.ipynb') }, folder),
    join(session.folder, 'a b.ipynb'),
  )
  assert.equal(
    notebookPath({ JPY_SESSION_NAME: 'deep/er/a b.ipynb' }, session.folder),
    join(session.folder, 'a b.ipynb'),
  )
  assert.equal(notebookPath({ JPY_SESSION_NAME: 'b7e1-console' }, folder), join(folder, 'b7e1-console'))
  write('of session/beside.ts', 'export const beside = 1')
  const env = { JPY_SESSION_NAME: join(session.folder, 'of session', 'a b.ipynb') }
  const kernel = await startKernelProcess({ cwd: tmpdir(), env })
  const reply = await kernel.client.execute("import { beside } from './beside.ts'\nbeside")
  await kernel.dispose()
  assert.equal(reply.status, 'ok')
})

test('modules that import each other load, and the same file is one module', async () => {
  write('ring/a.ts', "import { b } from './b.ts'\nexport const a = 1\nexport const sum = () => a + b()")
  write('ring/b.ts', "import { a } from './a.ts'\nexport const b = () => a + 1")
  assert.equal(await value("import { sum } from './ring/a.ts'\nsum()"), '3')
  assert.equal(await value("(await import('./ring/b')) === (await import('./ring/b.ts'))"), 'true')
  assert.equal(await value("(await Promise.all([import('./ring/a.ts'), import('./ring/b.ts')])).length"), '2')
})

test('imported names are live', async () => {
  write('counter.ts', 'export let count = 0\nexport const add = () => { count += 1 }')
  assert.equal(await value("import { add, count } from './counter.ts'\nadd()\nadd()\ncount"), '2')
  assert.equal(await value('add()\ncount'), '3')
  assert.match((await session.run('count = 5')).evalue, /Cannot assign to 'count' because it is an import/)
})

test('a local CommonJS file is loaded again when it changed', async () => {
  write('plain.js', 'exports.version = 1')
  assert.equal(await value("import { version } from './plain.js'\nversion"), '1')
  write('plain.js', 'exports.version = 200')
  assert.equal(await value("import { version } from './plain.js'\nversion"), '200')
})

test('an interface may be imported beside values; a value that is not there is an error with its line', async () => {
  write('types.ts', 'export interface Shape { side: number }\nexport const side = (shape: Shape) => shape.side')
  assert.equal(await value("import { Shape, side } from './types.ts'\nconst s: Shape = { side: 2 }\nside(s)"), '2')
  const cell = await session.run("\nimport { corner } from './types.ts'")
  assert.match(cell.evalue, /does not provide an export named 'corner'/)
  assert.match(cell.traceback, new RegExp(`at cell ${cell.count}:2:1`))
})

test('a missing module is named with the line of its import, and can be imported once it is there', async () => {
  const missing = await session.run("import { x } from './not-yet.ts'")
  assert.match(missing.evalue, /Cannot find module '\.\/not-yet\.ts'/)
  assert.match(missing.traceback, new RegExp(`at cell ${missing.count}:1:1`))
  write('not-yet.ts', 'export const x = 1')
  assert.equal(await value("import { x } from './not-yet.ts'\nx"), '1')
  assert.match((await session.run("await import('no-such-package')")).evalue, /no-such-package/)
})

test('an error inside a local module names the line of its TypeScript, and mending the file mends the import', async () => {
  write('broken.ts', 'interface A {\n  b: number\n}\n\nexport const x: number = (null as never as { y: number }).y')
  const cell = await session.run("import { x as broken } from './broken.ts'")
  assert.match(cell.traceback, /broken\.ts:5:\d+/)
  write('broken.ts', 'export const x = 3')
  assert.equal(await value("import { x as broken } from './broken.ts'\nbroken"), '3')
  write('broken.ts', 'export const x = = 3')
  assert.match((await session.run("await import('./broken.ts')")).evalue, /broken\.ts:1:18/)
})
