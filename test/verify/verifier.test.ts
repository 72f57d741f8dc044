// Verdicts, what is run and what is not, and what the two calls promise.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findPython } from '../../lib/verify/python.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { openVerifier, type PythonVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'

let verifier: PythonVerifier
before(async () => {
  verifier = await openVerifier({ limits: { cpuMs: 400, wallMs: 30_000, outputBytes: 1_000 } })
})
after(() => verifier.dispose())

const one = async (code: string, earlier: string[] = []): Promise<Verdict> =>
  (await verifier.verify(earlier.map(step), [step(code)]))[0]!

test('ok carries what this step alone printed, without the final newline', async () => {
  assert.deepEqual(await one('print(a)', ['a = 3\nprint("not mine")']), { kind: 'ok', stdout: '3' })
  const byLoop = 'for i in range(2):\n    print(i, a)'
  assert.deepEqual(await one(byLoop, ['import math\nprint("not mine")', 'a = 3']), { kind: 'ok', stdout: '0 3\n1 3' })
  assert.deepEqual(await one('import sys\nprint("to stderr", file=sys.stderr)'), { kind: 'ok', stdout: '' })
})

test('an error carries its type, message and the line within the step', async () => {
  const expected = { kind: 'error', errorType: 'NameError', message: "name 'b' is not defined", line: 2 }
  assert.deepEqual(await one('a = 1\nprint(b)', ['x = 1']), expected)
  assert.deepEqual(await one('import math\nprint(b)', ['x = 1']), expected)
  const inCallee = await one('x = 1\nf()', ['def f():\n    return 1 / 0'])
  assert.deepEqual(inCallee, { kind: 'error', errorType: 'ZeroDivisionError', message: 'division by zero', line: 2 })
})

test('the word error in the output is no error', async () => {
  assert.deepEqual(await one('print("error: 3")'), { kind: 'ok', stdout: 'error: 3' })
})

test('each limit has its own verdict', async () => {
  const [cpu, memory, plainOutput, output] = await verifier.verify(
    [],
    [
      'while True:\n    pass',
      'x = bytearray(10 ** 10)',
      `print("${'y'.repeat(1_001)}")`,
      'for i in range(1000):\n    print(i)',
    ].map(step),
  )
  assert.deepEqual(cpu, { kind: 'timeout', clock: 'cpu', limitMs: 400 })
  assert.deepEqual(memory, { kind: 'memory', limitMb: 512 })
  assert.deepEqual(plainOutput, { kind: 'output', limitBytes: 1_000 })
  assert.deepEqual(output, { kind: 'output', limitBytes: 1_000 })
})

test('code that waits ends at the wall limit', async () => {
  const hasty = await openVerifier({ processes: 1, limits: { wallMs: 2_000 } })
  try {
    const verdicts = await hasty.verify([], [step('import time\ntime.sleep(60)')])
    assert.deepEqual(verdicts, [{ kind: 'timeout', clock: 'wall', limitMs: 2_000 }])
  } finally {
    await hasty.dispose()
  }
})

test('printing exactly as much as is allowed is ok, plain or not', async () => {
  const text = 'y'.repeat(999)
  assert.equal((await one(`print("${text}")`)).kind, 'ok')
  assert.equal((await one(`import math\nprint("${text}")`)).kind, 'ok')
})

test('code that leaves without being done is never ok', async () => {
  assert.equal((await one('import os\nprint(1)\nos._exit(0)')).kind, 'died')
  const left = await one('import sys\nsys.exit("no solution")')
  assert.equal(left.kind === 'error' && left.errorType, 'SystemExit')
})

test('a missing module of the usual ones is unsupported, with how to install it; another one is an error', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'asterism-venv-')) // a Python with nothing installed
  try {
    const { path } = await findPython()
    assert.equal(spawnSync(path, ['-m', 'venv', '--without-pip', folder], { stdio: 'inherit' }).status, 0)
    const bare = await openVerifier({ python: join(folder, 'bin', 'python3'), processes: 1 })
    try {
      const [verdict] = await bare.verify([step('a = 1')], [step('import sympy')])
      assert.equal(verdict!.kind === 'unsupported' && verdict!.missing, 'sympy')
      assert.match(verdict!.kind === 'unsupported' ? verdict!.advice : '', /-m pip install sympy$/)
    } finally {
      await bare.dispose()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  const unknown = await one('import no_such_module_anywhere')
  assert.equal(unknown.kind === 'error' && unknown.errorType, 'ModuleNotFoundError')
})

test('an earlier step that no longer runs is infra, and says nothing about the candidates', async () => {
  const expected = { kind: 'infra', message: 'an earlier step no longer runs (ZeroDivisionError: division by zero)' }
  assert.deepEqual(await one('print(1)', ['a = 1', 'a = 1 / 0']), expected)
  assert.deepEqual(await one('print(1)', ['import math', 'a = 1 / 0']), expected)
  assert.match(JSON.stringify(await one('print(1)', ['while True:\n    pass'])), /no longer runs \(timeout\)/)
})

test('run judges every step of a program: the first that fails, else what the last prints', async () => {
  const programs = [
    ['a = 2', 'print(a)', 'print(a * 3)'],
    ['a = 2', 'print(c)', 'print(a)'],
    ['import math', 'a = 1 / 0', 'print(a)'],
    ['import math', 'print(math.gcd(4, 6))'],
    ['print(7)'],
  ]
  const verdicts = await verifier.run(programs.map((texts) => texts.map(step)))
  assert.deepEqual(
    verdicts.map((verdict) => (verdict.kind === 'ok' ? verdict.stdout : verdict.kind === 'error' && verdict.errorType)),
    ['6', 'NameError', 'ZeroDivisionError', '2', '7'],
  )
  await assert.rejects(verifier.run([[]]), /Expected programs of one or more steps/)
})

test('no candidates, no verdicts', async () => {
  assert.deepEqual(await verifier.verify([step('a = 1')], []), [])
})

test('equal work runs once: in one request, under way, and later; executions counts runs', async () => {
  const before = verifier.executions
  const request = () => verifier.verify([step('n = 41')], ['print(n + 1)', 'print(n)', 'print(n + 1)'].map(step))
  const [first, second] = await Promise.all([request(), request()])
  const third = await request()
  assert.deepEqual(first, [
    { kind: 'ok', stdout: '42' },
    { kind: 'ok', stdout: '41' },
    { kind: 'ok', stdout: '42' },
  ])
  assert.deepEqual(second, first)
  assert.deepEqual(third, first)
  assert.equal(verifier.executions - before, 2)
})

test('without a cache equal requests run again, equal candidates of one request do not', async () => {
  const plain = await openVerifier({ cache: false, processes: 1 })
  try {
    await plain.verify([], [step('print(1)'), step('print(1)')])
    await plain.verify([], [step('print(1)')])
    assert.equal(plain.executions, 2)
  } finally {
    await plain.dispose()
  }
})

test('every run starts from the same random numbers and the same order of sets', async () => {
  const plain = await openVerifier({ cache: false, processes: 2 })
  try {
    const code = step('import random\nprint(random.random(), list({"alpha", "beta", "gamma"}))')
    const verdicts = await Promise.all(Array.from({ length: 6 }, () => plain.verify([], [code])))
    assert.equal(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size, 1)
    assert.equal(verdicts[0]![0]!.kind, 'ok')
  } finally {
    await plain.dispose()
  }
})

test('slow code does not hold up plain code, even with one server', async () => {
  const plain = await openVerifier({ processes: 1, limits: { cpuMs: 1_000 } })
  try {
    const finished: string[] = []
    const slow = plain.verify([], [step('while True:\n    pass')]).then(() => finished.push('slow'))
    for (let i = 0; i < 5; i++) await plain.verify([], [step(`print(${i})`)])
    finished.push('plain')
    await slow
    assert.deepEqual(finished, ['plain', 'slow'])
  } finally {
    await plain.dispose()
  }
})

test('a plain step cannot hang: what may grow without bound runs alone, under its own limits', async () => {
  const squares = Array.from({ length: 40 }, () => 'a = a * a').join('\n')
  const verdicts = await verifier.verify([step('a = 9')], ['a = 9 ** 9 ** 9', squares, 'print(a)'].map(step))
  assert.deepEqual(
    verdicts.map(({ kind }) => kind),
    ['timeout', 'timeout', 'ok'],
  )
})

test('code that is too long is refused unrun', async () => {
  const verdict = await one(`a = 1 #${'x'.repeat(1 << 20)}`)
  assert.match(verdict.kind === 'refused' ? verdict.reason : '', /Expected at most 1048576 characters of code/)
})

test('the code sees an empty environment and no descriptors but its own', async () => {
  process.env.ASTERISM_TEST_SECRET = 'secret'
  const own = await openVerifier({ processes: 1 })
  try {
    const code = `import os
found = []
for descriptor in range(64):
    try:
        os.fstat(descriptor)
        found.append(descriptor)
    except OSError:
        pass
print(sorted(os.environ), found)`
    const [verdict] = await own.verify([], [step(code)])
    const variables = "['LANG', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'PYTHONHASHSEED']"
    assert.equal(verdict!.kind === 'ok' && verdict!.stdout, `${variables} [0, 1, 2, 3]`)
  } finally {
    delete process.env.ASTERISM_TEST_SECRET
    await own.dispose()
  }
})

test('an option out of its range is refused by name', async () => {
  await assert.rejects(openVerifier({ processes: 0 }), /Expected `processes` to be an integer from 1 up, got `0`/)
  await assert.rejects(openVerifier({ limits: { cpuMs: 0.5 } }), /Expected `cpuMs`/)
})

test('a verdict says why no model should learn from a step, whatever came of it', async () => {
  const reasons: [string, string | undefined][] = [
    ['a = 2\nprint(a)', undefined],
    ['import math\nprint(math.pi)', undefined],
    ['import gc\nprint(gc.get_objects()[0])', 'it looks at the interpreter or the process around it'],
    ['from inspect import stack\n1 / 0', 'it looks at the interpreter or the process around it'],
    [
      'import operator\nprint(operator.attrgetter("gi_frame")(3))',
      'it looks at the interpreter or the process around it',
    ],
    ['print("{0.__self__}".format(print))', 'it looks at the interpreter or the process around it'],
    [`x = ${'1 + '.repeat(5_000)}1\nimport gc`, 'it looks at the interpreter or the process around it'], // too deep to look at
    ['import sqlite3\nprint(1)', 'it imports sqlite3'],
    ['try:\n    a = 1\nexcept:\n    a = 2', 'it hides exceptions'],
    ['# so the answer follows', 'its last step computes nothing'],
    ['3 + 4', 'its last step computes nothing'],
    ['3 / 0', undefined],
  ]
  const verdicts = await verifier.verify(
    [],
    reasons.map(([code]) => step(code)),
  )
  assert.deepEqual(
    verdicts.map(({ refusal }, i) => [reasons[i]![0], refusal]),
    reasons,
  )
})
