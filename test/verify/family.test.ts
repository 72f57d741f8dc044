// Limits hold for all that a step starts, together, and end with its verdict, also where processes wait with steps run.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { chooseIsolation } from '../../lib/verify/level.ts'
import { findPython } from '../../lib/verify/python.ts'
import { openVerifier, type PythonVerifier, type VerifierOptions } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'

const isolation = await chooseIsolation(await findPython(), { allowWeakIsolation: true })
const skip =
  isolation.level !== 'jail'
    ? `processes wait at level jail only, this machine grants ${isolation.level}`
    : isolation.sympy === null && 'sympy is not installed'

/** Long enough that waiting with it pays. */
const HEAVY = 'import sympy\na = sympy.factor(sympy.Symbol("x") ** 20 - 1)\nn = sum(i * i for i in range(1_000_000))'

async function withCheckpoints(
  limits: VerifierOptions['limits'],
  body: (verifier: PythonVerifier, bare: readonly number[]) => Promise<void>,
): Promise<void> {
  const verifier = await openVerifier({ level: 'jail', processes: 1, cache: false, checkpoints: 4, limits: limits! })
  try {
    const bare = verifier.stats().pids
    await verifier.verify([], [step('import sympy')])
    await body(verifier, bare)
  } finally {
    await verifier.dispose()
  }
}

function descendants(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  if (!existsSync(path)) return []
  const children = readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number)
  return [...children, ...children.flatMap(descendants)]
}

/** The processes of the server with sympy, itself left out. */
const family = (verifier: PythonVerifier, bare: readonly number[]) =>
  verifier
    .stats()
    .pids.filter((pid) => !bare.includes(pid))
    .flatMap(descendants)

const statOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ')
const ticksOf = (pid: number) => Number(statOf(pid)[11]) + Number(statOf(pid)[12])
const privateMb = (pid: number) =>
  [...readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+:\s+(\d+)/gm)].reduce(
    (sum, [, kb]) => sum + Number(kb) / 1024,
    0,
  )

/** The process that waits, once it does: it is stopped. */
async function waitingOf(verifier: PythonVerifier, bare: readonly number[]): Promise<number[]> {
  for (let tries = 0; tries < 250; tries++) {
    const [, , ...others] = family(verifier, bare) // the server, and what it forks from
    if (others.length > 0 && others.every((pid) => statOf(pid)[0] === 'T')) return others
    await sleep(20)
  }
  return []
}

const verdictOf = async (verifier: PythonVerifier, steps: string[], code: string) =>
  (await verifier.verify(steps.map(step), [step(code)]))[0]!

test('a prefix that is to wait makes no process of its own, whatever it tries, and none is left', {
  skip,
}, async () => {
  await withCheckpoints({ cpuMs: 2_000, wallMs: 20_000, memoryMb: 256 }, async (verifier, bare) => {
    const before = family(verifier, bare).length
    const forks = `${HEAVY}
import ctypes, os
lib = ctypes.PyDLL(None)
made = sum(lib.syscall(number, flags, 0, 0, 0, 0) > 0 for number in (56, 57, 58, 435) for flags in (0x8011, 17, 0x11200) for _ in range(8))
try:
    made += os.fork() > 0
except OSError:
    pass`
    for (const code of ['print(made)', 'print(made + 0)']) {
      const verdict = await verdictOf(verifier, [forks], code)
      assert.equal(verdict.kind === 'ok' && verdict.stdout, '0', JSON.stringify(verdict))
    }
    assert.equal(verifier.stats().checkpoints, 1) // so it did wait, and was copied twice
    assert.equal((await waitingOf(verifier, bare)).length, 1)
    assert.equal(family(verifier, bare).length, before + 1)
  })
})

test('what waits does nothing meanwhile, whatever it has set up', { skip }, async () => {
  await withCheckpoints({ cpuMs: 2_000, wallMs: 20_000 }, async (verifier, bare) => {
    const clock = `${HEAVY}
import signal
def burn(*_):
    for i in range(10 ** 9): pass
signal.signal(signal.SIGALRM, burn)`
    const prefix = `${clock}\nsignal.setitimer(signal.ITIMER_REAL, 1.5, 0.01)`
    assert.equal((await verdictOf(verifier, [prefix], 'print(1)')).kind, 'ok')
    const [waiting] = await waitingOf(verifier, bare)
    assert.ok(waiting, 'expected a process that waits')
    const before = ticksOf(waiting)
    await sleep(3_000)
    assert.equal(ticksOf(waiting), before)
    assert.ok(['ok', 'timeout'].includes((await verdictOf(verifier, [prefix], 'print(2)')).kind))
    assert.deepEqual(await verdictOf(verifier, [], 'import sympy\nprint(3)'), { kind: 'ok', stdout: '3' })
  })
})

test('those that wait share the memory that one step may have', { skip }, async () => {
  await withCheckpoints({ cpuMs: 10_000, wallMs: 60_000, memoryMb: 400 }, async (verifier, bare) => {
    for (const megabytes of [120, 121, 122, 123]) {
      const prefix = `${HEAVY}\nhold = bytearray(${megabytes} << 20)\nfor k in range(0, len(hold), 4096): hold[k] = 1`
      assert.equal((await verdictOf(verifier, [prefix], 'print(len(hold) > 0)')).kind, 'ok')
    }
    const waiting = await waitingOf(verifier, bare)
    assert.ok(waiting.length >= 1, 'expected some to wait')
    const sum = waiting.map(privateMb).reduce((a, b) => a + b, 0)
    assert.ok(sum <= 400, `${waiting.length} wait with ${sum} MB`)
    assert.ok(verifier.stats().checkpoints >= 3)
  })
})

test('time that a prefix has used counts for every step after it, also where the step undoes its own timer', {
  skip,
}, async () => {
  await withCheckpoints({ cpuMs: 1_500, wallMs: 30_000 }, async (verifier) => {
    const prefix = `${HEAVY}\nimport time\nwhile time.process_time() < 1: pass`
    assert.equal((await verdictOf(verifier, [prefix], 'print(1)')).kind, 'ok')
    assert.equal(verifier.stats().checkpoints, 1)
    for (const code of [
      'while True: pass',
      'import signal\nsignal.setitimer(signal.ITIMER_PROF, 0)\nwhile True: pass',
      'import signal\nsignal.signal(signal.SIGPROF, signal.SIG_IGN)\nwhile True: pass',
    ]) {
      const before = verifier.stats().cpuMs
      assert.deepEqual(await verdictOf(verifier, [prefix], code).then(({ kind }) => kind), 'timeout')
      const used = verifier.stats().cpuMs - before
      assert.ok(used < 1_200, `${code} used ${used} ms of the 500 that were left`)
    }
  })
})

test('nothing that waits outlives its server', { skip }, async () => {
  await withCheckpoints({ cpuMs: 2_000 }, async (verifier, bare) => {
    assert.equal((await verdictOf(verifier, [HEAVY], 'print(1)')).kind, 'ok')
    const all = family(verifier, bare)
    const [server] = verifier.stats().pids.filter((pid) => !bare.includes(pid))
    assert.ok(all.length >= 3, `${all}`)
    process.kill(server!, 'SIGKILL')
    const isThere = (pid: number) => existsSync(`/proc/${pid}`) && statOf(pid)[0] !== 'Z'
    for (let tries = 0; all.some(isThere); tries++) {
      assert.ok(tries < 500, `still there: ${all.filter(isThere)}`)
      await sleep(20)
    }
  })
})
