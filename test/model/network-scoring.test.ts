import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Engine } from '../../lib/engine/engine.ts'
import { openScorer } from '../../lib/model/scoring.ts'
import { openTested, sameNumbers, theSame } from '../engine/device-under-test.ts'
import { continuationRequests, embedded, livelyWeights, tiny } from './network-fixtures.ts'

let engine: Engine
before(async () => {
  engine = await openTested({ threads: 2 })
})
after(() => engine.dispose())

for (const [name, config] of Object.entries({ tiny, embedded })) {
  test(`${name}: scores are ${theSame} whatever else is in the batch`, async () => {
    const scorer = await openScorer(engine, config, livelyWeights(config, 2, { valueHead: true }))
    const requests = continuationRequests(config)
    const together = await scorer.score(requests)
    for (const [i, request] of requests.entries()) {
      sameNumbers(await scorer.score([request]), [together[i]], `request ${i} alone`)
    }
    sameNumbers((await scorer.score([...requests].reverse())).reverse(), together)
    await scorer.dispose()
  })
}

test('a candidate is scored as if it stood alone behind its prefix', async () => {
  const scorer = await openScorer(engine, tiny, livelyWeights(tiny, 2, { valueHead: true }))
  const requests = continuationRequests(tiny)
  const together = await scorer.score(requests)
  for (const [i, { prefix, candidates }] of requests.entries()) {
    for (const [j, candidate] of candidates.entries()) {
      const [[alone]] = (await scorer.score([
        { prefix: [...prefix, ...candidate.slice(0, -1)], candidates: [candidate.slice(-1)] },
      ])) as [[number]]
      assert.ok(Math.abs(alone - together[i]![j]!) < 1e-4, `expected ${alone}, got ${together[i]![j]}`)
    }
  }
  await scorer.dispose()
})

test('an empty candidate and weights without a value head are refused', async () => {
  const scorer = await openScorer(engine, tiny, livelyWeights(tiny, 2, { valueHead: true }))
  await assert.rejects(
    scorer.score([{ prefix: [1], candidates: [[]] }]),
    /Expected a prefix and candidates of at least one/,
  )
  await scorer.dispose()
  await assert.rejects(openScorer(engine, tiny, livelyWeights(tiny, 2)), /Expected a parameter value_head.weight/)
})
