import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startKernelProcess } from '../../kernel/notebook/kernel-process.ts'
import { packageRoot } from '../fixtures.ts'
import { type Installed, installPackage } from './installed.ts'

let installed: Installed
before(() => {
  installed = installPackage()
})
after(() => installed?.dispose())

const version = (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version

test('the tarball holds what was built and no source, test or development file', () => {
  const kinds = new Set(
    installed.files.map((path) =>
      path
        .split('/')
        .slice(0, path.startsWith('dist') ? 2 : 1)
        .join('/'),
    ),
  )
  const expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/datasets', 'dist/kernel', 'dist/lib']
  const more = ['dist/onnxruntime', 'dist/test', 'lib', 'notebooks', 'package.json']
  assert.deepEqual([...kinds].sort(), [...expected, ...more])
  const strangers = installed.files.filter((path) => /\/broken\/|\.test\.|(?<!\.d)\.ts$/.test(path))
  assert.deepEqual(strangers, [])
  assert.deepEqual(
    installed.files.filter((path) => path.startsWith('lib/')),
    ['lib/cli/asterism.mjs'],
  )
})

test('an install takes less than 200 MB and needs no script', () => {
  const megabytes = Number(installed.run('du', '-sm', 'node_modules').split('\t')[0])
  assert.ok(megabytes < 200, `${megabytes} MB`)
})

for (const [moduleResolution, module] of [
  ['nodenext', 'nodenext'],
  ['bundler', 'esnext'],
] as const) {
  test(`a strict project compiles against it with ${moduleResolution}, declarations checked`, () => {
    installed.write(
      'uses.ts',
      `import * as asterism from 'asterism'
import { type Policy, type SearchOptions, newTree, seedOf } from 'asterism'
import * as contracts from 'asterism/contracts'
import { generateProblems } from 'asterism/datasets'
import * as kernel from 'asterism/kernel'
const seed: number = seedOf(1)
const options: SearchOptions = { rollouts: 2, seed }
export const trees = generateProblems({ seed, counts: [1] }).map((problem) => newTree(problem, options))
export const policy: Policy | undefined = undefined
export const all = [asterism, contracts, kernel]
// @ts-expect-error a misspelt name is a type error: the types are there
export const wrong: SearchOptions = { rolouts: 2 }
`,
    )
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      noPropertyAccessFromIndexSignature: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noUnusedLocals: true,
      noEmit: true,
      target: 'es2023',
      types: [],
      module,
      moduleResolution,
    }
    installed.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['uses.ts'] }))
    installed.run(process.execPath, join(packageRoot, 'node_modules/typescript/bin/tsc'), '-p', '.')
  })
}

test('a script of the project computes with ONNX Runtime, unpacked at its first use', () => {
  installed.write(
    'loss.mjs',
    `import { openEngine } from 'asterism'
const engine = await openEngine()
console.log(engine.device)
await engine.dispose()`,
  )
  assert.equal(installed.run(process.execPath, 'loss.mjs'), 'cpu\n')
  const binaries = join('node_modules/asterism/dist/onnxruntime/bin/napi-v6', process.platform, process.arch)
  assert.match(installed.run('ls', binaries), /onnxruntime_binding\.node/)
})

test('the command tells its version, and prints nothing but verdicts on stdout', () => {
  const command = (...args: string[]): string => installed.run('node_modules/.bin/asterism', ...args)
  assert.equal(command('--version'), `${version}\n`)
  installed.write('programs.jsonl', '{"id":1,"code":"print(6 * 7)"}\n')
  const [verdict, ...rest] = command('verify', 'programs.jsonl', '--level', 'rlimit').trim().split('\n')
  assert.deepEqual(rest, [])
  assert.equal((JSON.parse(verdict!) as { stdout: string }).stdout, '42\n')
})

test('a cell of the installed kernel imports `asterism` and knows its types', () => {
  const cells = [
    "import { seedOf } from 'asterism'\nimport { generateProblems } from 'asterism/datasets'\nseedOf(1)",
    'const wrong: string = seedOf(1)\ngenerateProblems({ seed: 3, counts: [1] }).length',
  ]
  const cell = (source: string, i: number) => ({
    cell_type: 'code',
    id: `cell-${i}`,
    metadata: {},
    outputs: [],
    execution_count: null,
    source,
  })
  const metadata = { kernelspec: { name: 'asterism', display_name: '', language: 'typescript' } }
  const notebook = { cells: cells.map(cell), metadata, nbformat: 4, nbformat_minor: 5 }
  installed.write('cells.ipynb', JSON.stringify(notebook))
  installed.run('node_modules/.bin/asterism', 'run', 'cells.ipynb', '--out', 'executed.ipynb')
  const executed = readFileSync(join(installed.project, 'executed.ipynb'), 'utf8')
  assert.match(executed, /"686433178"/)
  assert.match(executed, /Type 'number' is not assignable to type 'string'/)
})

test('a tslab notebook imports it', async () => {
  installed.run('npm', 'install', '--prefer-offline', '--no-audit', '--ignore-scripts', 'tslab@1.0.22')
  const tslab = join(installed.project, 'node_modules/.bin/tslab')
  const argv = [tslab, 'kernel', '--config-path', '{connection_file}']
  const kernel = await startKernelProcess({ argv, cwd: installed.project })
  try {
    let printed = ''
    const onOutput = ({ content }: { content: Record<string, unknown> }) => {
      printed += content.text ?? ''
    }
    const code = "import { seedOf } from 'asterism'\nconsole.log(seedOf(1))"
    const { status } = await kernel.client.execute(code, { onOutput })
    assert.equal(status, 'ok', printed)
    assert.equal(printed, '686433178\n')
  } finally {
    await kernel.dispose()
  }
})
