import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Engine } from '../../lib/engine/engine.ts'
import { openGenerator } from '../../lib/model/generation.ts'
import { openLikelihood } from '../../lib/model/likelihood.ts'
import { logitsGraph } from '../../lib/model/reading.ts'
import { random } from '../../lib/seed/random.ts'
import { openTested, sameNumbers, theSame } from '../engine/device-under-test.ts'
import { continuationRequests, embedded, livelyWeights, multiHead, tiny, tokens } from './network-fixtures.ts'

let engine: Engine
before(async () => {
  engine = await openTested({ threads: 2 })
})
after(() => engine.dispose())

for (const [name, config] of Object.entries({ tiny, multiHead })) {
  test(`${name}: a continuation is as likely as the logits before each of its tokens say`, async () => {
    const weights = livelyWeights(config, 2)
    const reader = await openLikelihood(engine, config, weights)
    const logits = await engine.session(logitsGraph(config, weights))
    const requests = continuationRequests(config)
    const read = await reader.logProbabilities(requests)
    for (const [i, { prefix, candidates }] of requests.entries()) {
      for (const [k, candidate] of candidates.entries()) {
        const ids = [...prefix, ...candidate]
        const output = await logits.run({ ids: { type: 'int32', dims: [1, ids.length], data: Int32Array.from(ids) } })
        const rows = output.logits!.data as Float32Array
        const expected = candidate.reduce((sum, token, t) => {
          const row = rows.subarray((prefix.length + t - 1) * config.vocabSize, (prefix.length + t) * config.vocabSize)
          return sum + row[token]! - Math.log(row.reduce((total, logit) => total + Math.exp(logit), 0))
        }, 0)
        assert.ok(Math.abs(read[i]![k]! - expected) < 1e-3, `expected ${expected}, got ${read[i]![k]}`)
      }
    }
    await logits.dispose()
    await reader.dispose()
  })
}

test('what the same weights sample is as likely as they said when they sampled it', async () => {
  const weights = livelyWeights(embedded, 4)
  const [reader, generator] = [
    await openLikelihood(engine, embedded, weights),
    await openGenerator(engine, embedded, weights),
  ]
  const ids = tokens(random(1, 'prefix'), 30, embedded)
  const options = { maxTokens: 12, temperature: 1, topP: 1, topK: 0, stop: [1] }
  const [sampled] = await generator.generate([{ ids, count: 6, seed: 9 }], options)
  const [read] = await reader.logProbabilities([{ prefix: ids, candidates: sampled!.map((one) => one.ids) }])
  for (const [i, { logProbability }] of sampled!.entries())
    assert.ok(Math.abs(read![i]! - logProbability) < 1e-3, `expected ${logProbability}, got ${read![i]}`)
  await generator.dispose()
  await reader.dispose()
})

test(`log-probabilities are ${theSame} whatever else is in the batch`, async () => {
  const reader = await openLikelihood(engine, embedded, livelyWeights(embedded, 2))
  const requests = continuationRequests(embedded)
  const together = await reader.logProbabilities(requests)
  for (const [i, request] of requests.entries())
    sameNumbers(await reader.logProbabilities([request]), [together[i]], `request ${i} alone`)
  sameNumbers((await reader.logProbabilities([...requests].reverse())).reverse(), together)
  await reader.dispose()
})
