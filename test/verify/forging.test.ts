// A step that says of itself that it has ended well is not believed, whatever it can reach: what counts is where its process
// waits, by the kernel's word. The snippets of forging-snippets.jsonl run in hostile.test.ts, at every level.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
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
