import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CellResult } from '../notebook-session.ts'
import { eventually, notebookSession } from '../notebook-session.ts'

const session = notebookSession()

/** Runs a cell and answers its questions in turn. */
async function answered(code: string, answers: readonly string[]): Promise<CellResult & { asked: string[] }> {
  const asked: string[] = []
  session.kernel.client.onQuestion((question) => {
    asked.push(question)
    return answers[asked.length - 1] ?? 'unexpected'
  })
  return { ...(await session.run(code, { allow_stdin: true })), asked }
}

const ON_STDIN = 'createInterface({ input: process.stdin, output: process.stdout })'

test('readline asks with its question: promises', async () => {
  const cell = await answered(
    `import { createInterface } from 'node:readline/promises'
    const rl = ${ON_STDIN}
    await rl.question('name? ')`,
    ['Ada'],
  )
  assert.deepEqual([cell.result, cell.asked, cell.stdout], ["'Ada'", ['name? '], ''], cell.traceback)
})

test('readline asks with its question: callbacks, one after another, also in a later cell', async () => {
  const cell = await answered(
    `import * as readline from 'node:readline'
    const old = readline.${ON_STDIN}
    const one = await new Promise((done) => old.question('one? ', done))
    const two = await new Promise((done) => old.question('two? ', done))
    one + two`,
    ['1', '2'],
  )
  assert.deepEqual([cell.result, cell.asked], ["'12'", ['one? ', 'two? ']], cell.traceback)
  const later = await answered("await new Promise((done) => old.question('three? ', done))", ['3'])
  assert.deepEqual([later.result, later.asked], ["'3'", ['three? ']])
})

test('an interface that listens for lines asks until it is closed, and the cell goes on so long', async () => {
  const cell = await answered(
    `import * as readline from 'node:readline'
    const lines: string[] = []
    const reader = readline.${ON_STDIN}
    reader.setPrompt('> ')
    reader.prompt()
    reader.on('line', (line) => {
      console.log('got', line)
      lines.push(line)
      if (lines.length === 2) reader.close()
      else reader.prompt()
    })`,
    ['a', 'b'],
  )
  assert.deepEqual([cell.asked, cell.stdout], [['> ', '> '], 'got a\ngot b\n'], cell.traceback)
})

test('for await reads lines, with what was printed as the question', async () => {
  const cell = await answered(
    `import * as readline from 'node:readline'
    const seen: string[] = []
    process.stdout.write('number? ')
    for await (const line of readline.createInterface({ input: process.stdin })) {
      seen.push(line)
      if (line === 'end') break
      process.stdout.write('more? ')
    }
    seen.join()`,
    ['7', 'end'],
  )
  assert.deepEqual([cell.result, cell.asked.length, cell.asked[0]], ["'7,end'", 2, 'number? '], cell.traceback)
})

test('process.stdin is a stream of lines: data, once, for await', async () => {
  const once = await answered("const text = await new Promise((done) => process.stdin.once('data', done))\ntext", [
    'one',
  ])
  assert.deepEqual([once.result, once.asked.length], ["'one\\n'", 1], once.traceback)
  const data = await answered(
    "let all = ''\nprocess.stdin.on('data', function hear(text) { all += text; if (all.length > 3) process.stdin.off('data', hear).pause() })",
    ['ab', 'cd'],
  )
  assert.deepEqual(
    [data.status, data.asked.length, await session.value('all')],
    ['ok', 2, "'ab\\ncd\\n'"],
    data.traceback,
  )
  const each = await answered('let first = null\nfor await (first of process.stdin) break\nfirst', ['x'])
  assert.deepEqual([each.result, each.asked.length], ["'x\\n'", 1], each.traceback)
})

test('confirm takes yes for true, alert waits for the person, prompt gives the text; all are awaited', async () => {
  const cell = await answered(
    "[await confirm('Sure?'), await confirm('Sure?'), await alert('Look'), await prompt('Who?')]",
    ['Yes', 'n', '', 'me'],
  )
  assert.equal(cell.result, "[ true, false, undefined, 'me' ]")
  assert.deepEqual(cell.asked, ['Sure? [y/N] ', 'Sure? [y/N] ', 'Look [Enter] ', 'Who?'])
})

const REFUSED = [
  "import { createInterface } from 'node:readline/promises'\nawait createInterface({ input: process.stdin, output: process.stdout }).question('x')",
  "import * as readline from 'node:readline'\nreadline.createInterface({ input: process.stdin }).question('x', () => {})",
  "import * as readline from 'node:readline'\nreadline.createInterface({ input: process.stdin }).on('line', () => {})",
  "import * as readline from 'node:readline'\nfor await (const line of readline.createInterface({ input: process.stdin })) line",
  "process.stdin.on('data', () => {})",
  'for await (const chunk of process.stdin) chunk',
  "await confirm('x')",
  "await alert('x')",
  "await prompt('x')",
]

for (const code of REFUSED) {
  test(`a client that takes no input is named at once by ${code.replaceAll('\n', '; ')}`, async () => {
    const cell = await session.run(code)
    assert.match(
      `${cell.ename}: ${cell.evalue}`,
      /^Error: Expected a client that answers questions: this one does not allow stdin/,
    )
  })
}

const UNWAITED = [
  "require('node:fs').readFileSync(0, 'utf8')",
  "require('node:fs').readFileSync('/dev/stdin')",
  "require('node:fs').readSync(0, Buffer.alloc(10))",
  "import { readFileSync } from 'node:fs'\nreadFileSync(0)",
  "await require('node:fs/promises').readFile('/dev/stdin', 'utf8')",
  "require('node:fs').openSync('/dev/stdin')",
]

for (const code of UNWAITED) {
  test(`what reads stdin without waiting fails and names prompt: ${code.replaceAll('\n', '; ')}`, async () => {
    const cell = await answered(code, [])
    assert.match(cell.evalue, /^Expected a question in place of fs\.\w+ on stdin: .*`await prompt\(\)`/)
  })
}

test('an interrupt ends a cell that waits for an answer, and later cells ask again', async () => {
  let isAsked = false
  session.kernel.client.onQuestion(() => {
    isAsked = true
    return null
  })
  const code = "var kept = 1\nrequire('node:readline').createInterface({ input: process.stdin }).on('line', () => {})"
  const cell = session.run(code, { allow_stdin: true })
  await eventually(() => isAsked, 'the question')
  await session.kernel.client.request('interrupt_request', {})
  assert.equal((await cell).ename, 'Interrupted')
  const later = await answered("await new Promise((done) => process.stdin.once('data', done)) + kept", ['next'])
  assert.equal(later.result, "'next\\n1'")
})

test('a question after the end of its cell says so in place of waiting for ever', async () => {
  await answered(
    "var late = new Promise((done) => setTimeout(() => prompt('x').catch((error) => done(error.message)), 50))\n0",
    [],
  )
  assert.match((await session.value('await late')) ?? '', /this one has ended/)
})
