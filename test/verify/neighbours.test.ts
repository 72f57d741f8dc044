// No program finds anything of another one: not in its process, not in the one that it was forked from.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseIsolation } from '../../lib/verify/level.ts'
import { findPython } from '../../lib/verify/python.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'

const isolation = await chooseIsolation(await findPython(), { allowWeakIsolation: true })
const skip = isolation.level === 'rlimit' && 'limits alone do not keep a step from other processes'

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
