// A step that says of itself that it has ended well is not believed, whatever it can reach: what counts is where its process
// waits, by the kernel's word. And no program finds anything of another one, in its process or the one that was forked. The snippets of forging-snippets.jsonl run in hostile.test.ts, at every level.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { chooseIsolation } from '../../lib/verify/level.ts'
import { findPython } from '../../lib/verify/python.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { openVerifier, type PythonVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'
import { withRefusals } from './refusing-python.ts'

const isolation = await chooseIsolation(await findPython(), { allowWeakIsolation: true })
const skip = isolation.level === 'rlimit' && 'limits alone do not keep a step from its process'
/** Says that it has ended well, then waits for a verdict until its time is up. */
const FORGED = 'import os, time\nprint(42, flush=True)\nos.write(3, b"ran\\n")\ntime.sleep(60)'
const LOOKS = 'it looks at the interpreter or the process around it'

let verifier: PythonVerifier
before(async () => {
  verifier = await openVerifier({ processes: 1, cache: false, limits: { cpuMs: 500, wallMs: 2_500 } })
})
after(() => verifier.dispose())

const one = async (code: string, earlier: string[] = []): Promise<Verdict> =>
  (await verifier.verify(earlier.map(step), [step(code)]))[0]!

test('where nobody asks the kernel, as under limits alone on other systems, a word is enough: so it is what these tests need', {
  skip: process.platform !== 'linux' && 'Linux only',
}, async () => {
  await withRefusals(async (python) => {
    const trusting = await openVerifier({ python, processes: 1, level: 'rlimit', allowWeakIsolation: true })
    try {
      const [verdict] = await trusting.verify([], [step(FORGED)])
      assert.deepEqual([verdict!.kind, verdict!.kind === 'ok' && verdict!.stdout], ['ok', '42'])
    } finally {
      await trusting.dispose()
    }
  })
})

test('where the kernel is asked, the same word is worth nothing', { skip }, async () => {
  assert.deepEqual((await one(FORGED)).kind, 'timeout')
  assert.deepEqual(await one('print(42)'), { kind: 'ok', stdout: '42' })
})

test('a step cannot take those after it out of its program', { skip }, async () => {
  const thieves = [
    'import os\nos.read(3, 1 << 16)',
    'import os\nos.read(3, 1 << 16)\nos.write(3, b"ran\\n")',
    'import os\nos.write(3, b"ran\\n" * 2)',
    'import sys\nframe = sys._getframe()\nwhile frame.f_code.co_name != "rest": frame = frame.f_back\nframe.f_locals.update(at=10 ** 6, body=b"", size=0)',
    'import sys\nframe = sys._getframe()\nwhile frame.f_code.co_name != "rest": frame = frame.f_back\nframe.f_locals["jobs"].end = staticmethod(lambda out: None)',
  ]
  const programs = thieves.map((thief) => [thief, '1 / 0', 'print(1)'].map(step))
  for (const [index, verdict] of (await verifier.run(programs)).entries())
    assert.notEqual(verdict.kind, 'ok', `${thieves[index]}: ${JSON.stringify(verdict)}`)
  for (const program of programs) assert.notEqual((await verifier.examine(program)).verdict.kind, 'ok')
})

test('a step that reaches for frames is told of, however it spells that; a library that does so for itself is not', {
  skip,
}, async () => {
  const looks = [
    'import random\nf = getattr(random, "_" + "os")\nx = (i for i in [1])\ny = getattr(x, "gi_" + "frame")',
    'from typing import sys as s\nx = vars(s)["_get" + "frame"]()',
    'x = open(3, "rb", closefd=False)',
    'from operator import attrgetter as ag\nx = ag("gi_fra" + "me")(i for i in [1])',
  ]
  for (const code of looks) assert.equal((await one(code)).refusal, LOOKS, code)
  const plain = [
    'from collections import namedtuple\nP = namedtuple("P", "x y")\nprint(P(1, 2))',
    'from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\nprint(P(1))',
    'from enum import Enum\nE = Enum("E", "A B")\nprint(E.A)',
    'from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nprint(P(1))',
    'import decimal\nprint(decimal.Decimal(1) / 3)',
  ]
  for (const code of plain)
    assert.deepEqual([(await one(code)).kind, (await one(code)).refusal], ['ok', undefined], code)
})

test('what a step says of itself first cannot be taken back', { skip }, async () => {
  const told = await one('x = (i for i in [1])\nfor a in ("gi_" + "frame",):\n    y = getattr(x, a)\nprint(1)')
  assert.equal(told.refusal, LOOKS)
})

test('root that may not trace other processes, as in many containers, is told where they wait all the same', {
  skip: process.getuid?.() !== 0 && 'the tests do not run as root',
}, async (t) => {
  const drop = ['--bounding-set', '-sys_ptrace,-sys_admin', '--inh-caps', '-sys_ptrace,-sys_admin']
  const module = pathToFileURL(join(import.meta.dirname, '../../lib/verify/verifier.js')).href
  const steps = JSON.stringify([FORGED, 'print(42)'].map(step))
  const script = `const { openVerifier } = await import(${JSON.stringify(module)})
const verifier = await openVerifier({ processes: 1, level: 'landlock', cache: false, limits: { wallMs: 2500 } })
console.log((await verifier.verify([], ${steps})).map(({ kind }) => kind).join())
await verifier.dispose()`
  const run = spawnSync('setpriv', [...drop, process.execPath, '--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  if (run.error) return t.skip('there is no setpriv')
  assert.equal(run.stdout.trim(), 'timeout,ok', run.stderr)
})

/** Looks for a text in all of its memory that it can find without asking the kernel where that is. */
const search = (reversed: string) => `import ctypes
lib = ctypes.CDLL(None, use_errno=True)
needle, found = ${JSON.stringify(reversed)}[::-1].encode(), 0
for base, back, on in ((id(None) & ~0xfff, 0, 64), (id(b'x' * 100) & ~0xfffff, 16, 16)):
    for page in range(base - (back << 20), base + (on << 20), 4096):
        if lib.access(ctypes.c_void_p(page), 0) == -1 and ctypes.get_errno() == 14: continue
        data = ctypes.string_at(page, 4096)
        at = data.find(needle)
        while at >= 0:
            tail = data[at + len(needle):at + len(needle) + 5]
            found += tail == b'31337'
            at = data.find(needle, at + 1)
print(found > 0)`
const NEEDLE = 'NEIGHBOUR-' // stands before 31337 in what is searched for, and reversed in what searches
const REVERSED = [...NEEDLE].reverse().join('')
const SECRET = `secret = 'NEIGHBOUR-31337'\nprint(len(secret))`

for (const level of ['jail', 'landlock'] as const) {
  test(`a program finds its own texts in memory, and none of another program, at level ${level}`, {
    skip,
  }, async (t) => {
    const limits = { cpuMs: 20_000, wallMs: 60_000 }
    const options = { processes: 1, singlesPerProcess: 4, cache: false, level, limits }
    const verifier = await openVerifier(options).catch(() => null)
    if (!verifier) return t.skip(`this machine refuses ${level}`)
    try {
      const [own] = await verifier.verify([step(SECRET)], [step(search(REVERSED))])
      assert.equal(own!.kind === 'ok' && own!.stdout, 'True', JSON.stringify(own)) // so the search can see
      const held = Array.from({ length: 2 }, () => step(`${SECRET}\nimport time\ntime.sleep(1)`))
      const [, others] = await Promise.all([
        verifier.verify([], [...held, step(SECRET)]),
        verifier.verify([], [step(search(REVERSED)), step(`${search(REVERSED)} # again`)]),
      ])
      for (const other of others) assert.equal(other!.kind === 'ok' && other!.stdout, 'False', JSON.stringify(other))
      const [later] = await verifier.verify([], [step(search(REVERSED))])
      assert.equal(later!.kind === 'ok' && later!.stdout, 'False', JSON.stringify(later))
    } finally {
      await verifier.dispose()
    }
  })
}

test('the frames that a program stands on hold nothing of a request', { skip }, async () => {
  const verifier = await openVerifier({ processes: 1, singlesPerProcess: 4, cache: false })
  try {
    const walk = `import sys
frame, texts = sys._getframe(), []
while frame.f_back:
    frame = frame.f_back
    texts += [repr(value) for space in (frame.f_locals, frame.f_globals) for value in list(space.values())]
print('313' + '37' in ' '.join(texts), len(texts) > 10)`
    const [, [verdict]] = await Promise.all([
      verifier.verify([], [step(`print('NEIGHBOUR-31337', flush=True)\nimport time\ntime.sleep(0.5)`)]),
      verifier.verify([], [step(walk)]),
    ])
    assert.equal(verdict!.kind === 'ok' && verdict!.stdout, 'False True', JSON.stringify(verdict))
  } finally {
    await verifier.dispose()
  }
})

test('a program after a prefix that waits finds nothing of those that ran after it before', {
  skip: isolation.level !== 'jail' ? 'processes wait at level jail only' : isolation.sympy === null && 'no sympy',
}, async () => {
  const limits = { cpuMs: 20_000, wallMs: 60_000 }
  const verifier = await openVerifier({ processes: 1, cache: false, checkpoints: 2, limits })
  try {
    const prefix = step(
      'import sympy\na = sympy.factor(sympy.Symbol("x") ** 20 - 1)\nn = sum(i for i in range(1_000_000))',
    )
    const after = async (code: string) => (await verifier.verify([prefix], [step(code)]))[0]!
    await after(SECRET) // the one that is there when the process begins to wait
    await after(`${SECRET} # and another one`)
    assert.equal(verifier.stats().checkpoints, 1)
    const found = await after(search(REVERSED))
    assert.equal(found.kind === 'ok' && found.stdout, 'False', JSON.stringify(found))
  } finally {
    await verifier.dispose()
  }
})
