// Every notebook as a person runs it: through `asterism run`, a real kernel, real training, on a setting small enough
// for a test. And the committed files: clean, and shaped as readers of notebooks expect.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import ts from 'typescript'
import { packageRoot } from '../fixtures.ts'

interface Cell {
  readonly cell_type: 'markdown' | 'code'
  readonly id: string
  readonly metadata: { readonly tags?: readonly string[] }
  readonly source: string | readonly string[]
  readonly execution_count?: number | null
  readonly outputs?: readonly {
    readonly output_type: string
    readonly data?: Readonly<Record<string, unknown>>
    readonly evalue?: string
  }[]
}

interface Notebook {
  readonly cells: readonly Cell[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly nbformat: number
  readonly nbformat_minor: number
}

const ROUNDS = ['round-1', 'round-2', 'round-3', 'round-4']
const NAMES = ['tour', ...ROUNDS, 'results']

/** A run of seconds: few problems, a model that learns next to nothing, one rollout where there were many. */
const TINY = [
  ...['problems=[10,10,4,2,2,2]', 'heldOut=2', 'concurrency=32', 'evaluation.rollouts=2', 'evaluation.width=4'],
  ...['model.hiddenSize=32', 'model.intermediateSize=64', 'model.layers=1', 'model.heads=2', 'model.kvHeads=1'],
  ...[0, 1, 2, 3].flatMap((round) => [
    ...['maxSteps=24', 'tail=8', 'minSteps=8'].map((set) => `rounds.${round}.policyTraining.${set}`),
    `rounds.${round}.ppmTraining.steps=6`,
    ...(round === 0 ? ['0.rollouts=8', '1.rollouts=8'] : ['0.rollouts=2', '1.rollouts=4']).map(
      (set) => `rounds.${round}.passes.${set}`,
    ),
  ]),
]

const path = (name: string): string => join(packageRoot, 'notebooks', `${name}.ipynb`)
const read = (file: string): Notebook => JSON.parse(readFileSync(file, 'utf8')) as Notebook
const sourceOf = ({ source }: Cell): string => (typeof source === 'string' ? source : source.join(''))
const codeCells = ({ cells }: Notebook): Cell[] => cells.filter((cell) => cell.cell_type === 'code')

describe('committed notebooks', () => {
  test('there are six of them', () => {
    const files = readdirSync(join(packageRoot, 'notebooks')).filter((file) => file.endsWith('.ipynb'))
    assert.deepEqual(files.map((file) => file.replace('.ipynb', '')).sort(), [...NAMES].sort())
  })

  for (const name of NAMES) {
    test(`${name} is clean: no outputs, no counts, no stray metadata, one way of writing it`, () => {
      const text = readFileSync(path(name), 'utf8')
      const notebook = JSON.parse(text) as Notebook
      assert.equal(text, `${JSON.stringify(notebook, null, 1)}\n`)
      assert.deepEqual([notebook.nbformat, notebook.nbformat_minor], [4, 5])
      assert.deepEqual(Object.keys(notebook.metadata).sort(), ['kernelspec', 'language_info'])
      assert.equal((notebook.metadata.kernelspec as { name: string }).name, 'asterism')
      for (const { outputs, execution_count, metadata, cell_type } of notebook.cells) {
        assert.ok(Object.keys(metadata).every((key) => key === 'tags'))
        if (cell_type === 'code') assert.deepEqual({ outputs, execution_count }, { outputs: [], execution_count: null })
      }
      const ids = notebook.cells.map(({ id }) => id)
      assert.equal(new Set(ids).size, ids.length)
      assert.ok(ids.every((id) => /^[a-z][a-z0-9-]{1,40}$/.test(id)))
    })

    test(`${name} explains before it computes, in short cells, with its parameters second`, () => {
      const notebook = read(path(name))
      const code = codeCells(notebook)
      assert.match(sourceOf(notebook.cells[0]!), /^# \S/)
      assert.ok(code.length <= 20)
      for (const [i, cell] of notebook.cells.entries())
        if (cell.cell_type === 'code') assert.equal(notebook.cells[i - 1]?.cell_type, 'markdown', cell.id)
      for (const cell of code) assert.ok(sourceOf(cell).split('\n').length <= 12, cell.id)
      assert.deepEqual(
        code.map(({ metadata }) => metadata.tags ?? []),
        code.map((_, i) => (i === 1 ? ['parameters'] : [])),
      )
      assert.match(sourceOf(code[1]!), /^const params = \{/)
    })
  }
})

describe('cells', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'asterism-cells-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('the cells of each notebook, one after the other, have no type error and no unused import', () => {
    const files = NAMES.map((name) => {
      const file = join(folder, `${name}.mts`)
      writeFileSync(
        file,
        `${codeCells(read(path(name)))
          .map(sourceOf)
          .join('\n')}\nexport {}\n`,
      )
      return file
    })
    const own = (module: string) => [join(packageRoot, module)]
    const program = ts.createProgram(files, {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      noUnusedLocals: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: ['node'],
      typeRoots: own('node_modules/@types'),
      paths: { asterism: own('lib/index.ts'), 'asterism/kernel': own('kernel/index.ts') },
    })
    const problems = files.flatMap((file) => {
      const source = program.getSourceFile(file)!
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText, start = 0 }) => {
          const { line } = source.getLineAndCharacterOfPosition(start)
          return `${basename(file)}: ${source.text.split('\n')[line]}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
        },
      )
    })
    assert.deepEqual(problems, [])
  })
})

describe('executed notebooks', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'asterism-notebooks-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const execute = (name: string, parameters: Readonly<Record<string, unknown>>): Notebook => {
    const flags = Object.entries(parameters).flatMap(([key, value]) => ['-p', `${key}=${JSON.stringify(value)}`])
    const out = join(folder, `${name}.ipynb`)
    const launcher = join(packageRoot, 'lib/cli/asterism.mjs')
    const { status, stderr } = spawnSync(
      process.execPath,
      [launcher, 'run', path(name), ...flags, '--out', out, '--quiet'],
      // Not the notebook's folder: where it is started from must not matter.
      { cwd: folder, encoding: 'utf8', env: { ...process.env, ASTERISM_NO_BUILD: '1', ASTERISM_DEBUG: '1' } },
    )
    assert.equal(status, 0, stderr)
    return read(out)
  }

  /** MIME types of everything that a cell shows. */
  const shown = ({ outputs = [] }: Cell): string[] => outputs.flatMap(({ data = {} }) => Object.keys(data))

  /** What holds for every executed notebook; `plots` and `tables`: how many at least. */
  const check = (notebook: Notebook, { plots, tables }: { plots: number; tables: number }): void => {
    const code = codeCells(notebook)
    for (const cell of code) {
      assert.notEqual(cell.execution_count, null, cell.id)
      const errors = cell.outputs!.filter(({ output_type }) => output_type === 'error' || output_type === 'stream')
      assert.deepEqual(errors, [], cell.id)
      // Imports and parameters have nothing to show; everything else ends in something to look at.
      const isQuiet = ['imports', 'parameters', 'injected-parameters'].includes(cell.id)
      if (!isQuiet) assert.ok(shown(cell).includes('text/plain'), `${cell.id} shows nothing`)
    }
    const drawn = code.filter((cell) => shown(cell).includes('application/vnd.plotly.v1+json'))
    assert.ok(drawn.length >= plots, `${drawn.length} plots`)
    for (const cell of drawn) assert.ok(shown(cell).includes('image/png'), `${cell.id} has no picture`)
    const tabled = code.filter(({ outputs }) =>
      outputs!.some(({ data }) => String(data?.['text/html']).includes('<table')),
    )
    assert.ok(tabled.length >= tables, `${tabled.length} tables`)
  }

  const parameters = () => ({ run: 'tiny', seed: 7, root: join(folder, 'runs') })
  const file = (...parts: string[]): string => join(folder, 'runs', 'tiny', ...parts)

  test('tour goes from nothing to a trained policy and PPM', () => {
    const set = TINY.map((setting) => (setting.startsWith('problems') ? 'problems=[16,8]' : setting))
    const notebook = execute('tour', { ...parameters(), run: 'tour', set })
    check(notebook, { plots: 2, tables: 6 })
    for (const model of ['policy', 'ppm'])
      assert.ok(existsSync(join(folder, 'runs', 'tour', 'round-1', model, 'model.safetensors')))
  })

  for (const [i, name] of ROUNDS.entries())
    test(`${name} searches, trains and measures its round`, () => {
      check(execute(name, { ...parameters(), set: TINY }), { plots: i === 0 ? 4 : 5, tables: 5 })
      for (const part of ['trees.jsonl', 'sft.jsonl', 'pairs.jsonl', 'policy', 'ppm', 'metrics.json'])
        assert.ok(existsSync(file(name, part)), part)
      const report = JSON.parse(readFileSync(file('report.json'), 'utf8')) as { rounds: { round: number }[] }
      assert.deepEqual(
        report.rounds.map(({ round }) => round),
        [1, 2, 3, 4].slice(0, i + 1),
      )
    })

  test('a round that is run again reads what is there: trees and models stay as they were', () => {
    const files = ['trees.jsonl', 'policy/model.safetensors', 'metrics.json', 'timings.json']
    const content = () => files.map((part) => readFileSync(file('round-1', part)).toString('base64'))
    const first = content()
    execute('round-1', { ...parameters(), set: TINY })
    assert.ok(first.every((bytes, i) => bytes === content()[i]))
  })

  test('results shows the whole run from its folder and writes the page', () => {
    rmSync(file('report.html'), { force: true })
    check(execute('results', parameters()), { plots: 9, tables: 5 })
    assert.match(readFileSync(file('report.html'), 'utf8'), /^<!doctype html>/)
  })

  test('an unknown setting stops the notebook with one line that names it', () => {
    const out = join(folder, 'wrong.ipynb')
    const launcher = join(packageRoot, 'lib/cli/asterism.mjs')
    const { status, stderr } = spawnSync(
      process.execPath,
      [launcher, 'run', path('round-1'), '-p', 'set=["modle.layers=1"]', '-p', `root=${folder}`, '--out', out],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, ASTERISM_NO_BUILD: '1' } },
    )
    assert.equal(status, 1)
    assert.match(stderr, /Unknown setting "modle".*Did you mean "model"/)
    assert.ok(existsSync(out))
  })
})
