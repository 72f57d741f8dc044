// Each operator's gradient against central differences of its own forward pass, in 32-bit numbers.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { attend, maskBlocks, UNSEEN } from '../../lib/engine/attention.ts'
import type { Engine, Tensors } from '../../lib/engine/engine.ts'
import { gradients } from '../../lib/engine/gradients.ts'
import { Graph, sizeOf, type Value } from '../../lib/engine/graph.ts'
import { embedding, pick, readRows, rmsNorm, rotaryConstants, rotate, silu } from '../../lib/engine/layers.ts'
import { crossEntropy, pairLoss } from '../../lib/engine/losses.ts'
import { add, linear, multiply, reduceSum, reshape, subtract, transpose } from '../../lib/engine/ops.ts'
import { normal, random } from '../../lib/seed/random.ts'
import { openTested } from './device-under-test.ts'

let engine: Engine
before(async () => {
  engine = await openTested({ threads: 1 })
})
after(() => engine.dispose())

type Build = (g: Graph, ...inputs: Value[]) => Value

/** Checks the gradient of `Σ cᵢ build(inputs)ᵢ` with fixed random c, in every input and every element. */
function checks(name: string, shapes: number[][], build: Build): void {
  test(`the gradient of ${name} equals its central differences`, async () => {
    const rng = random(3, name)
    const g = new Graph()
    const inputs = shapes.map((shape, i) => g.input(`x${i}`, 'float32', shape))
    const y = build(g, ...inputs)
    const coefficients = Float32Array.from({ length: sizeOf(y.shape) }, () => normal(rng))
    const c = g.constant({ type: 'float32', dims: y.shape as number[], data: coefficients })
    const loss = y.shape.length === 0 ? y : sum(g, multiply(g, y, c))
    g.output('loss', loss)
    gradients(g, loss, inputs).forEach((gradient, i) => {
      g.output(`d${i}`, gradient)
    })
    const session = await engine.session(g)
    const points = shapes.map((shape) => Float32Array.from({ length: sizeOf(shape) }, () => normal(rng)))
    const run = (at: Float32Array[]): Promise<Tensors> =>
      session.run(
        Object.fromEntries(at.map((data, i) => [`x${i}`, { type: 'float32', dims: shapes[i]!, data: data.slice() }])),
      )
    const found = await run(points)
    const h = 1e-2
    for (const [i, point] of points.entries()) {
      for (let j = 0; j < point.length; j++) {
        const moved = async (by: number) => {
          const at = points.map((data) => data.slice())
          at[i]![j]! += by
          return Number((await run(at)).loss!.data[0])
        }
        const expected = ((await moved(h)) - (await moved(-h))) / (2 * h)
        const actual = Number(found[`d${i}`]!.data[j])
        const close = Math.abs(actual - expected) <= 3e-3 * (1 + Math.abs(expected))
        assert.ok(close, `input ${i}, element ${j}: expected ${expected}, got ${actual}`)
      }
    }
    await session.dispose()
  })
}

const sum = (g: Graph, x: Value): Value =>
  g.record(
    reduceSum(
      g,
      x,
      x.shape.map((_, i) => i),
      false,
    ),
    [x],
    (dy) => [g.node('Expand', [dy, g.ints(x.shape as number[])], x)],
  )
const ints = (g: Graph, list: number[], shape = [list.length]): Value =>
  g.constant({ type: 'int32', dims: shape, data: Int32Array.from(list) })
const floats = (g: Graph, list: number[]): Value =>
  g.constant({ type: 'float32', dims: [list.length], data: Float32Array.from(list) })

checks('add with broadcasting', [[2, 3], [3]], add)
checks(
  'subtract with broadcasting',
  [
    [2, 3],
    [2, 1],
  ],
  subtract,
)
checks('multiply with broadcasting', [[2, 3], [3]], multiply)
checks('multiply of a value with itself', [[4]], (g, x) => multiply(g, x, x))
checks('reshape', [[2, 3]], (g, x) => multiply(g, reshape(g, x, [3, 2]), reshape(g, x, [3, 2])))
checks('transpose', [[2, 3, 2]], (g, x) => transpose(g, x, [2, 0, 1]))
checks('transpose that moves an axis of one', [[2, 1, 3]], (g, x) => transpose(g, x, [1, 0, 2]))
checks(
  'linear',
  [
    [2, 2, 3],
    [4, 3],
  ],
  linear,
)
checks('rmsNorm', [[2, 2, 4], [4]], (g, x, w) => rmsNorm(g, x, w, 1e-5))
checks('rotate', [[1, 3, 8]], (g, x) => {
  const positions = g.constant({ type: 'int64', dims: [1, 3], data: BigInt64Array.from([0n, 4n, 2n]) })
  return rotate(g, x, positions, rotaryConstants(g, 5, 4, 10))
})
checks('silu', [[2, 3]], silu)
checks(
  'a product of silu and another value',
  [
    [2, 3],
    [2, 3],
  ],
  (g, x, y) => multiply(g, silu(g, x), y),
)
checks('embedding with a repeated token', [[3, 2]], (g, table) => embedding(g, table, ints(g, [1, 2, 1, 1], [2, 2])))
checks('readRows with rows left out', [[3, 2]], (g, x) => readRows(g, x, ints(g, [2, 0]), ints(g, [1, 2, 0])))
checks('pick with a repeated row', [[3, 1]], (g, x) => pick(g, x, ints(g, [2, 0, 2])))
checks('crossEntropy with a weight of 0', [[3, 4]], (g, logits) =>
  crossEntropy(g, logits, ints(g, [1, 3, 0]), floats(g, [1, 0.5, 0])),
)
checks(
  'pairLoss',
  [
    [3, 1],
    [3, 1],
  ],
  (g, a, b) => pairLoss(g, a, b, floats(g, [1, 0.5, 0])),
)

const causal = (g: Graph, rows: number): Value => {
  const mask = Array.from({ length: rows * 9 }, (_, i) => (i % 3 > Math.floor(i / 3) % 3 ? UNSEEN : 0))
  return g.constant({ type: 'float32', dims: [rows, 1, 3, 1, 3], data: Float32Array.from(mask) })
}
const attention = (rows: number, blocks: number) => (g: Graph, q: Value, k: Value, v: Value) =>
  attend(g, q, k, v, maskBlocks(g, causal(g, rows), blocks))
const oneKeyHead = [
  [2, 1, 3, 2, 4],
  [2, 1, 1, 3, 4],
  [2, 1, 1, 3, 4],
]
checks('attention with one key head', oneKeyHead, attention(2, 1))
checks(
  'attention with two key heads',
  [
    [1, 2, 3, 2, 2],
    [1, 2, 1, 3, 2],
    [1, 2, 1, 3, 2],
  ],
  attention(1, 1),
)
checks('attention in blocks of queries', oneKeyHead, attention(2, 2))
