// What is told of one execution beside its verdict, and what a model may not learn from.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Execution, refusalForTraining } from '../../lib/verify/execution.ts'
import { openVerifier, type PythonVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'

let verifier: PythonVerifier
before(async () => {
  verifier = await openVerifier({ processes: 1, limits: { cpuMs: 400, wallMs: 20_000, outputBytes: 1_000 } })
})
after(() => verifier.dispose())

const examine = (...texts: string[]): Promise<Execution> => verifier.examine(texts.map(step))

test('an execution tells its output, time, memory, limits and isolation', async () => {
  const told = await examine('a = 3\nprint("first")', 'print(a)')
  assert.deepEqual(told.verdict, { kind: 'ok', stdout: '3' })
  assert.equal(told.step, 1)
  assert.equal(told.stdout, '3\n')
  assert.ok(told.cpuMs! > 0 && told.wallMs! > 0 && told.maxRssMb! > 1, JSON.stringify(told))
  assert.equal(told.limits.cpuMs, 400)
  assert.deepEqual(told.isolation, verifier.stats().isolation)
})

test('the step that failed is named, with what it alone had printed', async () => {
  const error = await examine('print("one")', 'print("two")\n1 / 0', 'print("three")')
  assert.equal(error.verdict.kind === 'error' && error.verdict.errorType, 'ZeroDivisionError')
  assert.deepEqual([error.step, error.stdout], [1, 'two\n'])
  const timeout = await examine('a = 1', 'print(a, flush=True)\nwhile True:\n    pass', 'print(2)')
  assert.deepEqual([timeout.verdict.kind, timeout.step, timeout.stdout], ['timeout', 1, '1\n'])
  const died = await examine('print(1)', 'import os\nprint(2, flush=True)\nos._exit(0)')
  assert.deepEqual([died.verdict.kind, died.step, died.stdout], ['died', 1, '2\n'])
  const memory = await examine('x = bytearray(10 ** 10)', 'print(1)')
  assert.deepEqual([memory.verdict.kind, memory.step], ['memory', 0])
})

test("the limit on output is one step's, wherever the pipe cuts it", async () => {
  const most = 'print("y" * 999)'
  const fits = await examine(most, most, most)
  assert.equal(fits.verdict.kind, 'ok')
  assert.equal(fits.stdout.length, 1_000)
  const over = await examine(most, 'print("y" * 1000)', most)
  assert.deepEqual([over.verdict, over.step], [{ kind: 'output', limitBytes: 1_000 }, 1])
})

test('code cannot write the mark that tells steps apart', async () => {
  const told = await examine('import sys\nprint("\\0" * 3)', 'print("\\0abc")')
  assert.deepEqual([told.step, told.stdout], [1, '\0abc\n'])
})

const FLAGGED: readonly [string, string, Partial<NonNullable<Execution['flags']>>][] = [
  ['introspection', 'import sys\nf = sys._getframe()', { introspection: true }],
  ['introspection without an import', 'print(().__class__.__bases__)', { introspection: true }],
  ['introspection through a usual module', 'import random\nprint(random._os.getpid())', { introspection: true }],
  [
    'a swallowed exception',
    'try:\n    x = 1 / 0\nexcept Exception:\n    x = 42\nprint(x)',
    { swallowedException: true },
  ],
  ['a bare except', 'try:\n    x = 1\nexcept:\n    x = 2', { swallowedException: true }],
  [
    'pass in a handler',
    'x = 0\ntry:\n    x = 1 / 0\nexcept ZeroDivisionError:\n    pass',
    { swallowedException: true },
  ],
  ['a narrow handler that computes', 'try:\n    x = 1 / 0\nexcept ZeroDivisionError:\n    x = 0', {}],
  ['a step that does nothing', '# so the answer follows', { nothingComputed: true }],
  ['only literals', 'x = 3\nprint("the answer is", 42)', { onlyLiteralsPrinted: true }],
  ['an f-string with a value', 'x = 3\nprint(f"the answer is {x}")', {}],
  ['an unusual import', 'import sqlite3\nprint(sqlite3.version)', { unusualImports: ['sqlite3'] }],
  ['usual imports', 'import math\nfrom fractions import Fraction\nprint(math.pi, Fraction(1, 3))', {}],
]
for (const [what, code, expected] of FLAGGED) {
  test(`flags of ${what}`, async () => {
    const { flags } = await examine(code)
    assert.deepEqual(flags, {
      introspection: false,
      swallowedException: false,
      nothingComputed: false,
      onlyLiteralsPrinted: false,
      unusualImports: [],
      differsOnSecondRun: null,
      ...expected,
    })
  })
}

test('a second run in a fresh interpreter shows what varies', async () => {
  const twice = async (text: string) =>
    (await verifier.examine([step(text)], { twice: true })).flags!.differsOnSecondRun
  assert.equal(await twice('import random\nprint(random.random(), {"a", "b", "c"})'), false)
  assert.equal(await twice('import time\nprint(time.time())'), true)
})

test('code that could forge its verdict is refused for training, whatever the verdict', async () => {
  assert.equal(refusalForTraining(await examine('a = 2', 'print(a * 3)')), null)
  assert.match(
    refusalForTraining(await examine('import gc\nprint(len(gc.get_objects()) > 0)'))!,
    /looks at the interpreter/,
  )
  assert.match(refusalForTraining(await examine('import sqlite3\nprint(1)'))!, /it imports sqlite3/)
  assert.match(refusalForTraining(await examine('a = 1', 'pass'))!, /computes nothing/)
  const infra: Execution = { ...(await examine('a = 1')), verdict: { kind: 'infra', message: 'no process' } }
  assert.equal(refusalForTraining(infra), 'the sandbox failed')
})

test('an empty program and one that is too long are refused', async () => {
  await assert.rejects(verifier.examine([]), /Expected a program of one or more steps/)
  const long = await examine(`a = 1 #${'x'.repeat(1 << 20)}`)
  assert.deepEqual([long.verdict.kind, long.step], ['refused', null])
})
