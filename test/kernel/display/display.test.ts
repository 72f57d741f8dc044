import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

const API = pathToFileURL(join(import.meta.dirname, '../../../kernel/index.js')).href
const script = (code: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', `import * as api from '${API}'\n${code}`], {
    encoding: 'utf8',
  })

test('outside a kernel, displaying prints text and nothing is imported that starts anything', () => {
  const { stdout, status } = script(`
    const handle = api.display({ a: 1 })
    handle.update('next')
    api.display({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>', 'text/plain': 'bold' }) })
    const bar = api.progress(10, 'work')
    for (let i = 0; i < 10; i++) bar.update(i)
    bar.done()
    api.clearOutput()
    console.log(api.cellSignal().aborted)`)
  assert.equal(status, 0)
  assert.match(stdout, /^\{ a: 1 \}\n'next'\nbold\nwork .* 0\/10 .*\nwork .* 10\/10 .*\nfalse\n$/)
})

test('outside a kernel nobody can answer a prompt', () => {
  assert.match(script('await api.prompt()').stderr, /prompt\(\) works only inside a kernel/)
})
