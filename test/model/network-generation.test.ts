import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Engine } from '../../lib/engine/engine.ts'
import { type GenerationRequest, openGenerator } from '../../lib/model/generation.ts'
import { below, random } from '../../lib/seed/random.ts'
import { openTested, sameNumbers, theSame } from '../engine/device-under-test.ts'
import { embedded, livelyWeights, multiHead, tiny, tokens } from './network-fixtures.ts'

let engine: Engine
before(async () => {
  engine = await openTested({ threads: 2 })
})
after(() => engine.dispose())

for (const [name, config] of Object.entries({ tiny, multiHead, embedded })) {
  test(`${name}: a sequence is ${theSame} whatever else is in the batch`, async () => {
    const generator = await openGenerator(engine, config, livelyWeights(config, 1))
    const rng = random(5, 'prompts')
    const requests: GenerationRequest[] = Array.from({ length: 14 }, (_, i) => ({
      ids: tokens(rng, 1 + below(rng, 150), config),
      count: 1 + (i % 4),
      seed: i,
    }))
    for (const options of [
      { maxTokens: 12, stop: [3, 4, 5] },
      { maxTokens: 6, topP: 0.8, topK: 20 },
    ]) {
      const together = await generator.generate(requests, options)
      for (const [i, request] of requests.entries()) {
        const [alone] = await generator.generate([request], options)
        sameNumbers(alone, together[i], `request ${i} alone`)
      }
      const reversed = await generator.generate([...requests].reverse(), options)
      sameNumbers(reversed.reverse(), together, 'in another order')
      const more = await generator.generate(
        requests.map((request) => ({ ...request, count: 9 })),
        options,
      )
      const first = more.map((sequences, i) => sequences.slice(0, requests[i]!.count))
      sameNumbers(first, together, 'as the first of more sequences')
    }
    const [many] = await generator.generate([{ ...requests[0]!, count: 70 }], { maxTokens: 3 })
    const [few] = await generator.generate([{ ...requests[0]!, count: 2 }], { maxTokens: 3 })
    sameNumbers(many!.slice(0, 2), few, 'split into several groups')
    await generator.dispose()
  })
}

test('a log-probability is the sum over tokens of log softmax of the logits', async () => {
  const generator = await openGenerator(engine, tiny, livelyWeights(tiny, 1))
  const prompt = [5, 9, 2, 40, 7]
  for (const temperature of [1, 0.5, 0]) {
    const [sequences] = await generator.generate([{ ids: prompt, count: 3, seed: 8 }], { maxTokens: 6, temperature })
    for (const { ids, logProbability } of sequences!) {
      const logits = await generator.logits([...prompt, ...ids])
      const expected = ids.reduce((sum, token, i) => {
        const at = (prompt.length + i - 1) * tiny.vocabSize
        const row = [...logits.subarray(at, at + tiny.vocabSize)]
        return sum + row[token]! - Math.log(row.reduce((total, logit) => total + Math.exp(logit), 0))
      }, 0)
      assert.ok(Math.abs(logProbability - expected) < 1e-4, `expected ${expected}, got ${logProbability}`)
    }
  }
  await generator.dispose()
})

test('a sequence ends with its stop token or after maxTokens', async () => {
  const generator = await openGenerator(engine, tiny, livelyWeights(tiny, 1))
  const stop = [0, 10, 20, 30, 40, 50, 60]
  const [sequences] = await generator.generate([{ ids: [1, 2, 3], count: 40, seed: 2 }], { maxTokens: 10, stop })
  for (const { ids, stopped } of sequences!) {
    const place = ids.findIndex((id) => stop.includes(id))
    if (stopped) assert.equal(place, ids.length - 1)
    else assert.deepEqual([place, ids.length], [-1, 10])
  }
  assert.deepEqual(new Set(sequences!.map(({ stopped }) => stopped)), new Set([true, false]), 'both happen')
  await generator.dispose()
})

test('tokens are drawn as often as the temperature says, and never outside top-k or top-p', async () => {
  const config = { ...tiny, vocabSize: 40 }
  const generator = await openGenerator(engine, config, livelyWeights(config, 4))
  const prompt = [7, 3]
  const count = 4000
  const last = [...(await generator.logits(prompt)).subarray(config.vocabSize)]
  const softmax = (temperature: number) => {
    const weights = last.map((logit) => Math.exp(logit / temperature))
    const total = weights.reduce((a, b) => a + b, 0)
    return weights.map((weight) => weight / total)
  }
  const shares = async (options: { temperature: number; topK?: number; topP?: number }) => {
    const [drawn] = await generator.generate([{ ids: prompt, count, seed: 1 }], { maxTokens: 1, ...options })
    const counts = new Array<number>(config.vocabSize).fill(0)
    for (const { ids } of drawn!) counts[ids[0]!]! += 1 / count
    return counts
  }
  const plain = await shares({ temperature: 0.7 })
  softmax(0.7).forEach((p, token) => {
    // Five standard deviations of a binomial share.
    const margin = 5 * Math.sqrt((p * (1 - p)) / count) + 1 / count
    assert.ok(Math.abs(plain[token]! - p) < margin, `token ${token}: expected ${p}, got ${plain[token]}`)
  })
  const ranked = softmax(1)
    .map((p, token) => ({ p, token }))
    .sort((a, b) => b.p - a.p)
  const drawnTokens = (list: number[]) => list.flatMap((share, token) => (share > 0 ? [token] : []))
  const byNumber = (a: number, b: number) => a - b
  const top3 = drawnTokens(await shares({ temperature: 1, topK: 3 }))
  assert.deepEqual(
    top3,
    ranked
      .slice(0, 3)
      .map(({ token }) => token)
      .sort(byNumber),
  )
  let before = 0
  const nucleus = ranked.filter(({ p }) => {
    before += p
    return before - p < 0.3
  })
  const topP = drawnTokens(await shares({ temperature: 1, topP: 0.3 }))
  assert.deepEqual(topP, nucleus.map(({ token }) => token).sort(byNumber))
  await generator.dispose()
})

test('requests that cannot be served are refused with what was expected', async () => {
  const generator = await openGenerator(engine, tiny, livelyWeights(tiny, 1))
  const ask = (ids: number[], count = 1, maxTokens = 4) => generator.generate([{ ids, count, seed: 1 }], { maxTokens })
  await assert.rejects(ask([]), /Expected a prompt of at least one token/)
  await assert.rejects(ask([61]), /Expected token ids in \[0, 61\), got 61/)
  await assert.rejects(ask([1], 0), /Expected `count` to be an integer from 1 up, got 0/)
  await assert.rejects(ask([1], 1, 256), /fit the model's 256 positions, got 1 \+ 256/)
  assert.deepEqual(await generator.generate([], { maxTokens: 4 }), [])
  await generator.dispose()
})
