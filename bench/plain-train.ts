// The training step as one would first write it, as a yardstick for train.ts: textbook operators, transposed copies,
// all positions at the head, AdamW parameter by parameter. It does less than ours: no rotary positions, no packed rows,
// no gradient clipping, no weight decay. Sizes and number of parameters are the same.
import type { Engine, Tensor, Tensors } from '../lib/engine/engine.ts'
import { gradients } from '../lib/engine/gradients.ts'
import { Graph, type Value } from '../lib/engine/graph.ts'
import { embedding, silu } from '../lib/engine/layers.ts'
import { crossEntropy } from '../lib/engine/losses.ts'
import { add, divide, flat, multiply, reduceSum, reshape, softmax, sqrt, subtract } from '../lib/engine/ops.ts'
import type { ModelConfig } from '../lib/model/config.ts'
import { initialWeights, parametersOf } from '../lib/model/weights.ts'

export interface PlainTrainer {
  /** One optimizer step on ids and targets, each [rows · columns]. Result: the loss before it. */
  step(ids: Int32Array, targets: Int32Array, learningRate: number): Promise<number>
  dispose(): Promise<void>
}

/** Opens a trainer of the same network. Only configurations with as many key heads as heads. */
export async function openPlainTrainer(
  engine: Engine,
  config: ModelConfig,
  rows: number,
  columns: number,
): Promise<PlainTrainer> {
  const specs = parametersOf(config)
  const weights = initialWeights(config, 1)
  const g = new Graph()
  const parameters = new Map(specs.map(({ name, dims }) => [name, g.input(name, 'float32', dims)]))
  const loss = forward(g, config, (name) => parameters.get(name)!, rows, columns)
  const found = gradients(g, loss, [...parameters.values()])
  const [rate, correction1, correction2] = ['rate', 'correction1', 'correction2'].map((name) =>
    g.input(name, 'float32', []),
  )
  g.output('loss', loss)
  const kept: Record<string, string> = {}
  const state: Tensors = {}
  const keep = (name: string, value: Value, data: Float32Array) => {
    g.output(`next ${name}`, value)
    kept[`next ${name}`] = name
    state[name] = { type: 'float32', dims: value.shape as number[], data }
  }
  const c = (number: number) => g.scalar(number)
  specs.forEach(({ name, dims }, i) => {
    const [m, v, gradient] = [g.input(`${name} m`, 'float32', dims), g.input(`${name} v`, 'float32', dims), found[i]!]
    const m2 = add(g, multiply(g, m, c(0.9)), multiply(g, gradient, c(0.1)))
    const v2 = add(g, multiply(g, v, c(0.95)), multiply(g, multiply(g, gradient, gradient), c(0.05)))
    const direction = divide(g, divide(g, m2, correction1!), add(g, sqrt(g, divide(g, v2, correction2!)), c(1e-8)))
    const { data } = weights.get(name)!
    keep(name, subtract(g, parameters.get(name)!, multiply(g, rate!, direction)), data.slice())
    keep(`${name} m`, m2, new Float32Array(data.length))
    keep(`${name} v`, v2, new Float32Array(data.length))
  })
  const held = await engine.hold(state)
  const session = await engine.session(g, { held, inputs: Object.values(kept), outputs: kept })
  let steps = 0
  return {
    step: async (ids, targets, learningRate) => {
      steps++
      const result = await session.run({
        ids: { type: 'int32', dims: [rows, columns], data: ids.slice() },
        targets: { type: 'int32', dims: [rows * columns], data: targets.slice() },
        rate: number(learningRate),
        correction1: number(1 - 0.9 ** steps),
        correction2: number(1 - 0.95 ** steps),
      })
      return Number(result.loss!.data[0])
    },
    dispose: async () => {
      await session.dispose()
      await held.dispose()
    },
  }
}

const number = (value: number): Tensor => ({ type: 'float32', dims: [], data: new Float32Array([value]) })

function forward(g: Graph, config: ModelConfig, p: (name: string) => Value, rows: number, columns: number): Value {
  const { hiddenSize, heads, headSize } = config
  const filled = (size: number, fill: (i: number) => number) => Float32Array.from({ length: size }, (_, i) => fill(i))
  const future = (i: number) => (i % columns > Math.floor(i / columns) ? -1e9 : 0)
  const mask = g.constant({ type: 'float32', dims: [columns, columns], data: filled(columns ** 2, future) })
  const split = (x: Value) => transpose(g, reshape(g, x, [rows, columns, heads, headSize]), [0, 2, 1, 3])
  let x = embedding(g, p('model.embed_tokens.weight'), g.input('ids', 'int32', [rows, columns]))
  for (let layer = 0; layer < config.layers; layer++) {
    const at = (name: string, kind = 'weight') => p(`model.layers.${layer}.${name}.${kind}`)
    const h = norm(g, x, at('input_layernorm'))
    const [q, k, v] = ['q', 'k', 'v'].map((letter) =>
      split(add(g, project(g, h, at(`self_attn.${letter}_proj`)), at(`self_attn.${letter}_proj`, 'bias'))),
    )
    const scores = add(g, multiply(g, matmul(g, q!, transpose(g, k!, [0, 1, 3, 2])), g.scalar(headSize ** -0.5)), mask)
    const seen = transpose(g, matmul(g, attention(g, scores), v!), [0, 2, 1, 3])
    x = add(g, x, project(g, reshape(g, seen, [rows, columns, hiddenSize]), at('self_attn.o_proj')))
    const inner = norm(g, x, at('post_attention_layernorm'))
    const gated = multiply(g, silu(g, project(g, inner, at('mlp.gate_proj'))), project(g, inner, at('mlp.up_proj')))
    x = add(g, x, project(g, gated, at('mlp.down_proj')))
  }
  const logits = flat(g, project(g, norm(g, x, p('model.norm.weight')), p('lm_head.weight')))
  const ones = g.constant({ type: 'float32', dims: [rows * columns], data: filled(rows * columns, () => 1) })
  return crossEntropy(g, logits, g.input('targets', 'int32', [rows * columns]), ones)
}

const swapped = (x: Value) => x.shape.map((_, i) => (i < x.shape.length - 2 ? i : 2 * x.shape.length - 3 - i))

/** Always a copy, also where only axes of size 1 move. */
function transpose(g: Graph, x: Value, order: readonly number[]): Value {
  const result = { type: x.type, shape: order.map((axis) => x.shape[axis]!) }
  const y = g.node('Transpose', [x], result, { attributes: { perm: { ints: order } } })
  return g.record(y, [x], (dy) => [
    transpose(
      g,
      dy,
      order.map((_, i) => order.indexOf(i)),
    ),
  ])
}

function matmul(g: Graph, a: Value, b: Value): Value {
  const y = g.node('MatMul', [a, b], { type: a.type, shape: [...a.shape.slice(0, -1), b.shape.at(-1)!] })
  return g.record(y, [a, b], (dy) => [
    matmul(g, dy, transpose(g, b, swapped(b))),
    b.shape.length === 2 && a.shape.length > 2
      ? matmul(g, transpose(g, flat(g, a), [1, 0]), flat(g, dy))
      : matmul(g, transpose(g, a, swapped(a)), dy),
  ])
}

const project = (g: Graph, x: Value, weight: Value): Value => matmul(g, x, transpose(g, weight, [1, 0]))

function attention(g: Graph, scores: Value): Value {
  const y = softmax(g, scores)
  return g.record(y, [scores], (dy) => [multiply(g, y, subtract(g, dy, reduceSum(g, multiply(g, dy, y), [-1])))])
}

function norm(g: Graph, x: Value, weight: Value): Value {
  const mean = (value: Value) => divide(g, reduceSum(g, value, [-1]), g.scalar(x.shape.at(-1) as number))
  const scale = divide(g, g.scalar(1), sqrt(g, add(g, mean(multiply(g, x, x)), g.scalar(1e-6))))
  const normal = multiply(g, x, scale)
  const y = g.node('Mul', [normal, weight], { type: x.type, shape: x.shape })
  return g.record(y, [x, weight], (dy) => {
    const inner = multiply(g, dy, weight)
    const slope = subtract(g, inner, multiply(g, normal, mean(multiply(g, inner, normal))))
    return [multiply(g, scale, slope), reduceSum(g, flat(g, multiply(g, dy, normal)), [0], false)]
  })
}
