// How steps are kept from the machine: which level is chosen, what a machine that refuses gets told, what is in force.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseIsolation, type LevelOptions } from '../../lib/verify/level.ts'
import { findPython } from '../../lib/verify/python.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'
import { withRefusals } from './refusing-python.ts'

const python = await findPython()
const best = await chooseIsolation(python, { allowWeakIsolation: true })
const isLinux = process.platform === 'linux'

test('the level in force is named, and so is why it is not a better one', async () => {
  const order = ['jail', 'landlock', 'rlimit']
  assert.deepEqual(
    best.refused.map(({ level }) => level),
    order.slice(0, order.indexOf(best.level)),
  )
  assert.ok(best.refused.every(({ reason }) => reason.length > 0))
  assert.match(best.python, /^3\.\d+\.\d+/)
})

test('a level that the machine refuses is refused with the reason and what to do, and not lowered', {
  skip: !isLinux && 'Linux only',
}, async () => {
  // a fork server that meets a machine without landlock, namespaces and a known architecture
  const said = await withRefusals(async (path) => {
    const options = { python: path, processes: 1, allowWeakIsolation: false }
    const messages: string[] = []
    for (const more of [{}, { level: 'jail' }, { level: 'landlock' }] as LevelOptions[]) {
      await openVerifier({ ...options, ...more }).then(
        () => assert.fail('it was not refused'),
        (error: Error) => messages.push(error.message),
      )
    }
    const saved = process.env.ASTERISM_WEAK_ISOLATION
    delete process.env.ASTERISM_WEAK_ISOLATION
    try {
      await assert.rejects(openVerifier({ python: path }), /\. Set ASTERISM_WEAK_ISOLATION=1/)
    } finally {
      if (saved !== undefined) process.env.ASTERISM_WEAK_ISOLATION = saved
    }
    const weak = await openVerifier({ python: path, processes: 1, allowWeakIsolation: true })
    const { isolation } = weak.stats()
    assert.deepEqual(await weak.verify([], [step('print(1)')]), [{ kind: 'ok', stdout: '1' }])
    await weak.dispose()
    assert.equal(isolation.level, 'rlimit')
    assert.deepEqual(
      isolation.refused.map(({ level }) => level),
      ['jail', 'landlock'],
    )
    return messages
  })
  assert.match(said[0]!, /refuses: jail: .*riscv64.*; landlock: .*riscv64.*\. Ask for level rlimit/)
  assert.match(said[1]!, /no system call table for riscv64, 64 bit; known: x86_64, aarch64/)
  assert.doesNotMatch(said[2]!, /jail/)
})

test('a step reaches nothing of the machine', {
  skip: best.level === 'rlimit' && `this machine grants only limits: ${JSON.stringify(best.refused)}`,
}, async () => {
  const verifier = await openVerifier({ processes: 1 })
  try {
    const codes = [
      'import os\nprint(os.path.exists("/etc/passwd") and open("/etc/passwd").read())',
      'import socket\nsocket.socket()',
      'import os\nos.fork()',
      'open("/tmp/x", "w")',
      'import os\nos.kill(1, 0)',
      'import os\nprint(os.getuid())',
    ]
    const verdicts = await verifier.verify([], codes.map(step))
    const contents = verdicts[0]!
    assert.ok(
      contents.kind === 'error' || (contents.kind === 'ok' && contents.stdout === 'False'),
      JSON.stringify(contents),
    )
    for (const verdict of verdicts.slice(1, 5)) assert.equal(verdict.kind, 'error', JSON.stringify(verdict))
    const user = verdicts[5]!
    if (best.ownUid) assert.ok(user.kind === 'ok' && Number(user.stdout) >= 200_000, JSON.stringify(user))
  } finally {
    await verifier.dispose()
  }
})

test('a wrapper command that hands on 0, 1 and 2 is a container, named as one', {
  skip: best.level === 'rlimit' && 'the wrapper of this test keeps nothing out by itself',
}, async () => {
  const verifier = await openVerifier({ processes: 1, python: python.path, wrap: ['nice', '-n', '1'] })
  try {
    const { level, inner } = verifier.stats().isolation
    assert.equal(level, 'container')
    assert.equal(inner, best.level)
    const verdicts = await verifier.verify(
      [step('a = 1')],
      ['print(a)', 'import math\nprint(math.gcd(a, 4))'].map(step),
    )
    assert.deepEqual(verdicts, [
      { kind: 'ok', stdout: '1' },
      { kind: 'ok', stdout: '1' },
    ])
    const [order] = await verifier.verify(
      [],
      [step('import os\nprint(os.environ["PYTHONHASHSEED"], "HOME" in os.environ)')],
    )
    assert.equal(order!.kind === 'ok' && order!.stdout, '0 False')
  } finally {
    await verifier.dispose()
  }
})

test('a wrapper that keeps nothing out is refused, however it names itself', {
  skip: !isLinux && 'Linux only',
}, async () => {
  await withRefusals(async (path) => {
    const said = /a step could still read, write, connect/
    await assert.rejects(openVerifier({ python: path, wrap: ['env'] }), said)
  })
})

test('level and wrap must fit each other', async () => {
  await assert.rejects(openVerifier({ level: 'container' }), /Expected `wrap` to be given with level container/)
  await assert.rejects(
    openVerifier({ level: 'jail', wrap: ['env'] }),
    /Expected `wrap` to be given with level container/,
  )
})
