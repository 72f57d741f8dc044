import assert from 'node:assert/strict'
import test from 'node:test'
import type { ModelConfig } from '../../lib/model/config.ts'
import { lookBack } from '../../lib/model/look-back.ts'
import { initialWeights } from '../../lib/model/weights.ts'
import { embedded, tiny } from './network-fixtures.ts'

/** What positions alone add to the score of a key so many places before, after the rotary turn of Hugging Face qwen2. */
function positionScore(config: ModelConfig, head: number, distance: number): number {
  const { headSize, ropeTheta, heads, kvHeads } = config
  const weights = initialWeights(config, 1)
  lookBack(config, weights, 3)
  const bias = (letter: string, at: number) =>
    weights.get(`model.layers.0.self_attn.${letter}_proj.bias`)!.data.slice(at * headSize, (at + 1) * headSize)
  const turned = (vector: Float32Array, position: number) =>
    [...vector].map((x, i) => {
      const angle = position * ropeTheta ** ((-2 * (i % (headSize / 2))) / headSize)
      const other = i < headSize / 2 ? -vector[i + headSize / 2]! : vector[i - headSize / 2]!
      return x * Math.cos(angle) + other * Math.sin(angle)
    })
  const [query, key] = [
    turned(bias('q', head), 100),
    turned(bias('k', Math.floor((head * kvHeads) / heads)), 100 - distance),
  ]
  return query.reduce((sum, x, i) => sum + x * key[i]!, 0) / Math.sqrt(headSize)
}

test('head 0, 1, 2 scores the token 1, 2, 3 places before highest of all, by position alone', () => {
  for (const config of [embedded, tiny])
    for (const head of [0, 1, 2]) {
      const scores = Array.from({ length: 100 }, (_, distance) => positionScore(config, head, distance))
      assert.equal(scores.indexOf(Math.max(...scores)), head + 1)
      assert.ok(scores[head + 1]! - Math.max(scores[head]!, scores[head + 2]!) > 1.5, 'and its neighbours clearly less')
    }
})

test('the other heads, and all of them with 0, stay as they were born', () => {
  const [born, changed] = [initialWeights(embedded, 1), initialWeights(embedded, 1)]
  lookBack(embedded, changed, 0)
  assert.deepEqual(changed, born)
  lookBack(embedded, changed, 3)
  for (const [name, { dims, data }] of changed) {
    const from = /layers\.0\.self_attn\.[qk]_proj/.test(name) ? 3 * embedded.headSize * (dims[1] ?? 1) : 0
    assert.deepEqual(data.slice(from), born.get(name)!.data.slice(from), name)
  }
})

test('of a model with fewer heads all look back; a number that is no count is refused', () => {
  const [all, more] = [initialWeights(tiny, 1), initialWeights(tiny, 1)]
  lookBack(tiny, all, tiny.heads)
  lookBack(tiny, more, tiny.heads + 3)
  assert.deepEqual(more, all)
  assert.throws(
    () => lookBack(tiny, initialWeights(tiny, 1), -1),
    /`lookBack` to be a whole number of heads from 0 up, got -1/,
  )
})
