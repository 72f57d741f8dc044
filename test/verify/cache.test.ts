import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VerdictCache } from '../../lib/verify/cache.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'

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
