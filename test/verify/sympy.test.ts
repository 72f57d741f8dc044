// Steps with sympy: servers of their own that hold it, and processes that wait with a long prefix run.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseIsolation } from '../../lib/verify/level.ts'
import { findPython } from '../../lib/verify/python.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'

const isolation = await chooseIsolation(await findPython(), { allowWeakIsolation: true })
const noSympy = isolation.sympy === null && 'sympy is not installed'
const noJail = isolation.level !== 'jail' && `processes wait at level jail only, this machine grants ${isolation.level}`

const PROGRAM = [
  'from sympy import *\nimport random\nx = Symbol("x")\nprint("not shown")',
  'f = integrate(x ** 2 * sin(x), x)\nprint(f, random.random())',
  'g = simplify(diff(f, x))\nprint(g, random.randrange(10 ** 6))',
  'print(1 / 0)',
  'h = solve(x ** 3 - 6 * x ** 2 + 11 * x - 6, x)\nprint(h, end="")',
  'import os\nprint(os.path.basename("a/b"))',
  'print(undefined)',
  'while True:\n    x = x + 1',
  'print(sum(h), g.subs(x, 0), list({"a", "b", "c"}))',
]

test('sympy is imported once per server, and only where code names it', { skip: noSympy }, async () => {
  const verifier = await openVerifier({ processes: 1, allowWeakIsolation: true })
  try {
    await verifier.verify([], [step('import math\nprint(math.pi)')])
    const bare = verifier.stats().pids.length
    const before = verifier.stats().cpuMs
    const [loaded] = await verifier.verify([], [step('import sys\nprint("sympy" in sys.modules)')])
    const [verdict] = await verifier.verify([], [step('import sympy\nprint(sympy.factor(sympy.Symbol("y") ** 2 - 4))')])
    assert.deepEqual(verdict, { kind: 'ok', stdout: '(y - 2)*(y + 2)' })
    assert.equal(loaded!.kind, 'ok')
    assert.equal(verifier.stats().pids.length, bare + 1)
    const each = (verifier.stats().cpuMs - before) / 2
    assert.ok(each < 150, `an import of sympy takes longer than the ${each} ms of each of these runs`)
    const [other] = await verifier.verify([], [step('import sys\nprint("symp" + "y" in sys.modules)')])
    assert.equal(other!.kind === 'ok' && other!.stdout, 'False')
  } finally {
    await verifier.dispose()
  }
})

test('the same comes of a program whether its prefix waits in a process or runs again', {
  skip: noSympy || noJail,
}, async () => {
  const byCheckpoints: unknown[][] = []
  for (const checkpoints of [0, 3]) {
    const verifier = await openVerifier({
      processes: 1,
      cache: false,
      checkpoints,
      limits: { cpuMs: 1_500, wallMs: 60_000 },
    })
    try {
      const [verdicts, done]: [unknown[], string[]] = [[], []]
      for (const text of PROGRAM) {
        const [verdict] = await verifier.verify(done.map(step), [step(text)])
        verdicts.push(verdict)
        if (verdict!.kind === 'ok') done.push(text)
      }
      const siblings = Array.from({ length: 6 }, (_, n) =>
        step(`x = ${n}\nprint(f.subs(Symbol("x"), x), random.random())`),
      )
      verdicts.push(...(await verifier.verify(done.slice(0, 3).map(step), siblings)))
      byCheckpoints.push(verdicts)
      const stats = verifier.stats()
      assert.equal(stats.checkpoints > 0, checkpoints > 0, JSON.stringify(stats))
      assert.equal(stats.deaths, 0)
    } finally {
      await verifier.dispose()
    }
  }
  assert.deepEqual(byCheckpoints[0]!.map((verdict) => (verdict as { kind: string }).kind).slice(0, PROGRAM.length), [
    'ok',
    'ok',
    'ok',
    'error',
    'ok',
    'ok',
    'error',
    'timeout',
    'ok',
  ])
  assert.deepEqual(byCheckpoints[1], byCheckpoints[0])
})

test('a waiting process that runs out of time or is pushed out costs no verdict', {
  skip: noSympy || noJail,
}, async () => {
  const verifier = await openVerifier({
    processes: 1,
    cache: false,
    checkpoints: 2,
    limits: { cpuMs: 1_500, wallMs: 60_000 },
  })
  try {
    const prefix = (n: number) =>
      step(
        `import sympy\nx = sympy.Symbol("x")\na = sympy.integrate(x ** ${2 + n} * sympy.sin(x), x)\nsum(i * i for i in range(1_000_000))\nb = ${n}`,
      )
    for (let n = 0; n < 5; n++) assert.equal((await verifier.verify([], [prefix(n)]))[0]!.kind, 'ok')
    const candidates = ['print(b)', 'while True:\n    b = b + 1', 'print(b)\n1 / 0', 'print(b, 1)'].map(step)
    for (const n of [4, 0, 3, 4]) {
      const verdicts = await verifier.verify([prefix(n)], candidates)
      assert.deepEqual(
        verdicts.map((verdict) => (verdict.kind === 'ok' ? verdict.stdout : verdict.kind)),
        [`${n}`, 'timeout', 'error', `${n} 1`],
      )
    }
    assert.ok(verifier.stats().checkpoints >= 3 && verifier.stats().deaths === 0, JSON.stringify(verifier.stats()))
  } finally {
    await verifier.dispose()
  }
})

test('no step can fork, whatever waits', {
  skip: noSympy || noJail,
}, async () => {
  const verifier = await openVerifier({ processes: 1, cache: false, checkpoints: 4 })
  const errorType = async (steps: readonly string[], code: string) => {
    const [verdict] = await verifier.verify(steps.map(step), [step(code)])
    return verdict!.kind === 'error' ? verdict!.errorType : verdict!.kind
  }
  try {
    const heavy =
      'import sympy\na = sympy.factor(sympy.Symbol("x") ** 30 - 1)\nn = sum(i * i for i in range(2_000_000))' // far longer than waiting costs
    const reaching = `${heavy}\nimport os`
    assert.equal(await errorType([reaching], 'print(os.getpid() > 0)'), 'ok')
    assert.equal(await errorType([reaching], 'os.fork()'), 'PermissionError')
    assert.equal(verifier.stats().checkpoints, 1)
    assert.equal(await errorType([heavy], 'print(n)'), 'ok')
    assert.equal(verifier.stats().checkpoints, 2)
    assert.equal(await errorType([heavy], 'import os\nos.fork()'), 'PermissionError')
    const raw = 'import ctypes\nprint(ctypes.CDLL(None).syscall(56, 0x8011, 0, 0, 0, 0))' // what makes the copies
    const [cloned] = await verifier.verify([step(heavy)], [step(raw)])
    assert.equal(cloned!.kind === 'ok' && cloned!.stdout, '-1')
    assert.equal(await errorType([heavy, 'b = n', 'import os'], 'os.fork()'), 'PermissionError')
    assert.equal(await errorType([heavy], 'print(n)'), 'ok')
    assert.deepEqual([verifier.stats().checkpoints, verifier.stats().deaths], [3, 0])
  } finally {
    await verifier.dispose()
  }
})

test('a request behind a slow sibling does not wait for it', { skip: noSympy || noJail }, async () => {
  const limits = { cpuMs: 60_000, wallMs: 120_000 }
  const verifier = await openVerifier({ processes: 1, singlesPerProcess: 2, cache: false, checkpoints: 4, limits })
  try {
    const heavy =
      'import sympy\na = sympy.factor(sympy.Symbol("x") ** 30 - 1)\nn = sum(i * i for i in range(2_000_000))'
    const ended: string[] = []
    const slow = verifier.verify([step(heavy)], [step('import time\ntime.sleep(8)')]).then(() => ended.push('slow'))
    for (let k = 0; k < 4; k++)
      assert.equal((await verifier.verify([step(heavy)], [step(`print(${k})`)]))[0]!.kind, 'ok')
    ended.push('others')
    await slow
    assert.deepEqual(ended, ['others', 'slow'])
  } finally {
    await verifier.dispose()
  }
})
