import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import { eventually, notebookSession } from '../notebook-session.ts'
import { type Body, debugClient } from './debug-session.ts'

const session = notebookSession()
const debug = debugClient(session)
const places = (frames: { name: string; line: number }[]): string[] => frames.map((one) => `${one.name}:${one.line}`)

test('a breakpoint stops a cell on its TypeScript line, with its variables, and continue ends it', async () => {
  await debug.start()
  const code = `interface Pair { a: number }
const pair: Pair = { a: 1 }
function twice(x: number): number {
  const doubled = x * 2
  return doubled
}
twice(pair.a) + 1`
  const [set] = await debug.breakAt(code, 5)
  assert.deepEqual([set.verified, set.line], [true, 5])
  const running = session.run(code)
  const { event, frames, top } = await debug.stopped()
  assert.deepEqual([event.reason, event.threadId, event.allThreadsStopped], ['breakpoint', 1, true])
  assert.deepEqual(event.hitBreakpointIds, [set.id])
  assert.deepEqual(places(frames), ['twice:5', 'cell 1:7'])
  assert.equal(top.source.path, (await debug.ask('dumpCell', { code })).sourcePath)
  assert.deepEqual(await debug.scope(top.id, 'Locals'), { x: '1', doubled: '2' })
  assert.equal((await debug.scope(top.id, 'Globals')).pair, '{ a: 1 }')
  await debug.ask('continue', { threadId: 1 })
  await debug.next('continued')
  assert.equal((await running).result, '3')
})

test('steps go over, into and out of calls, line by line', async () => {
  const code = `const inner = (x: number) => {
  const y = x + 1
  return y
}
const one = inner(1)
const two = inner(2)
one + two`
  await debug.breakAt(code, 5)
  const running = session.run(code)
  const visit = async (command: string): Promise<string> => {
    await debug.ask(command, { threadId: 1 })
    await debug.next('continued')
    return places((await debug.stopped()).frames)[0] as string
  }
  const { name } = (await debug.stopped()).top
  assert.equal(await visit('stepIn'), 'inner:2')
  assert.equal(await visit('next'), 'inner:3')
  assert.equal(await visit('stepOut'), `${name}:6`)
  assert.equal(await visit('next'), `${name}:7`)
  await debug.ask('continue', { threadId: 1 })
  assert.equal((await running).result, '5')
})

test('a step over an await goes on after it, and a step out of a cell ends it', async () => {
  const code = `const late = await new Promise<number>((done) => setTimeout(done, 5, 7))
const more = late + 1
more`
  await debug.breakAt(code, 1)
  const running = session.run(code)
  await debug.stopped()
  const lines: number[] = []
  while (lines.at(-1) !== 2) {
    await debug.ask('next', { threadId: 1 })
    lines.push((await debug.stopped()).top.line)
  }
  await debug.ask('stepOut', { threadId: 1 })
  assert.equal((await running).result, '8')
})

test('a breakpoint holds in a function of an earlier cell, also one that ran before debugging began', async () => {
  await debug.ask('disconnect', { restart: false, terminateDebuggee: false })
  const code = 'function area(w: number, h: number): number {\n  return w * h\n}'
  await session.run(code)
  await debug.start()
  await debug.breakAt(code, 2)
  const running = session.run('const a = area(3, 4)\na')
  const { frames } = await debug.stopped()
  assert.deepEqual(
    places(frames).map((one) => one.replace(/cell \d+/, 'cell')),
    ['area:2', 'cell:1'],
  )
  await debug.ask('setBreakpoints', { source: { path: frames[0].source.path }, breakpoints: [] })
  await debug.ask('continue', { threadId: 1 })
  assert.equal((await running).result, '12')
  assert.equal((await session.run('area(1, 2)')).result, '2')
})

test('a breakpoint holds in a local file that a cell imports, also after it changed', async () => {
  const path = join(session.folder, 'shapes.ts')
  const stops = async (text: string, line: number): Promise<unknown> => {
    writeFileSync(path, text)
    const [set] = (await debug.ask('setBreakpoints', { source: { path }, breakpoints: [{ line }] })).breakpoints
    assert.deepEqual([set.verified, set.line], [true, line])
    const running = session.run("import { side } from './shapes.ts'\nside(9)")
    const { top } = await debug.stopped()
    assert.equal(top.source.path, path)
    await debug.ask('continue', { threadId: 1 })
    return [top.line, (await running).result]
  }
  const text = 'type Area = number\n\nexport const side = (area: Area): number => {\n  return Math.sqrt(area)\n}\n'
  assert.deepEqual(await stops(text, 4), [4, '3'])
  assert.deepEqual(await stops(`// one line more\n${text}`, 5), [5, '3'])
  await debug.ask('setBreakpoints', { source: { path }, breakpoints: [] })
})

test('conditions, hit counts and log points decide without a stop', async () => {
  const code = `let total = 0
for (let i = 0; i < 10; i++) {
  total += i
}
total`
  const stopsAt = async (
    breakpoint: object,
  ): Promise<{ i: string | undefined; cell: Awaited<ReturnType<typeof session.run>> }> => {
    await debug.breakAt(code, { line: 3, ...breakpoint })
    const running = session.run(code)
    const stop = await debug.stoppedBefore(running)
    const i =
      stop === null ? undefined : (await debug.ask('evaluate', { expression: 'i', frameId: stop.top.id })).result
    await debug.breakAt(code)
    if (stop !== null) await debug.ask('continue', { threadId: 1 })
    return { i, cell: await running }
  }
  assert.equal((await stopsAt({ condition: '(total as number) > 10' })).i, '6')
  assert.equal((await stopsAt({ hitCondition: '3' })).i, '2')
  assert.equal((await stopsAt({ hitCondition: '% 4', condition: 'i > 1' })).i, '5')
  const logged = await stopsAt({ logMessage: 'i is {i}, {"total " + total}', condition: 'i > 7' })
  assert.deepEqual([logged.i, logged.cell.stdout], [undefined, 'i is 8, total 28\ni is 9, total 36\n'])
  const [bad] = await debug.breakAt(code, { line: 3, condition: 'i >' })
  assert.equal(bad.verified, false)
  await debug.breakAt(code)
})

test('a breakpoint on a line without code slides to the next that has some, or is not verified', async () => {
  const code = '// note\ninterface A { a: 1 }\n\nconst sliding = 1\nsliding\n// end'
  const set = await debug.breakAt(code, 1, 6)
  assert.deepEqual(
    set.map((one) => [one.verified, one.line]),
    [
      [true, 4],
      [false, 6],
    ],
  )
  const running = session.run(code)
  assert.equal((await debug.stopped()).top.line, 4)
  await debug.ask('continue', { threadId: 1 })
  await running
  await debug.breakAt(code)
})

test('values open page by page, change, and are shown by their own display', async () => {
  const code = `const big = Array.from({ length: 2500 }, (_, i) => i * 2)
const table = new Map([['k', { deep: [1, 'two'] }]])
const shown = { [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>hi</b>' }), get calm() { return 42 } }
{
  let near = 'first'
  near += table.size
  console.log(near)
}`
  await debug.breakAt(code, 7)
  const running = session.run(code)
  const { top } = await debug.stopped()
  const { scopes } = await debug.ask('scopes', { frameId: top.id })
  const notebook = scopes.at(-1).variablesReference
  const open = async (reference: number, page = {}) =>
    (await debug.ask('variables', { variablesReference: reference, ...page })).variables as Body[]
  const named = async (reference: number, name: string) =>
    (await open(reference)).find((one) => one.name === name) as Body
  const big = await named(notebook, 'big')
  assert.deepEqual([big.indexedVariables, big.type], [2500, 'Array'])
  assert.deepEqual(
    (await open(big.variablesReference, { filter: 'indexed', start: 2498, count: 10 })).map((one) => [
      one.name,
      one.value,
      one.evaluateName,
    ]),
    [
      ['2498', '4996', 'big[2498]'],
      ['2499', '4998', 'big[2499]'],
    ],
  )
  const slices = await open(big.variablesReference)
  assert.deepEqual(
    slices.map((one) => one.name),
    ['[0 … 999]', '[1000 … 1999]', '[2000 … 2499]'],
  )
  assert.equal((await open(slices[2].variablesReference))[0]?.value, '4000')
  const table = await named(notebook, 'table')
  assert.equal(table.value, "Map(1) { 'k' => { deep: Array(2) } }")
  const calm = await named((await named(notebook, 'shown')).variablesReference, 'calm')
  assert.deepEqual([calm.value, calm.presentationHint], ['(…)', { lazy: true }])
  assert.equal((await open(calm.variablesReference))[0]?.value, '42')

  const block = scopes.find((one: { name: string }) => one.name === 'Block')
  const set = { variablesReference: block.variablesReference, name: 'near', value: "'changed' as string" }
  assert.equal((await debug.ask('setVariable', set)).value, "'changed'")
  await debug.ask('setVariable', { variablesReference: big.variablesReference, name: '0', value: 'near.length' })
  await debug.ask('setVariable', { variablesReference: notebook, name: 'table', value: '{ size: -1 }' })
  assert.equal(
    (await debug.ask('evaluate', { expression: '[near, big[0], table.size]', frameId: top.id })).result,
    "['changed', 7, -1]",
  )
  const texts = [
    'new Map()',
    'new Float32Array(2)',
    '(x: number) => x',
    'Promise.resolve(4)',
    '{ f() {}, get g() { return 1 } }',
  ]
  const described = await Promise.all(texts.map((expression) => debug.ask('evaluate', { expression, frameId: top.id })))
  assert.deepEqual(
    described.map((one) => one.result),
    [
      'Map(0) {}',
      'Float32Array(2) [0, 0]',
      '[Function]',
      "Promise { [[PromiseState]]: 'fulfilled', [[PromiseResult]]: 4 }",
      '{ f: [Function], g: [Getter] }',
    ],
  )
  const impure = { expression: 'big.push(1)', frameId: top.id, context: 'hover' }
  assert.match((await debug.send('evaluate', impure)).message as string, /side-effect/)
  assert.deepEqual(await debug.ask('richInspectVariables', { variableName: 'shown', frameId: top.id }), {
    data: { 'text/html': '<b>hi</b>' },
    metadata: {},
  })
  await debug.ask('copyToGlobals', { srcVariableName: 'near', dstVariableName: 'copied', srcFrameId: top.id })
  await debug.breakAt(code)
  await debug.ask('continue', { threadId: 1 })
  assert.equal((await running).stdout, 'changed\n')
  assert.equal((await session.run('copied')).result, "'changed'")
  const stale = await debug.send('variables', { variablesReference: notebook })
  assert.match(stale.message as string, /the program has moved on/)
})

test('exceptions stop the program where they are thrown: those that user code catches, or those that nobody does', async () => {
  const caught = "try {\n  throw new Error('mild')\n} catch {}\n1"
  const uncaught = "await null\nfunction fail() {\n  throw new RangeError('hard')\n}\nfail()"
  const lines = async (filters: string[]): Promise<number[]> => {
    await debug.ask('setExceptionBreakpoints', { filters })
    const seen: number[] = []
    for (const code of [caught, uncaught]) {
      const running = session.run(code)
      const stop = await debug.stoppedBefore(running)
      if (stop === null) continue
      seen.push(stop.top.line)
      assert.equal(stop.event.reason, 'exception')
      await debug.ask('continue', { threadId: 1 })
      await running
    }
    return seen
  }
  assert.deepEqual(await lines([]), [])
  assert.deepEqual(await lines(['caught']), [2])
  assert.deepEqual(await lines(['uncaught']), [3])
  assert.deepEqual(await lines(['caught', 'uncaught']), [2, 3])
  await debug.ask('setExceptionBreakpoints', { filters: [] })
})

test('who catches is found across awaits', async () => {
  const thrower = 'async function late() { await null; throw new Error() }\n'
  const modes: Record<string, string> = {}
  await debug.ask('setExceptionBreakpoints', { filters: ['caught', 'uncaught'] })
  for (const code of [
    'try { await late() } catch {}',
    'await late().catch(() => 0)',
    'await late()',
    '[1].forEach(() => { throw 1 })',
  ]) {
    const running = session.run(thrower + code)
    await debug.stopped()
    modes[code] = (await debug.ask('exceptionInfo')).breakMode
    await debug.ask('continue', { threadId: 1 })
    await running
  }
  assert.deepEqual(Object.values(modes), ['always', 'always', 'unhandled', 'unhandled'])
  await debug.ask('setExceptionBreakpoints', { filters: [] })
})

test('pause stops a loop where it is; a debugger statement stops too', async () => {
  const { finished } = await session.begin("let turning = true\nconsole.log('begun')\nwhile (turning) {}\n'out'")
  await debug.ask('pause', { threadId: 1 })
  const { event, top } = await debug.stopped()
  assert.deepEqual([event.reason, top.line], ['pause', 3])
  await debug.ask('evaluate', { expression: 'turning = false', frameId: top.id, context: 'repl' })
  await debug.ask('continue', { threadId: 1 })
  assert.equal((await finished).result, "'out'")
  const running = session.run('debugger\n1')
  assert.equal((await debug.stopped()).top.line, 1)
  await debug.ask('continue', { threadId: 1 })
  await running
})

test('a loop that began between two debugging sessions shows its variables as they are', async () => {
  const kernel = await startKernelProcess({ cwd: session.folder, typecheck: 'off' })
  try {
    const own = debugClient({ kernel })
    const code = "let turning = true, turns = 0\nawait null\nconsole.log('begun')\nwhile (turning) turns += 1\nturns"
    let begun = false
    kernel.client.onPublished(({ type }) => {
      begun ||= type === 'stream'
    })
    await own.start()
    await own.ask('disconnect')
    const running = kernel.client.execute(code)
    await eventually(() => begun, 'the loop')
    await new Promise((resolve) => setTimeout(resolve, 200)) // until it is optimised
    await own.start()
    await own.ask('pause', { threadId: 1 })
    const { top } = await own.stopped()
    const { result } = await own.ask('evaluate', { expression: 'turns', frameId: top.id, context: 'repl' })
    const shown = await own.scope(top.id, 'Block')
    assert.ok(Number(result) > 1000)
    assert.deepEqual(shown, { turning: 'true', turns: result })
    await own.ask('disconnect')
    await kernel.client.request('interrupt_request', {})
    const reply = await running
    assert.equal(reply.status === 'error' && reply.ename, 'Interrupted')
  } finally {
    await kernel.dispose()
  }
})

test('without a stop the variables of the notebook are told, expressions run among them, sources are listed', async () => {
  await session.run("import { sep } from 'node:path'\nconst kept = { n: 1 }\nconst URL = 'mine'")
  const { variables } = await debug.ask('inspectVariables')
  const value = (name: string) => variables.find((one: { name: string }) => one.name === name)?.value
  assert.deepEqual([value('kept'), value('sep'), value('URL')], ['{ n: 1 }', "'/'", "'mine'"])
  assert.equal(
    (await debug.ask('evaluate', { expression: 'await Promise.resolve(kept.n + 1)', context: 'repl' })).result,
    '2',
  )
  assert.equal((await debug.ask('evaluate', { expression: 'URL' })).result, "'mine'")
  assert.match((await debug.send('evaluate', { expression: 'nowhere' })).message as string, /nowhere is not defined/)
  assert.deepEqual((await debug.ask('richInspectVariables', { variableName: 'kept' })).data, {
    'text/plain': '{ n: 1 }',
  })
  const { sources } = await debug.ask('loadedSources')
  const cell = sources.find((one: { name: string }) => one.name === 'cell 1')
  assert.match((await debug.ask('source', { source: cell })).content, /^interface Pair/)
  const { modules } = await debug.ask('modules')
  assert.deepEqual(
    modules.map((one: { name: string }) => one.name),
    ['shapes.ts', 'shapes.ts'],
    'each version that was loaded, and nothing of the kernel itself',
  )
})
