// The paper's Eq. 4 in numbers.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Engine } from '../../lib/engine/engine.ts'
import { Graph } from '../../lib/engine/graph.ts'
import { pairLoss } from '../../lib/engine/losses.ts'
import { openTested } from './device-under-test.ts'

let engine: Engine
before(async () => {
  engine = await openTested({ threads: 1 })
})
after(() => engine.dispose())

/** The loss of pairs, each with the scores of its sides and its weight. */
async function lossOf(pairs: readonly (readonly [chosen: number, rejected: number, weight: number])[]) {
  const g = new Graph()
  const n = pairs.length
  const scores = (name: string) => g.input(name, 'float32', [n, 1])
  g.output('loss', pairLoss(g, scores('chosen'), scores('rejected'), g.input('weights', 'float32', [n])))
  const session = await engine.session(g)
  const column = (at: 0 | 1 | 2, dims: number[]) => ({
    type: 'float32' as const,
    dims,
    data: Float32Array.from(pairs, (pair) => pair[at]),
  })
  const { loss } = await session.run({
    chosen: column(0, [n, 1]),
    rejected: column(1, [n, 1]),
    weights: column(2, [n]),
  })
  await session.dispose()
  return Number(loss!.data[0])
}
const isClose = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `expected ${expected}, got ${actual}`)
/** -log sigmoid. */
const cost = (margin: number) => Math.log1p(Math.exp(-margin))

test('Eq. 4: the loss of a pair is -log sigmoid(chosen - rejected), on raw scores: 0.127 at a margin of 2, log 2 at 0', async () => {
  isClose(await lossOf([[3, 1, 1]]), cost(2))
  isClose(await lossOf([[3, 1, 1]]), 0.126928)
  isClose(await lossOf([[0.5, 0.5, 1]]), Math.log(2))
  isClose(await lossOf([[40, 41, 1]]), cost(-1)) // tanh would have made both sides equal
})

test('Eq. 4: the four pairs of two sides of two weigh 1/4 each, together as much as the only pair of another prefix', async () => {
  const four = [
    [1, 0, 1 / 4],
    [1, -1, 1 / 4],
    [0, 0, 1 / 4],
    [0, -1, 1 / 4],
  ] as const
  const mean = (cost(1) + cost(2) + cost(0) + cost(1)) / 4
  isClose(await lossOf(four), mean)
  isClose(await lossOf([...four, [-2, 1, 1]]), (mean + cost(-3)) / 2)
})

test('the loss is a mean by weight: all weights halved, it stays', async () => {
  const pairs = [
    [2, 0, 1],
    [0, 1, 0.5],
  ] as const
  const halved = pairs.map(([chosen, rejected, weight]) => [chosen, rejected, weight / 2] as const)
  isClose(await lossOf(pairs), (cost(2) + 0.5 * cost(-1)) / 1.5)
  isClose(await lossOf(halved), await lossOf(pairs))
})
