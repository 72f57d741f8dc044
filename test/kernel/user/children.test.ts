import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import { eventually, notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const skip = process.platform === 'linux' ? false : 'processes are found through /proc'

/** Processes whose command line holds the text. */
function running(text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && commandOf(pid).includes(text))
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return '' // it has ended
  }
}

/** A length of sleep that nobody else on the machine has. */
let next = process.pid * 100
const length = (): string => `${next++}.5`

const PRELUDE = "import cp from 'node:child_process'\nvar kept = [1]"

/** How a cell starts a long command and waits for it. */
const WAYS: [what: string, code: string][] = [
  ['exec', "await new Promise((done) => cp.exec('sleep LENGTH', done))"],
  ['spawn', "await new Promise((done) => cp.spawn('sleep', ['LENGTH']).on('exit', done))"],
  [
    'spawn with an environment of its own',
    "await new Promise((done) => cp.spawn('sleep', ['LENGTH'], { env: { PATH: process.env.PATH } }).on('exit', done))",
  ],
  [
    'a detached spawn',
    "await new Promise((done) => cp.spawn('sleep', ['LENGTH'], { detached: true, stdio: 'ignore' }).on('exit', done))",
  ],
  ['a pipeline of a shell', "await new Promise((done) => cp.exec('sleep LENGTH | cat; echo never', done))"],
  [
    'commands in the background of a shell',
    "await new Promise((done) => cp.exec('sleep LENGTH & sleep LENGTH & wait', done))",
  ],
  [
    'a command that takes no interrupt',
    'await new Promise((done) => cp.exec(\'trap "" INT TERM; sleep LENGTH; sleep LENGTH\', done))',
  ],
  [
    'fork',
    "require('node:fs').writeFileSync('child.cjs', 'setInterval(() => {}, 1000)')\nawait new Promise((done) => cp.fork('child.cjs', ['sleep LENGTH']).on('exit', done))",
  ],
  ['execSync', "cp.execSync('sleep LENGTH')"],
  ['spawnSync', "cp.spawnSync('sleep', ['LENGTH'])"],
  [
    'execFileSync with an environment of its own',
    "cp.execFileSync('sleep', ['LENGTH'], { env: { PATH: process.env.PATH } })",
  ],
  ['a pipeline in execSync after an await', "await null\ncp.execSync('sleep LENGTH | cat')"],
  [
    'a worker thread',
    "const { Worker } = require('node:worker_threads')\nawait new Promise((done) => setTimeout(done, 1e8, cp.spawn('sleep', ['LENGTH'])))",
  ],
]

for (const [what, code] of WAYS) {
  test(`an interrupt ends what a cell started by ${what}, and the variables are kept`, { skip }, async () => {
    const sleep = length()
    await session.run(PRELUDE)
    const cell = session.run(code.replaceAll('LENGTH', sleep))
    await eventually(() => running(`sleep ${sleep}`).length > 0, 'the command')
    await session.kernel.client.request('interrupt_request', {})
    assert.equal((await cell).status, 'error')
    await eventually(() => running(`sleep ${sleep}`).length === 0, 'the end of the command')
    assert.equal((await session.run('kept')).result, '[ 1 ]')
  })
}

test('an interrupt leaves what an earlier cell started in the background', { skip }, async () => {
  const [earlier, later] = [length(), length()]
  await session.run(`${PRELUDE}\nconst server = cp.spawn('sleep', ['${earlier}'])`)
  for (const code of [
    `cp.execSync('sleep ${later}')`,
    `await new Promise((done) => cp.exec('sleep ${later}', done))`,
  ]) {
    const cell = session.run(code)
    await eventually(() => running(`sleep ${later}`).length > 0, 'the command')
    await session.kernel.client.request('interrupt_request', {})
    await cell
    await eventually(() => running(`sleep ${later}`).length === 0, 'the end of the command')
  }
  assert.equal(running(`sleep ${earlier}`).length, 1)
  await session.run('server.kill()')
})

/** All that a kernel may leave behind. */
const STARTED = `${PRELUDE}
cp.spawn('sleep', ['LENGTH'])
cp.spawn('sleep', ['LENGTH'], { detached: true, stdio: 'ignore' }).unref()
cp.exec('(setsid sleep LENGTH &) ; sleep LENGTH | cat')
cp.exec('nohup sleep LENGTH > /dev/null 2>&1 &')
new (require('node:worker_threads').Worker)("require('node:child_process').spawn('sleep', ['LENGTH'])", { eval: true })
console.log(process.pid)`

/** The processes of a kernel: itself, and what it starts. */
const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .match(/\d+/g)
    ?.map(Number) ?? []

const ENDS: [how: string, end: (kernel: number, user: number) => void][] = [
  ['kill -9 of the kernel', (kernel) => process.kill(kernel, 'SIGKILL')],
  ['kill -9 of the kernel while its cell computes', (kernel) => process.kill(kernel, 'SIGKILL')],
  ['a kill of the kernel', (kernel) => process.kill(kernel, 'SIGTERM')],
]

for (const [how, end] of ENDS) {
  test(`nothing outlives ${how}`, { skip }, async () => {
    const sleep = length()
    const kernel = await startKernelProcess({ typecheck: 'warn' })
    let printed = ''
    const onOutput = (one: { content: Record<string, unknown> }): void => {
      printed += one.content.text ?? ''
    }
    await kernel.client.execute(STARTED.replaceAll('LENGTH', sleep), { onOutput })
    await eventually(() => running(`sleep ${sleep}`).length >= 7, 'the commands')
    const processes = [kernel.pid, ...childrenOf(kernel.pid)]
    assert.ok(processes.length >= 3, 'protocol, user code, types')
    if (/computes/.test(how)) {
      void kernel.client.execute('console.log("spin")\nfor (;;);', { onOutput }).catch(() => undefined)
      await eventually(() => printed.includes('spin'), 'the loop')
    }
    end(kernel.pid, Number(printed.match(/\d+/)?.[0]))
    await eventually(() => running(`sleep ${sleep}`).length === 0, 'the end of the commands')
    await eventually(
      () => !processes.some((pid) => existsSync(`/proc/${pid}/cmdline`) && commandOf(pid) !== ''),
      'the end of the processes',
    )
    await kernel.dispose()
  })
}

test('what cells started ends with the process that ran them, and with a restart', { skip }, async () => {
  const sleep = length()
  await session.run(STARTED.replaceAll('LENGTH', sleep))
  await eventually(() => running(`sleep ${sleep}`).length >= 7, 'the commands')
  assert.equal(
    (await session.run('process.kill(process.pid, "SIGKILL")\nawait new Promise(() => {})')).ename,
    'KernelRestarted',
  )
  await eventually(() => running(`sleep ${sleep}`).length === 0, 'the end of the commands')
})
