import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { typecheckOf } from '../../../kernel/cell/typecheck.ts'
import { type StartedKernel, startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import type { Published } from '../../../kernel/protocol/client.ts'
import { eventually } from '../notebook-session.ts'

/** A kernel of its own for one test. */
async function withKernel(typecheck: string, work: (kernel: StartedKernel) => Promise<void>): Promise<void> {
  const kernel = await startKernelProcess({ cwd: tmpdir(), env: { ASTERISM_TYPECHECK: typecheck } })
  try {
    await work(kernel)
  } finally {
    await kernel.dispose()
  }
}

/** Process id of a kernel's type checker; null where none runs. */
function checkerOf(kernel: StartedKernel): number | null {
  const children = readFileSync(`/proc/${kernel.pid}/task/${kernel.pid}/children`, 'utf8').trim().split(' ')
  const isChecker = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('language/server.js')
    } catch {
      return false // it has ended since it was listed
    }
  }
  return Number(children.find((pid) => pid !== '' && isChecker(pid)) ?? 0) || null
}

/** All stream texts that come, by the request they belong to. */
function streams(kernel: StartedKernel): Map<string, string> {
  const texts = new Map<string, string>()
  kernel.client.onPublished(({ type, parent, content }: Published) => {
    if (type === 'stream') texts.set(parent, (texts.get(parent) ?? '') + String(content.text))
  })
  return texts
}

test('by default cells run at once; their type errors come beside them, each with its own cell', async () => {
  await withKernel('', async (kernel) => {
    assert.equal(checkerOf(kernel), null, 'no checker before the first cell')
    const texts = streams(kernel)
    const first = kernel.client.request('execute_request', { code: "const a: number = 'x'" })
    const second = kernel.client.request('execute_request', { code: 'a.toFixed; a.toUpperCase()' })
    assert.deepEqual([(await first).status, (await second).status], ['ok', 'ok'])
    await eventually(() => texts.has(first.id) && texts.has(second.id), 'type errors of both cells')
    assert.match(
      texts.get(first.id) ?? '',
      /^Type 'string' is not assignable to type 'number'\. \(TS2322, cell 1:1:7\)\n/,
    )
    assert.match(
      texts.get(second.id) ?? '',
      /^Property 'toUpperCase' does not exist on type 'number'\. .*cell 2:1:14\)\n/,
    )
  })
})

test('off never starts a checker, and completion is live', async () => {
  await withKernel('off', async (kernel) => {
    await kernel.client.execute('const live: string = { some: 1 }')
    const { matches } = await kernel.client.request('complete_request', { code: 'live.', cursor_pos: 5 })
    assert.ok(matches.includes('some'))
    assert.equal(checkerOf(kernel), null)
  })
})

test('a setting that does not exist is refused by name', () => {
  assert.equal(typecheckOf(undefined), 'warn')
  assert.throws(() => typecheckOf('loud'), /Expected `typecheck` to be 'off', 'warn' or 'error', got "loud"/)
})

test('an interrupt ends the wait for a checker that is still starting', async () => {
  await withKernel('error', async (kernel) => {
    let begun = false
    kernel.client.onPublished(({ type }) => {
      begun ||= type === 'execute_input'
    })
    const cell = kernel.client.execute('globalThis.ran = true')
    await eventually(() => begun, 'the cell')
    await kernel.client.request('interrupt_request', {})
    const reply = await cell
    assert.equal(reply.status === 'error' && reply.ename, 'Interrupted')
    const { status } = await kernel.client.execute("if ('ran' in globalThis) throw new Error('it ran')")
    assert.equal(status, 'ok')
  })
})

test('live completions come while the checker starts', async () => {
  await withKernel('warn', async (kernel) => {
    const ask = { code: 'JSON.pars', cursor_pos: 9 }
    assert.deepEqual((await kernel.client.request('complete_request', ask)).matches, ['parse'])
  })
})

test('a checker that dies is replaced, and knows the cells so far', async () => {
  await withKernel('error', async (kernel) => {
    await kernel.client.execute('const kept = 1')
    process.kill(checkerOf(kernel) as number, 'SIGKILL')
    await eventually(() => checkerOf(kernel) === null, 'the end of the checker')
    const reply = await kernel.client.execute('kept.toUpperCase()')
    assert.match(reply.status === 'error' ? reply.evalue : '', /'toUpperCase' does not exist on type '1'/)
  })
})

test('a cell whose checkers die under it runs, and is told so', async () => {
  await withKernel('error', async (kernel) => {
    const texts = streams(kernel)
    const cell = kernel.client.request('execute_request', { code: "const unchecked: number = 'x'" })
    let status = ''
    void cell.then((reply) => {
      status = reply.status
    })
    await eventually(() => {
      const checker = checkerOf(kernel)
      if (checker !== null) process.kill(checker, 'SIGKILL')
      return status !== ''
    }, 'the reply')
    assert.equal(status, 'ok')
    await eventually(() => texts.has(cell.id), 'the note')
    assert.match(texts.get(cell.id) ?? '', /The type checker ended .* unchecked/)
  })
})

test('type errors beside the cells are not lost with a checker that dies', async () => {
  await withKernel('warn', async (kernel) => {
    const texts = streams(kernel)
    const cells = ["const one: number = 'x'", 'const two: string = 1', 'one.nowhere'].map((code) =>
      kernel.client.request('execute_request', { code }),
    )
    await eventually(() => checkerOf(kernel) !== null, 'a checker')
    process.kill(checkerOf(kernel) as number, 'SIGKILL')
    await Promise.all(cells)
    await eventually(() => cells.every(({ id }) => texts.has(id)), 'type errors of all cells')
    const told = cells.map(({ id }) => texts.get(id))
    assert.match(
      told.join(''),
      /^Type 'string'.*\n[\s\S]*^Type 'number'.*\n[\s\S]*^Property 'nowhere' does not exist on type 'number'/m,
    )
  })
})

test('a cell whose checkers die beside it is told so, once they are given up', async () => {
  await withKernel('warn', async (kernel) => {
    const texts = streams(kernel)
    await kernel.client.request('comm_info_request', {}) // a page is replied to at once
    const content = { code: "const unchecked: number = 'x'", allow_stdin: true }
    const cell = kernel.client.request('execute_request', content)
    assert.equal((await cell).status, 'ok')
    await eventually(() => {
      const checker = checkerOf(kernel)
      if (checker !== null) process.kill(checker, 'SIGKILL')
      return texts.has(cell.id)
    }, 'the note')
    assert.match(texts.get(cell.id) ?? '', /^The type checker ended .* unchecked/)
  })
})

test('when the variables are gone, so are their types', async () => {
  await withKernel('error', async (kernel) => {
    await kernel.client.execute('const before = 1')
    await kernel.client.execute('process.exit(1)')
    const reply = await kernel.client.execute('before')
    assert.match(reply.status === 'error' ? reply.evalue : '', /Cannot find name 'before'/)
  })
})
