// What the verifier's bench runs, and how it counts.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { takeTurns } from '../../bench/turns.ts'
import { arithmetic, sympy, sympyCandidates, sympyChain } from '../../bench/verify-steps.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { packageRoot } from '../fixtures.ts'

test('no two steps of the bench are the same, and none with sympy is in the warm-up', () => {
  const numbers = Array.from({ length: 2_000 }, (_, n) => n + 1)
  for (const code of [arithmetic, sympy]) assert.equal(new Set(numbers.map((n) => code(n).text)).size, numbers.length)
  const warmUp = readFileSync(join(packageRoot, 'lib/verify/python/sympy_warm_up.py'), 'utf8')
  const [symbols] = /symbols\('([^']+)'\)/.exec(warmUp)!.slice(1)
  assert.ok(!/[xy]/.test(symbols!), symbols)
  for (const { text } of [...numbers.slice(0, 50).map(sympy), ...sympyChain(3), ...sympyCandidates(3)]) {
    assert.ok(!/\b[pqk]\b/.test(text.replace(/'.*?'/g, '')) && !warmUp.includes(text), text)
  }
})

test('every step of the bench runs', async () => {
  const verifier = await openVerifier({ processes: 1, allowWeakIsolation: true })
  try {
    const kindsOf = async (steps: Parameters<typeof verifier.verify>[1]) =>
      new Set((await verifier.verify([], steps)).map(({ kind }) => kind))
    const numbers = Array.from({ length: 16 }, (_, n) => n + 1)
    assert.deepEqual(await kindsOf(numbers.map(arithmetic)), new Set(['ok']))
    if (verifier.isolation.sympy === null) return
    assert.deepEqual(await kindsOf(numbers.map(sympy)), new Set(['ok']))
    const after = await verifier.verify(sympyChain(3), sympyCandidates(3))
    assert.deepEqual(new Set(after.map(({ kind }) => kind)), new Set(['ok']))
  } finally {
    await verifier.dispose()
  }
})

test('arms take turns; units, calls and the time of a call are counted for each', async () => {
  const order: string[] = []
  let running = 0
  let most = 0
  const arm = (name: string, ms: number, atOnce: number) => ({
    atOnce,
    work: async () => {
      if (order.at(-1) !== name) order.push(name)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, ms))
      running--
      return 5
    },
  })
  const done = await takeTurns({ one: arm('one', 20, 3), other: arm('other', 40, 1) }, { seconds: 0.1, turns: 2 })
  assert.deepEqual(order, ['one', 'other', 'one', 'other'])
  assert.equal(most, 3)
  assert.ok(done.one.latencyMs(0.5) >= 19 && done.other.latencyMs(0) >= 39)
  assert.ok(done.one.latencyMs(1) >= done.one.latencyMs(0.5))
  if (process.platform === 'linux') assert.ok(done.one.cpuMs! >= 0 && done.one.cpuMs! < 20, `${done.one.cpuMs}`)
  assert.ok(done.other.calls >= 2 && done.other.perSecond > 0 && done.one.calls >= done.other.calls)
})
