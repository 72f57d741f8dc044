// The folders of lib/ tell the data's way, the wings of kernel/ rest on each other, and imports follow. Nothing imports itself
// through others, and no file or folder outgrows what a person reads at once.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from './fixtures.ts'
import { circles, importsIn, importsOf, sourcesIn } from './imports.ts'

const ORDER = [
  ...['options', 'seed', 'file', 'problem', 'engine', 'model', 'policy', 'verify', 'search'],
  ...['annotate', 'pairs', 'train', 'run', 'eval', 'show', 'round', 'cli'],
]
const WINGS = ['protocol', 'cell', 'display', 'widgets', 'user', 'language', 'debug', 'notebook']

const MAX_FILES = 22
const MAX_LINES = 400

for (const [root, order] of [
  ['lib', ORDER],
  ['kernel', WINGS],
] as const) {
  /** Files outside all folders stand above them. */
  const stage = (path: string): number => {
    const at = order.indexOf(path.split('/')[1]!)
    return at < 0 ? order.length : at
  }

  test(`every folder of ${root}/ has its place in the order`, () => {
    const folders = readdirSync(join(packageRoot, root), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    assert.deepEqual(
      folders.map((entry) => entry.name).filter((name) => !order.includes(name)),
      [],
    )
  })

  test(`a folder of ${root}/ imports only itself and folders before it`, () => {
    assert.deepEqual(
      importsIn(root).filter(({ from, to }) => to.startsWith(`${root}/`) && stage(to) > stage(from)),
      [],
    )
  })
}

test('drawing knows nothing of what is drawn: lib/show/draw imports nothing from lib/show/views', () => {
  assert.deepEqual(
    importsIn('lib/show/draw').filter(({ to }) => to.startsWith('lib/show/views/')),
    [],
  )
})

test('kernel and lib never import each other', () => {
  const crossing = [
    ...importsIn('kernel').filter(({ to }) => !to.startsWith('kernel/')),
    ...importsIn('lib').filter(({ to }) => to.startsWith('kernel/')),
  ]
  assert.deepEqual(crossing, [])
})

test('datasets import only options, seeds, files and problems from lib', () => {
  const allowed = /^(datasets|lib\/(options|seed|file|problem))\//
  assert.deepEqual(
    importsIn('datasets').filter(({ to }) => !allowed.test(to)),
    [],
  )
})

test('contract suites, which a package holds without the other tests, import only each other and lib/', () => {
  const suites = importsIn('test/contracts').filter(({ from }) => !from.includes('/broken/'))
  assert.deepEqual(
    suites.filter(({ to }) => !/^(lib|test\/contracts)\//.test(to)),
    [],
  )
})

const FOLDERS = ['kernel', 'lib', 'datasets', 'bench', 'test']

test('no file imports itself through others, be it types only', () => {
  const found = circles(FOLDERS.flatMap(importsIn)).map((circle) => circle.join(' → '))
  assert.ok(found.length === 0, `Expected no circles, got\n${found.join('\n')}`)
})

for (const folder of FOLDERS) {
  test(`no folder of ${folder}/ holds more than ${MAX_FILES} files of code, and none of these has more than ${MAX_LINES} lines`, () => {
    const sources = sourcesIn(folder)
    const counts = new Map<string, number>()
    for (const { path } of sources) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
    const full = [...counts].filter(([, files]) => files > MAX_FILES).map(([path, files]) => `${path}: ${files} files`)
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ path, lines }) => `${path}: ${lines} lines`)
    assert.deepEqual([...full, ...long], [])
  })
}

/** The circles of made-up files. */
const circlesOf = (files: Readonly<Record<string, string>>): string[][] =>
  circles(Object.entries(files).flatMap(([path, text]) => importsOf({ path, text })))

test('a circle of three is found, over folders and whatever kind of import', () => {
  const found = circlesOf({
    'x/a.ts': "import { b } from './b.ts'\nimport './leaf.ts'",
    'x/b.ts': "export {\n  c,\n} from '../y/c.ts'",
    'y/c.ts': "const a = await import('../x/a.ts')",
    'x/leaf.ts': '',
  })
  assert.deepEqual(found, [['x/a.ts', 'x/b.ts', 'y/c.ts', 'x/a.ts']])
})

test('an import of types alone closes a circle', () => {
  assert.deepEqual(
    circlesOf({ 'a.ts': "import type { B } from './b.ts'", 'b.ts': "export type { A } from './a.ts'" }),
    [['a.ts', 'b.ts', 'a.ts']],
  )
  assert.deepEqual(circlesOf({ 'a.ts': "let a: import('./a.ts').A" }), [['a.ts', 'a.ts']])
})

test('two ways to one file are no circle', () => {
  const found = circlesOf({
    'a.ts': "import './b.ts'\nimport './c.ts'",
    'b.ts': "import './d.ts'",
    'c.ts': "import './d.ts'",
  })
  assert.deepEqual(found, [])
})
