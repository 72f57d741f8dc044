// Verdicts that are kept, and what names a text among others: none can be made that is taken for another one.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { VerdictCache } from '../../lib/verify/cache.ts'
import { keysOf } from '../../lib/verify/group.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'

const ok = (stdout: string): Verdict => ({ kind: 'ok', stdout })

test('the entry that was used least recently leaves first', () => {
  const cache = new VerdictCache(2)
  cache.set('a', ok('1'))
  cache.set('b', ok('2'))
  cache.get('a')
  cache.set('c', ok('3'))
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key)),
    [ok('1'), undefined, ok('3')],
  )
  assert.equal(cache.size, 2)
})

test('an infra verdict is never kept', () => {
  const cache = new VerdictCache(2)
  cache.set('a', { kind: 'infra', message: 'no fork' })
  assert.equal(cache.get('a'), undefined)
})

test('a capacity of 0 keeps nothing', () => {
  const cache = new VerdictCache(0)
  cache.set('a', ok('1'))
  assert.equal(cache.get('a'), undefined)
})

const LONG = `# ${'a good step '.repeat(20)}\nprint(6 * 7)`
const digests = (text: string) =>
  (['utf8', 'utf16le'] as const).flatMap((encoding) =>
    (['base64', 'hex', 'base64url'] as const).flatMap((form) => {
      const digest = createHash('sha256').update(text, encoding).digest(form)
      return [digest, `d${digest}`, `t${digest}`]
    }),
  )

test('a text that is the digest of another one takes its place neither in a call nor among the kept verdicts', async () => {
  const verifier = await openVerifier({ processes: 1 })
  const keepless = await openVerifier({ processes: 1, cache: false })
  try {
    for (const each of [verifier, keepless]) {
      const verdicts = await each.verify([step('y = 2')], [...digests(LONG), LONG].map(step))
      assert.deepEqual(verdicts.at(-1), { kind: 'ok', stdout: '42' })
      assert.ok(verdicts.slice(0, -1).every(({ kind }) => kind === 'error'))
    }
    assert.deepEqual(await verifier.verify([step('y = 2')], [step(LONG)]), [{ kind: 'ok', stdout: '42' }])
  } finally {
    await verifier.dispose()
    await keepless.dispose()
  }
})

test('texts that UTF-8 writes alike are told apart', async () => {
  const verifier = await openVerifier({ processes: 1 })
  try {
    const long = '#'.repeat(300)
    const texts = ['\ud800', '\udfff', '\ufffd'].map(
      (character) => `${long}\nprint(len("${character}"), "${character}" == "\\ufffd")`,
    )
    const verdicts = await verifier.verify([], texts.map(step))
    assert.deepEqual(verdicts[2], { kind: 'ok', stdout: '1 True' })
    for (const verdict of verdicts.slice(0, 2)) assert.notDeepEqual(verdict, verdicts[2])
    assert.equal(new Set(texts.map((text) => keysOf([text])[0])).size, 3)
  } finally {
    await verifier.dispose()
  }
})

test('the steps of a program have other names when they are divided otherwise', () => {
  const texts = ['a = 1', 'b = 2\nc = 3']
  const others = [
    ['a = 1\nb = 2', 'c = 3'],
    ['a = 1\nb = 2\nc = 3'],
    [keysOf(['a = 1'])[0]! + texts[1]!],
    ['', ...texts],
  ]
  for (const other of others) assert.notEqual(keysOf(other).at(-1), keysOf(texts).at(-1))
  assert.equal(keysOf(texts)[0], keysOf(['a = 1'])[0])
})
