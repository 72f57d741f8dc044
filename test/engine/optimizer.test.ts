import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Graph } from '../../lib/engine/graph.ts'
import { adamW, type OptimizerOptions } from '../../lib/engine/optimizer.ts'
import { openTested } from './device-under-test.ts'

const gradientsOf = (step: number) => [3 * Math.sin(step), -4 + step, 0.5]
const start = [1, -2, 0.25]
const rate = 0.1

/** AdamW as its paper writes it, one number after the other, in 64 bits. */
function reference(steps: number, options: Required<OptimizerOptions>) {
  const { beta1, beta2, epsilon, weightDecay, clipNorm } = options
  const value = [...start]
  const mean = [0, 0, 0]
  const square = [0, 0, 0]
  for (let t = 1; t <= steps; t++) {
    const raw = gradientsOf(t)
    const factor = Math.min(1, clipNorm / (Math.hypot(...raw) + 1e-6))
    raw.forEach((gradient, i) => {
      const g = gradient * factor
      mean[i] = beta1 * mean[i]! + (1 - beta1) * g
      square[i] = beta2 * square[i]! + (1 - beta2) * g * g
      const direction = mean[i]! / (1 - beta1 ** t) / (Math.sqrt(square[i]! / (1 - beta2 ** t)) + epsilon)
      value[i]! -= rate * weightDecay * value[i]! + rate * direction
    })
  }
  return value
}

async function trained(steps: number, options: Required<OptimizerOptions>, decays: boolean) {
  const engine = await openTested({ threads: 1 })
  const g = new Graph()
  const input = (name: string, shape: number[] = []) => g.input(name, 'float32', shape)
  const inputs = { learningRate: input('rate'), correction1: input('c1'), correction2: input('c2') }
  const parameter = {
    value: input('x', [3]),
    gradient: input('g', [3]),
    mean: input('m', [3]),
    square: input('s', [3]),
    decays,
  }
  const { updated } = adamW(g, [parameter], inputs, options)
  g.output('x next', updated[0]!.value)
  g.output('m next', updated[0]!.mean)
  g.output('s next', updated[0]!.square)
  const list = (numbers: number[]) => ({ type: 'float32' as const, dims: [3], data: Float32Array.from(numbers) })
  const number = (value: number) => ({ type: 'float32' as const, dims: [], data: Float32Array.of(value) })
  const held = await engine.hold({ x: list(start), m: list([0, 0, 0]), s: list([0, 0, 0]) })
  const outputs = { 'x next': 'x', 'm next': 'm', 's next': 's' }
  const session = await engine.session(g, { held, inputs: ['x', 'm', 's'], outputs })
  for (let t = 1; t <= steps; t++) {
    const corrections = { c1: number(1 - options.beta1 ** t), c2: number(1 - options.beta2 ** t) }
    await session.run({ g: list(gradientsOf(t)), rate: number(rate), ...corrections })
  }
  const { x } = await held.read(['x'])
  await engine.dispose()
  return [...x!.data].map(Number)
}

const options = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, decayAll: false, clipNorm: 1 }
const close = (actual: number[], expected: number[]) =>
  actual.forEach((number, i) => {
    assert.ok(Math.abs(number - expected[i]!) < 1e-5, `element ${i}: expected ${expected[i]}, got ${number}`)
  })

test('five AdamW steps equal the formulas of its paper, gradient clipped to norm 1', async () => {
  close(await trained(5, options, true), reference(5, options))
})

test('no clipping is Infinity', async () => {
  const free = { ...options, clipNorm: Number.POSITIVE_INFINITY }
  close(await trained(3, free, true), reference(3, free))
})

test('norms and biases do not decay unless asked to', async () => {
  close(await trained(3, options, false), reference(3, { ...options, weightDecay: 0 }))
  close(await trained(3, { ...options, decayAll: true }, false), reference(3, options))
})
