import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type RunResult, runNotebook } from '../../../kernel/notebook/run.ts'
import { fixture } from '../../fixtures.ts'
import { eventually } from '../notebook-session.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'run test '))
})
after(() => rmSync(folder, { recursive: true, force: true }))

interface Written {
  nbformat_minor: number
  cells: {
    id: string
    cell_type: string
    execution_count?: number | null
    metadata: { tags?: string[] }
    source: string[]
    outputs?: {
      output_type: string
      text?: string[]
      data?: Record<string, unknown>
      ename?: string
      traceback?: string[]
    }[]
  }[]
}
const read = (path: string): Written => JSON.parse(readFileSync(path, 'utf8')) as Written

/** Runs the command as the launcher does, in a process of its own. */
const CLI = `import { runCommand } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../kernel/cli.js')).href)}
process.exitCode = await runCommand(process.argv.slice(1))`
const cli = (args: string[], cwd = folder) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', CLI, '--', ...args], { cwd, encoding: 'utf8' })

test('a notebook runs through a kernel and is written with parameters, outputs and final display states', async () => {
  const out = join(folder, 'squares.executed.ipynb')
  const notebook = fixture('notebooks', 'squares.ipynb')
  const result = await runNotebook({ notebook, out, parameters: { count: 4 }, cwd: folder })
  assert.equal(result.kind, 'done')
  const { cells, nbformat_minor } = read(out)
  assert.equal(nbformat_minor, 5)
  assert.equal(new Set(cells.map((cell) => cell.id)).size, cells.length)
  const at = cells.findIndex((cell) => cell.metadata.tags?.includes('injected-parameters'))
  assert.deepEqual(cells[at - 1]?.metadata.tags, ['parameters'])
  assert.deepEqual(cells[at]?.source, ['Object.assign(params, {"count":4})'])
  const outputs = (id: string) => cells.find((cell) => cell.id === id)?.outputs ?? []
  assert.deepEqual(outputs('sum')[0]?.text, ['1 squared\n', '2 squared\n', '3 squared\n', '4 squared\n'])
  assert.deepEqual(outputs('sum')[1]?.data, { 'text/plain': ['30'] })
  assert.equal(outputs('bar').length, 1)
  assert.match(String(outputs('bar')[0]?.data?.['text/plain']), /4\/4 .* finished$/)
  assert.deepEqual(outputs('show')[0]?.data?.['text/html'], ['<b>second</b>\n', '<i>line</i>'])
  // Imports come from the notebook's folder, paths mean what they mean where the run was started.
  assert.deepEqual(outputs('show')[2]?.data, { 'text/plain': [`'${folder}'`] })
})

test('the file has sorted keys, one space of indent and a final newline, and no partial file is left', () => {
  const text = readFileSync(join(folder, 'squares.executed.ipynb'), 'utf8')
  assert.match(text, /^\{\n "cells": \[\n {2}\{\n {3}"cell_type": "markdown",\n {3}"id": /)
  assert.ok(text.endsWith('}\n'))
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test('a run stops at the first error, says where, and the notebook is still written', async () => {
  const out = join(folder, 'broken.ipynb')
  const result = await runNotebook({ notebook: fixture('notebooks', 'broken.ipynb'), out })
  assert.ok(result.kind === 'failed')
  assert.deepEqual([result.cell, result.line, result.message], [2, 8, 'TypeError: no 7'])
  const { cells } = read(out)
  assert.deepEqual(
    cells.map((cell) => cell.outputs?.map((output) => output.output_type)),
    [undefined, ['execute_result'], ['error'], []],
  )
  assert.match(cells[2]?.outputs?.[0]?.traceback?.join('\n') ?? '', /at fail \(cell 2:5:9\)\n {4}at cell 2:8:1/)
})

test('the command tells the error in the terminal and exits with 1', () => {
  const { status, stdout, stderr } = cli([fixture('notebooks', 'broken.ipynb'), '--out', 'told.ipynb'])
  assert.equal(status, 1)
  assert.match(
    stdout,
    /Broken\n\[1\/3\] const kept = 'kept'\n {4}'kept'\n(?: {4}[\d.]+ s\n)?\[2\/3\] interface Point \{\n {4}failed after/,
  )
  assert.match(stderr, /broken\.ipynb, cell 2, line 8: TypeError: no 7\n {6}at fail \(cell 2:5:9\)/)
  assert.ok(existsSync(join(folder, 'told.ipynb')))
})

test('an unknown parameter, a file that is no notebook and a missing folder give one clear line each', () => {
  const told = (args: string[]): string => {
    const { status, stderr } = cli(args)
    assert.equal(status, 1)
    assert.equal(stderr.trim().split('\n').length, 1, stderr)
    return stderr
  }
  const squares = fixture('notebooks', 'squares.ipynb')
  assert.match(told([squares, '-p', 'cuont=3']), /Unknown parameter `cuont`\. Known: count, label/)
  assert.match(told([squares, '-p', 'count']), /Expected a parameter as key=value, got `count`/)
  assert.match(told([fixture('notebooks', 'broken.ipynb'), '-p', 'a=1']), /tagged `parameters`/)
  assert.match(told([fixture('notebooks', 'square.ts')]), /square\.ts is not a notebook/)
  assert.match(told(['none.ipynb']), /Cannot read the notebook .*none\.ipynb/)
  assert.match(told([squares, '--out', 'no/such/x.ipynb']), /Expected the folder no\/such to exist/)
  assert.equal(cli([]).status, 2)
})

const write = (name: string, sources: string[], tags: string[] = []): string => {
  const path = join(folder, name)
  const cells = sources.map((source) => ({
    cell_type: 'code',
    metadata: { tags },
    source,
    outputs: [],
    execution_count: 9,
  }))
  writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 2, metadata: {}, cells }))
  return path
}

test('a cell over the time limit is interrupted and fails the run', async () => {
  const notebook = write('slow.ipynb', ['1', 'while (true);'])
  const result = await runNotebook({ notebook, out: join(folder, 'slow.out.ipynb'), timeoutSeconds: 0.5 })
  assert.ok(result.kind === 'failed')
  assert.match(result.message, /Timeout: The cell ran longer than 0\.5 s/)
})

test('a checked run stops before the first cell with a type error', async () => {
  const notebook = join(folder, 'typed.ipynb')
  const cells = ['const size: number = 1', "console.log('ran')\nsize.toUpperCase()"].map((source, id) => ({
    ...{ cell_type: 'code', id: `c${id}`, metadata: {}, source },
    ...{ execution_count: null, outputs: [] },
  }))
  writeFileSync(notebook, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }))
  const out = join(folder, 'typed.out.ipynb')
  const result = await runNotebook({ notebook, out, typecheck: 'error' })
  assert.ok(result.kind === 'failed')
  assert.deepEqual([result.cell, result.line], [2, 2])
  assert.match(result.message, /^TypeCheckError: Property 'toUpperCase' does not exist on type 'number'/)
  assert.deepEqual(
    read(out).cells[1]?.outputs?.map((output) => output.output_type),
    ['error'],
  )
})

test('an expected exception does not stop the run', async () => {
  const notebook = write('raises.ipynb', ["throw new Error('shown')", "throw new Error('too')"], ['raises-exception'])
  const result: RunResult = await runNotebook({ notebook, out: join(folder, 'raises.out.ipynb') })
  assert.equal(result.kind, 'done')
})

test('a killed run keeps the cells that ran', async () => {
  const place = join(folder, 'killed')
  mkdirSync(place)
  copyFileSync(write('killed.ipynb', ["'ran'", 'await new Promise(() => {})']), join(place, 'nb.ipynb'))
  const child = spawn(process.execPath, ['--input-type=module', '-e', CLI, '--', 'nb.ipynb'], {
    cwd: place,
    stdio: 'ignore',
  })
  const out = join(place, 'nb.executed.ipynb')
  await eventually(() => existsSync(out), 'the notebook after its first cell')
  child.kill('SIGKILL')
  const { cells } = read(out)
  assert.deepEqual(cells[0]?.outputs?.[0]?.data, { 'text/plain': ["'ran'"] })
  assert.deepEqual(cells[1]?.outputs, [])
})

test('Ctrl-C ends the running cell, keeps the notebook, and exits with 130', async () => {
  const notebook = write('stopped.ipynb', ["console.log('here')\nawait new Promise(() => {})", "'never'"])
  const child = spawn(process.execPath, ['--input-type=module', '-e', CLI, '--', notebook], { cwd: folder })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await eventually(() => text.includes('    here'), 'the text of the cell')
  child.kill('SIGINT')
  assert.equal(await new Promise((resolve) => child.once('close', resolve)), 130)
  const { cells } = read(join(folder, 'stopped.executed.ipynb'))
  assert.deepEqual(
    cells[0]?.outputs?.map((output) => output.ename ?? output.text),
    [['here\n'], 'Interrupted'],
  )
})

test('widgets are stored with their state, and two runs give the same bytes', async () => {
  const notebook = join(folder, 'widgets.ipynb')
  const source = 'const c = slider(0, 4)\ninteract({ c }, ({ c }) => c)\nc.value = 3'
  const cell = { cell_type: 'code', id: 'a', metadata: {}, source, outputs: [], execution_count: null }
  writeFileSync(notebook, JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }))
  const outs = ['one', 'two'].map((name) => join(folder, `widgets.${name}.ipynb`))
  for (const out of outs) assert.equal((await runNotebook({ notebook, out, cwd: folder })).kind, 'done')
  const [one = '', two] = outs.map((out) => readFileSync(out, 'utf8'))
  assert.equal(one, two)
  const { cells, metadata } = JSON.parse(one) as Written & { metadata: { widgets: Record<string, unknown> } }
  const shown = cells[0]?.outputs?.[0]?.data?.['application/vnd.jupyter.widget-view+json'] as { model_id: string }
  const { state } = metadata.widgets['application/vnd.jupyter.widget-state+json'] as {
    state: Record<string, { model_name: string; state: Record<string, unknown> }>
  }
  const box = state[shown.model_id]
  assert.ok(box)
  assert.equal(box.model_name, 'VBoxModel')
  const child = String((box.state.children as string[])[0]).replace('IPY_MODEL_', '')
  assert.deepEqual([state[child]?.model_name, state[child]?.state.value], ['IntSliderModel', 3])
})
