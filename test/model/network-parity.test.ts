// The network against numbers that PyTorch, or plain NumPy, computed for the same checkpoints (golden.json beside each).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Engine } from '../../lib/engine/engine.ts'
import { loadCheckpoint } from '../../lib/model/checkpoint.ts'
import { openGenerator } from '../../lib/model/generation.ts'
import { openScorer } from '../../lib/model/scoring.ts'
import { openTrainer } from '../../lib/model/training.ts'
import { openTested } from '../engine/device-under-test.ts'
import { fixture } from '../fixtures.ts'

interface Golden {
  cases: { prompt: string; ids: number[]; last_logits: number[]; mean_logits: number[]; greedy: number[] }[]
  train: { texts: string[]; truncate_to_tokens: number; losses: number[]; grad_norms: number[] }
}

let engine: Engine
before(async () => {
  engine = await openTested({ threads: 1 })
})
after(() => engine.dispose())

for (const name of ['qwen2-tiny', 'qwen2-tied-tiny', 'tied-flag-but-other-head']) {
  const folder = fixture('checkpoints', name)
  const golden = JSON.parse(readFileSync(`${folder}/golden.json`, 'utf8')) as Golden

  test(`${name}: logits are within 1e-4 of PyTorch's, greedy tokens are equal`, async () => {
    const { config, weights } = await loadCheckpoint(folder)
    const generator = await openGenerator(engine, config, weights)
    for (const { ids, last_logits, mean_logits, greedy } of golden.cases) {
      const logits = await generator.logits(ids)
      const rows = ids.map((_, row) => logits.subarray(row * config.vocabSize, (row + 1) * config.vocabSize))
      const worst = Math.max(...last_logits.map((expected, i) => Math.abs(expected - rows.at(-1)![i]!)))
      assert.ok(worst < 1e-4, `last logits differ by ${worst}`)
      rows.forEach((row, i) => {
        const mean = row.reduce((sum, logit) => sum + logit, 0) / row.length
        assert.ok(
          Math.abs(mean - mean_logits[i]!) < 1e-4,
          `mean logit after token ${i}: ${mean}, not ${mean_logits[i]}`,
        )
      })
      const options = { maxTokens: greedy.length, temperature: 0 }
      const [sequences] = await generator.generate([{ ids, count: 1, seed: 1 }], options)
      assert.deepEqual(sequences![0]!.ids, greedy)
    }
    await generator.dispose()
  })

  test(`${name}: the eight losses and gradient norms of training are within 1e-3 of PyTorch's`, async () => {
    const { config, weights, tokenizer } = await loadCheckpoint(folder)
    const { texts, truncate_to_tokens: columns, losses, grad_norms } = golden.train
    const size = texts.length * columns
    const batch = {
      ids: new Int32Array(size),
      positions: new Int32Array(size),
      segments: new Int32Array(size),
      parents: new Int32Array(size),
      targets: new Int32Array(size),
      lossWeights: new Float32Array(size),
    }
    texts.forEach((text, row) => {
      const ids = tokenizer.encode(text, { specials: true }).slice(0, columns)
      ids.forEach((id, i) => {
        const place = row * columns + i
        batch.ids[place] = id
        batch.positions[place] = i
        batch.segments[place] = 1
        if (i + 1 === ids.length) return
        batch.targets[place] = ids[i + 1]!
        batch.lossWeights[place] = 1
      })
    })
    const trainer = await openTrainer(engine, config, weights, {
      rows: texts.length,
      columns,
      objective: 'language',
      optimizer: { weightDecay: 0.1, decayAll: true },
    })
    for (const [step, expected] of losses.entries()) {
      const { loss, gradientNorm } = await trainer.step(batch, 1e-3)
      assert.ok(Math.abs(loss - expected) < 1e-3, `loss ${step}: expected ${expected}, got ${loss}`)
      const norm = grad_norms[step]!
      assert.ok(Math.abs(gradientNorm - norm) < 1e-3, `gradient norm ${step}: expected ${norm}, got ${gradientNorm}`)
    }
    await trainer.dispose()
  })
}

test('a reward model of transformers scores as a PPM: within 1e-4 of its score layer after each token', async () => {
  const folder = fixture('checkpoints', 'seqcls-reward')
  const golden = JSON.parse(readFileSync(`${folder}/golden.json`, 'utf8')) as {
    cases: { ids: number[]; rewards: number[] }[]
  }
  const { config, weights } = await loadCheckpoint(folder)
  const scorer = await openScorer(engine, config, weights)
  for (const { ids, rewards } of golden.cases) {
    const candidates = ids.slice(1).map((_, i) => ids.slice(1, i + 2))
    const [scores] = await scorer.score([{ prefix: ids.slice(0, 1), candidates }])
    rewards.slice(1).forEach((expected, i) => {
      const got = scores![i]!
      assert.ok(Math.abs(got - expected) < 1e-4, `after ${i + 2} tokens: expected ${expected}, got ${got}`)
    })
  }
  await scorer.dispose()
})
