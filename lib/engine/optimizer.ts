// AdamW inside the graph (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", algorithm 2), with the
// gradient clipped to a global norm first.
import type { Graph, Value } from './graph.ts'
import { add, divide, minimum, multiply, sqrt, subtract } from './ops.ts'

export interface OptimizerOptions {
  /** Decay of the mean of gradients, in [0, 1). @default 0.9 */
  beta1?: number
  /** Decay of the mean of squared gradients, in [0, 1). @default 0.95 */
  beta2?: number
  /** Added to the root of the second moment. @default 1e-8 */
  epsilon?: number
  /** Share of a matrix that goes in each step, times the learning rate. @default 0 */
  weightDecay?: number
  /** Whether norms and biases decay as well. @default false */
  decayAll?: boolean
  /** Largest norm of all gradients together; Infinity for no limit. @default 1 */
  clipNorm?: number
}

/** A parameter in the graph with its gradient and its two moments, all of one shape. */
export interface Trained {
  readonly value: Value
  readonly gradient: Value
  readonly mean: Value
  readonly square: Value
  readonly decays: boolean
}

/** Inputs that change from step to step. Each a number without axes. */
export interface StepInputs {
  readonly learningRate: Value
  /** `1 - beta1^t` and `1 - beta2^t` with t = 1 in the first step. */
  readonly correction1: Value
  readonly correction2: Value
}

/** The norm of all gradients together. */
export function globalNorm(g: Graph, gradients: readonly Value[]): Value {
  const number = { type: 'float32', shape: [] } as const
  const keepdims = { attributes: { keepdims: { int: 0 } } }
  const squares = gradients.map((gradient) => g.node('ReduceSumSquare', [gradient], number, keepdims))
  return sqrt(g, g.node('Sum', squares, number))
}

/** One AdamW step of every parameter. Result: the new value, mean and square of each, and the norm before clipping. */
export function adamW(g: Graph, parameters: readonly Trained[], inputs: StepInputs, options: OptimizerOptions = {}) {
  const { beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weightDecay = 0, decayAll = false, clipNorm = 1 } = options
  const { learningRate, correction1, correction2 } = inputs
  const c = (number: number) => g.scalar(number)
  const norm = globalNorm(
    g,
    parameters.map(({ gradient }) => gradient),
  )
  // 1e-6 as in torch.nn.utils.clip_grad_norm_, so that curves compare.
  const factor =
    clipNorm === Number.POSITIVE_INFINITY ? c(1) : minimum(g, c(1), divide(g, c(clipNorm), add(g, norm, c(1e-6))))
  // Numbers are combined before they meet the tensors: every pass over a tensor costs memory traffic.
  const weight1 = multiply(g, factor, c(1 - beta1))
  const weight2 = multiply(g, multiply(g, factor, factor), c(1 - beta2))
  const root2 = sqrt(g, correction2)
  const rate = divide(g, multiply(g, learningRate, root2), correction1)
  const floor = multiply(g, root2, c(epsilon))
  const shrink = subtract(g, c(1), multiply(g, learningRate, c(weightDecay)))
  const updated = parameters.map(({ value, gradient, mean, square, decays }) => {
    const newMean = add(g, multiply(g, mean, c(beta1)), multiply(g, gradient, weight1))
    const squared = multiply(g, multiply(g, gradient, gradient), weight2)
    const newSquare = add(g, multiply(g, square, c(beta2)), squared)
    const direction = divide(g, newMean, add(g, sqrt(g, newSquare), floor))
    const kept = weightDecay > 0 && (decays || decayAll) ? multiply(g, value, shrink) : value
    return { value: subtract(g, kept, multiply(g, direction, rate)), mean: newMean, square: newSquare }
  })
  return { updated, norm }
}
