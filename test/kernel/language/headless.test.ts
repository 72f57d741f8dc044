// Type errors where nobody listens after a cell's end: programs that execute notebooks keep every one of them. Where a
// person waits, nothing waits for types.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { installKernel } from '../../../kernel/kernelspec.ts'
import { type StartedKernel, startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import { runNotebook } from '../../../kernel/notebook/run.ts'
import type { Published } from '../../../kernel/protocol/client.ts'
import { eventually } from '../notebook-session.ts'

const folder = mkdtempSync(join(tmpdir(), 'headless '))
after(() => rmSync(folder, { recursive: true, force: true }))

async function withKernel(
  work: (kernel: StartedKernel) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const kernel = await startKernelProcess({ cwd: folder, env: { ASTERISM_TYPECHECK: 'warn', ...env } })
  try {
    await work(kernel)
  } finally {
    await kernel.dispose()
  }
}

const WRONG = ['const n: number = "x"', '1', 'n.toUpperCase()', 'throw new Error(n.nowhere)', 'const last: string = n']
const EXPECTED = [
  /^Type 'string' is not assignable to type 'number'/,
  /^$/,
  /^Property 'toUpperCase' does not exist on type 'number'/,
  /^Property 'nowhere' does not exist on type 'number'/,
  /^Type 'number' is not assignable to type 'string'/,
]

/** Writes a notebook of these cells. */
function notebook(name: string, sources: readonly string[]): string {
  const cells = sources.map((source, at) => ({
    ...{ id: `c${at}`, cell_type: 'code', metadata: {}, source, execution_count: null, outputs: [] },
  }))
  const kernelspec = { name: 'asterism', display_name: 'TypeScript', language: 'typescript' }
  const file = join(folder, `${name}.ipynb`)
  writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells }))
  return file
}

/** What each cell of a notebook keeps of stderr. */
function stderrOf(file: string): string[] {
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as {
    cells: { outputs: { name?: string; text?: string | string[] }[] }[]
  }
  return cells.map(({ outputs }) =>
    outputs
      .filter(({ name }) => name === 'stderr')
      .flatMap(({ text = '' }) => text)
      .join(''),
  )
}

test('a client that stops listening at idle has the type errors of each cell, the first one included', async () => {
  await withKernel(async ({ client }) => {
    for (const [at, code] of WRONG.entries()) {
      let stderr = ''
      const onOutput = ({ type, content }: Published): void => {
        if (type === 'stream') stderr += String(content.text)
      }
      const { status } = await client.execute(code, { onOutput })
      assert.equal(status, at === 3 ? 'error' : 'ok')
      assert.match(stderr, EXPECTED[at] as RegExp, code)
    }
  })
})

test('where questions can be answered the reply waits for nothing, and type errors still come before idle', async () => {
  await withKernel(async ({ client }) => {
    await client.execute('1') // the checker has started
    const heard: string[] = []
    client.onPublished(({ type, content }) => void heard.push(String(content.execution_state ?? type)))
    const idle = client.execute(WRONG[0] as string, { allow_stdin: true })
    await idle
    assert.deepEqual(heard, ['busy', 'execute_input', 'stream', 'idle'])
  })
})

test('a cell that waits for its turn does not wait for the types of the one before', async () => {
  await withKernel(async ({ client }) => {
    const heard: [string, unknown][] = []
    client.onPublished(({ type, parent, content }) => void heard.push([parent, content.execution_state ?? type]))
    const first = client.request('execute_request', { code: WRONG[0] as string })
    const second = client.request('execute_request', { code: '1' })
    await Promise.all([first, second])
    await eventually(() => heard.some(([id, what]) => id === second.id && what === 'idle'), 'the last idle')
    const at = (id: string, what: string): number => heard.findIndex(([one, other]) => one === id && other === what)
    assert.ok(at(first.id, 'idle') < at(second.id, 'busy'), 'no two cells are busy at once')
    assert.ok(at(second.id, 'execute_result') < at(first.id, 'stream'), 'the checker was still starting')
    assert.ok(at(first.id, 'stream') < at(second.id, 'idle'), 'the last idle comes after all type errors')
  })
})

test('a page, which listens on, has its idle at once', async () => {
  await withKernel(async ({ client }) => {
    const heard: Published[] = []
    await client.request('comm_info_request', {})
    client.onPublished((one) => void heard.push(one))
    await client.execute(WRONG[0] as string)
    await eventually(() => heard.some(({ type }) => type === 'stream'), 'the type error')
    const cell = heard.find(({ type }) => type === 'execute_input')?.parent
    assert.deepEqual(
      heard.filter(({ parent }) => parent === cell).map(({ type, content }) => content.execution_state ?? type),
      ['busy', 'execute_input', 'idle', 'stream'],
    )
  })
})

test('an interrupt ends the wait for types', async () => {
  await withKernel(async ({ client }) => {
    let begun = false
    client.onPublished(({ type }) => {
      begun ||= type === 'execute_result'
    })
    const cell = client.execute('1')
    await eventually(() => begun, 'the result')
    await client.request('interrupt_request', {})
    assert.equal((await cell).status, 'ok')
  })
})

test('our own runs keep type errors behind the outputs of each cell', async () => {
  const file = notebook('own', ["const n: number = 'x'\nconsole.log('printed')", '1', 'n.nowhere'])
  const out = join(folder, 'own.out.ipynb')
  await runNotebook({ notebook: file, out, typecheck: 'warn' })
  const [first = '', second = '', third = ''] = stderrOf(out)
  assert.match(first, EXPECTED[0] as RegExp)
  assert.equal(second, '')
  assert.match(third, /^Property 'nowhere'/)
})

const python = '/usr/bin/python3'
const nbconvert = spawnSync(python, ['-c', 'import nbconvert, nbclient'], { stdio: 'ignore' }).status === 0
const needed = { skip: nbconvert ? false : 'no nbconvert here' }

/** Executes a notebook with Jupyter's own program and the installed kernelspec. */
function convert(name: string, sources: readonly string[], env: Record<string, string>): string[] {
  const data = join(folder, 'data')
  process.env.JUPYTER_DATA_DIR = data
  installKernel({ kind: 'user' })
  delete process.env.JUPYTER_DATA_DIR
  const file = notebook(name, sources)
  const { ASTERISM_TYPECHECK: _, ...inherited } = process.env
  const args = ['-m', 'nbconvert', '--execute', '--allow-errors', '--to', 'notebook', '--output', `${name}.out`, file]
  const { status, stderr } = spawnSync(python, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...inherited, JUPYTER_DATA_DIR: data, ASTERISM_HISTORY: 'off', ...env },
  })
  assert.equal(status, 0, stderr)
  return stderrOf(join(folder, `${name}.out.ipynb`))
}

test('nbconvert --execute keeps the type errors of every cell', needed, () => {
  assert.ok(existsSync(python))
  for (const [at, stderr] of convert('converted', WRONG, {}).entries()) assert.match(stderr, EXPECTED[at] as RegExp)
})

test('ASTERISM_TYPECHECK counts although a kernelspec is installed', needed, () => {
  assert.deepEqual(convert('unchecked', WRONG.slice(0, 1), { ASTERISM_TYPECHECK: 'off' }), [''])
})
