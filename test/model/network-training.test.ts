import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Engine } from '../../lib/engine/engine.ts'
import { openScorer } from '../../lib/model/scoring.ts'
import { type LanguageBatch, openTrainer, type PreferenceBatch } from '../../lib/model/training.ts'
import { initialWeights, type Weights } from '../../lib/model/weights.ts'
import { random } from '../../lib/seed/random.ts'
import { openTested, sameNumbers, theSame } from '../engine/device-under-test.ts'
import { livelyWeights, tiny, tokens } from './network-fixtures.ts'

let engine: Engine
before(async () => {
  engine = await openTested({ threads: 2 })
})
after(() => engine.dispose())

const rows = 2
const columns = 24
type Part = { ids: number[]; segment: number; parent?: number; start?: number; weight?: number }

/** Packs sequences into rows; each token's target is the next one of its sequence. */
function pack(lines: Part[][]): LanguageBatch {
  const make = () => new Int32Array(rows * columns)
  const batch = { ids: make(), positions: make(), segments: make(), parents: make(), targets: make() }
  const lossWeights = new Float32Array(rows * columns)
  lines.forEach((parts, row) => {
    let place = row * columns
    for (const { ids, segment, parent = 0, start = 0, weight = 1 } of parts) {
      ids.forEach((id, i) => {
        batch.ids[place] = id
        batch.positions[place] = start + i
        batch.segments[place] = segment
        batch.parents[place] = parent
        if (i + 1 < ids.length) {
          batch.targets[place] = ids[i + 1]!
          lossWeights[place] = weight
        }
        place++
      })
    }
  })
  return { ...batch, lossWeights }
}

const rng = random(9, 'sequences')
const [a, b, c] = [9, 8, 7].map((length) => tokens(rng, length, tiny)) as [number[], number[], number[]]
const open = (weights: Weights = livelyWeights(tiny, 3)) =>
  openTrainer(engine, tiny, weights, { rows, columns, objective: 'language' })

test('a sequence has the same loss packed behind others as alone in its row', async () => {
  const trainer = await open()
  const packed = await trainer.evaluate(
    pack([
      [
        { ids: a, segment: 1, weight: 0 },
        { ids: b, segment: 2 },
      ],
      [{ ids: c, segment: 1, weight: 0 }],
    ]),
  )
  const alone = await trainer.evaluate(pack([[{ ids: b, segment: 1 }]]))
  assert.ok(Math.abs(packed.loss - alone.loss) < 1e-5, `${packed.loss} and ${alone.loss}`)
  await trainer.dispose()
})

test('two continuations of one prefix do not see each other', async () => {
  const trainer = await open()
  const part = (ids: number[], segment: number): Part => ({ ids, segment, parent: 1, start: a.length })
  const prefix: Part = { ids: a, segment: 1, weight: 0 }
  const both = await trainer.evaluate(pack([[prefix, { ...part(b, 2), weight: 0 }, part(c, 3)]]))
  const alone = await trainer.evaluate(pack([[prefix, part(c, 2)]]))
  assert.ok(Math.abs(both.loss - alone.loss) < 1e-5, `${both.loss} and ${alone.loss}`)
  const blind = await trainer.evaluate(pack([[prefix, { ...part(c, 2), parent: 0 }]]))
  assert.ok(Math.abs(both.loss - blind.loss) > 1e-3, 'the prefix is seen')
  await trainer.dispose()
})

test('the loss is the mean over positions by weight', async () => {
  const trainer = await open()
  const line = (weights: [number, number]) =>
    pack([
      [
        { ids: a, segment: 1, weight: weights[0] },
        { ids: b, segment: 2, weight: weights[1] },
      ],
    ])
  const [first, second, mixed] = [
    await trainer.evaluate(line([1, 0])),
    await trainer.evaluate(line([0, 1])),
    await trainer.evaluate(line([1, 3])),
  ]
  const [n, m] = [a.length - 1, 3 * (b.length - 1)]
  const expected = (n * first.loss + m * second.loss) / (n + m)
  assert.ok(Math.abs(mixed.loss - expected) < 1e-5, `expected ${expected}, got ${mixed.loss}`)
  await trainer.dispose()
})

test('training learns a sequence by heart, and evaluating changes nothing', async () => {
  const trainer = await open(initialWeights(tiny, 1))
  const batch = pack([
    [
      { ids: a, segment: 1 },
      { ids: b, segment: 2 },
    ],
    [{ ids: c, segment: 1 }],
  ])
  const { loss: first } = await trainer.step(batch, 1e-2)
  for (let step = 0; step < 80; step++) await trainer.step(batch, 1e-2)
  const { loss: last } = await trainer.evaluate(batch)
  assert.ok(first > 3.5 && last < 0.1, `from ${first} to ${last}`)
  assert.equal((await trainer.evaluate(batch)).loss, last)
  await trainer.dispose()
})

test(`two trainings of the same data give weights that are ${theSame}, also after a reset`, async () => {
  const batch = pack([
    [
      { ids: a, segment: 1 },
      { ids: b, segment: 2 },
    ],
    [{ ids: c, segment: 1 }],
  ])
  const start = initialWeights(tiny, 1)
  const trainer = await open(start)
  const run = async () => {
    for (let step = 0; step < 10; step++) await trainer.step(batch, 1e-2)
    return trainer.weights()
  }
  const first = await run()
  await trainer.reset(start)
  assert.deepEqual(await trainer.weights(), start)
  // Elsewhere the gradients of one token are added in any order, which AdamW may turn into a step of the learning rate.
  sameNumbers(await run(), first, 'trained again', 1e-2)
  await trainer.dispose()
})

test('a batch of another size or without any loss is refused', async () => {
  const trainer = await open()
  const batch = pack([[{ ids: a, segment: 1, weight: 0 }]])
  await assert.rejects(trainer.step(batch, 1e-3), /Expected a batch with at least one lossWeight above 0/)
  await assert.rejects(
    trainer.step({ ...batch, ids: new Int32Array(3) }, 1e-3),
    /Expected `ids` of 2 × 24 numbers, got 3/,
  )
  await trainer.dispose()
})

const pairs = (): PreferenceBatch => {
  const part = (ids: number[], segment: number): Part => ({ ids, segment, parent: 1, start: a.length })
  const batch = pack([[{ ids: a, segment: 1 }, part(b, 2), part(c, 3)]])
  const [better, worse] = [a.length + b.length - 1, a.length + b.length + c.length - 1]
  return {
    ...batch,
    chosen: Int32Array.of(better, worse),
    rejected: Int32Array.of(worse, better),
    pairWeights: Float32Array.of(1, 0),
  }
}

test('preference training ranks the chosen continuation first, and the scorer reads the same scores', async () => {
  const weights = livelyWeights(tiny, 3, { valueHead: true })
  const scored = async (current: Weights) => {
    const scorer = await openScorer(engine, tiny, current)
    const [[chosen, rejected]] = (await scorer.score([{ prefix: a, candidates: [b, c] }])) as [[number, number]]
    await scorer.dispose()
    return chosen - rejected
  }
  const trainer = await openTrainer(engine, tiny, weights, { rows, columns, objective: 'preference' })
  const before = await trainer.evaluate(pairs())
  const margin = await scored(weights)
  const expected = Math.log1p(Math.exp(-margin))
  assert.ok(Math.abs(before.loss - expected) < 1e-4, `expected ${expected}, got ${before.loss}`)
  assert.equal(before.correct, margin > 0 ? 1 : 0)
  for (let step = 0; step < 30; step++) await trainer.step(pairs(), 1e-2)
  assert.equal((await trainer.evaluate(pairs())).correct, 1)
  assert.ok((await scored(await trainer.weights())) > 2)
  await trainer.dispose()
})

test('dropout changes the loss of a step, is decided by its seed, and is absent from evaluation', async () => {
  const weights = livelyWeights(tiny, 3, { valueHead: true })
  const firstLoss = async (dropout: number, seed: number) => {
    const trainer = await openTrainer(engine, tiny, weights, { rows, columns, objective: 'preference', dropout, seed })
    const evaluated = (await trainer.evaluate(pairs())).loss
    const { loss } = await trainer.step(pairs(), 1e-3)
    await trainer.dispose()
    return { evaluated, loss }
  }
  const [none, one, again, two] = [
    await firstLoss(0, 1),
    await firstLoss(0.5, 1),
    await firstLoss(0.5, 1),
    await firstLoss(0.5, 2),
  ]
  assert.deepEqual(one, again)
  assert.notEqual(one.loss, two.loss)
  assert.notEqual(one.loss, none.loss)
  assert.equal(one.evaluated, none.evaluated)
})
