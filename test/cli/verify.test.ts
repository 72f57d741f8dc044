// `asterism verify` as a person or a script starts it, and its loop with a verifier that takes its time.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { judgeLines } from '../../lib/cli/verify.ts'
import type { InputLine } from '../../lib/file/lines.ts'
import type { Step } from '../../lib/problem/problem.ts'
import type { Execution } from '../../lib/verify/execution.ts'
import { chooseIsolation } from '../../lib/verify/level.ts'
import { findPython } from '../../lib/verify/python.ts'
import { packageRoot } from '../fixtures.ts'
import { withRefusals } from '../verify/refusing-python.ts'
import { asterism, runsFolder, startAsterism } from './asterism.ts'

const { level: best } = await chooseIsolation(await findPython(), { allowWeakIsolation: true })
/** The programs here are our own, so that limits alone will do where there is no more. */
const LEVEL = best === 'rlimit' ? ['--level', 'rlimit'] : []

interface Line {
  readonly id: string
  readonly [key: string]: unknown
}
const linesIn = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

function fileOf(t: TestContext, lines: readonly string[]): string {
  const path = join(runsFolder(t), 'programs.jsonl')
  writeFileSync(path, lines.join('\n'))
  return path
}

test('verdicts come in the order of the input, with all that is known; bad lines are told and left out', async (t) => {
  const path = fileOf(t, [
    '{"id": "slow", "code": "import time\\ntime.sleep(0.5)\\nprint(1 + 1)"}',
    '{"id": "error", "steps": ["x = 1\\nprint(5)", {"text": "print(2)\\nx / 0"}, "print(3)"]}',
    'not json',
    '',
    '{"id": "odd", "code": "import gc\\nprint(len(gc.get_objects()))"}',
    '{"id": "torn", "co',
  ])
  const { code, stdout, stderr } = await asterism('verify', path, ...LEVEL)
  assert.equal(code, 2)
  const [slow, error, odd, ...rest] = linesIn(stdout)
  assert.deepEqual([slow!.id, slow!.verdict, slow!.stdout, slow!.failedStep], ['slow', 'ok', '2\n', null])
  for (const key of ['cpuMs', 'wallMs', 'maxRssMb']) assert.ok((slow![key] as number) > 0, key)
  assert.equal(slow!.level, best)
  assert.deepEqual(
    [error!.id, error!.verdict, error!.errorType, error!.message, error!.failedStep, error!.line, error!.stdout],
    ['error', 'error', 'ZeroDivisionError', 'division by zero', 1, 2, '2\n'],
  )
  assert.equal((odd!.flags as { introspection: boolean }).introspection, true)
  assert.equal(odd!.refusal, 'it looks at the interpreter or the process around it')
  assert.deepEqual(rest, [])
  const told = stderr.trim().split('\n')
  assert.equal(told.length, 2, stderr)
  assert.ok(told[0]!.startsWith(`${path}:3: expected {"id": …, "code": "…"}`), told[0])
  assert.ok(told[1]!.startsWith(`${path}:6: expected`), told[1])
})

test('what cannot begin is one line and exit code 1', async (t) => {
  const folder = runsFolder(t)
  const wrong: [string[], RegExp][] = [
    [[join(folder, 'none.jsonl')], /^Expected a file of programs at .*none\.jsonl, found none\. Use - to read them/],
    [[folder], /^Expected a file of programs at .*, got a folder\n$/],
    [['-', '--level', 'fortress'], /argument 'fortress' is invalid\. Allowed choices are auto, jail/],
    [['-', '--concurrency', '0'], /Expected a whole number from 1 up, got "0"/],
  ]
  for (const [args, message] of wrong) {
    const { code, stdout, stderr } = await asterism('verify', ...args)
    assert.deepEqual([code, stdout], [1, ''], args.join(' '))
    assert.match(stderr, message)
  }
})

test('limits alone must be asked for by name, whatever the environment says', {
  skip: process.platform !== 'linux' && 'Linux only',
}, async (t) => {
  const path = fileOf(t, ['{"id": 1, "code": "print(1)"}'])
  await withRefusals(async (python) => {
    const env = { ASTERISM_PYTHON: python, ASTERISM_WEAK_ISOLATION: '1' }
    const refused = await startAsterism(['verify', path], env).ended
    assert.deepEqual([refused.code, refused.stdout], [1, ''])
    assert.match(refused.stderr, /this machine refuses: jail: .*; landlock: .*\. Ask for level rlimit/)
    const asked = await startAsterism(['verify', path, '--level', 'rlimit'], env).ended
    assert.equal(asked.code, 0, asked.stderr)
    assert.deepEqual(
      linesIn(asked.stdout).map(({ verdict, level }) => [verdict, level]),
      [['ok', 'rlimit']],
    )
  })
})

test('stdin is judged as it comes, before it ends; Ctrl-C leaves whole lines', async () => {
  const launcher = join(packageRoot, 'lib', 'cli', 'asterism.mjs')
  const child = spawn(process.execPath, [launcher, 'verify', '-', '--concurrency', '1', ...LEVEL], {
    env: { ...process.env, ASTERISM_NO_BUILD: '1' },
  })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stdin.write('{"id": "first", "code": "print(1)"}\n')
  await once(child.stdout, 'data')
  assert.deepEqual(
    linesIn(stdout).map(({ id }) => id),
    ['first'],
  )
  child.stdin.write('{"id": "waits", "code": "import time\\ntime.sleep(9)"}\n')
  await new Promise((resolve) => setTimeout(resolve, 300))
  child.kill('SIGINT')
  const [code] = (await once(child, 'close')) as [number]
  assert.equal(code, 130)
  assert.equal(stderr.trim(), 'Stopped. Every line that was written is whole.')
  assert.deepEqual(
    linesIn(stdout).map(({ id }) => id),
    ['first'],
  )
})

const execution = (stdout: string): Execution => ({
  verdict: { kind: 'ok', stdout },
  step: 0,
  stdout,
  cpuMs: 1,
  wallMs: 1,
  maxRssMb: 1,
  flags: null,
  limits: { cpuMs: 1, wallMs: 1, memoryMb: 1, outputBytes: 1 },
  isolation: { level: 'jail', inner: 'jail', wrap: [], ownUid: true, python: '3', sympy: null, refused: [] },
})

/** Programs `0`, `1`, … with how many of them were read so far. */
function programs(count: number) {
  const state = { read: 0 }
  const lines = async function* (): AsyncGenerator<InputLine> {
    for (let i = 0; i < count; i++) {
      state.read++
      yield { number: i + 1, end: i + 1, text: JSON.stringify({ id: i, code: String(i) }) }
    }
  }
  return { state, lines: lines() }
}

test('no more programs run at once than asked for, and the order holds whichever ends first', async () => {
  let running = 0
  let most = 0
  const verifier = {
    examine: async ([step]: readonly Step[]) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, (Number(step!.text) * 7) % 5))
      running--
      return execution(step!.text)
    },
  }
  const ids: unknown[] = []
  const write = ({ id }: { id: unknown }) => void ids.push(id)
  const faults = await judgeLines(programs(40).lines, { verifier, concurrency: 3, write, onFault: () => undefined })
  assert.equal(faults, 0)
  assert.equal(most, 3)
  assert.deepEqual(
    ids,
    Array.from({ length: 40 }, (_, i) => i),
  )
})

test('a reader that takes nothing stops the reading of programs', async () => {
  const verifier = { examine: async ([step]: readonly Step[]) => execution(step!.text) }
  const { state, lines } = programs(10_000)
  let release: () => void = () => undefined
  const blocked = new Promise<void>((resolve) => {
    release = resolve
  })
  const judged = judgeLines(lines, { verifier, concurrency: 2, write: () => blocked, onFault: () => undefined })
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(state.read < 30, `${state.read} programs read`)
  release()
  await judged
  assert.equal(state.read, 10_000)
})

test('a sandbox that fails counts as a line without a verdict, in its place', async () => {
  const verifier = {
    examine: async ([step]: readonly Step[]) => {
      if (step!.text === '1') throw new Error('the fork server is gone')
      return execution(step!.text)
    },
  }
  const told: string[] = []
  const faults = await judgeLines(programs(3).lines, {
    verifier,
    concurrency: 2,
    write: ({ id }) => void told.push(`verdict ${id}`),
    onFault: ({ number, fault }) => void told.push(`line ${number}: ${fault}`),
  })
  assert.equal(faults, 1)
  assert.deepEqual(told, ['verdict 0', 'line 2: the fork server is gone', 'verdict 2'])
})

test('after an abort nothing more is written', async () => {
  const controller = new AbortController()
  const verifier = { examine: async ([step]: readonly Step[]) => execution(step!.text) }
  let written = 0
  const write = () => {
    if (++written === 5) controller.abort(new Error('enough'))
  }
  const judged = judgeLines(programs(100).lines, {
    ...{ verifier, concurrency: 2, write, onFault: () => undefined, signal: controller.signal },
  })
  await assert.rejects(judged, { message: 'enough' })
  assert.equal(written, 5)
})
