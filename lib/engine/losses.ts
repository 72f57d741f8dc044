// What trainings make small: the cross-entropy of predicted tokens (the policy) and the preference loss of pairs (the PPM).
import type { Graph, Value } from './graph.ts'
import { divide, exp, multiply, negate, reduceSum, reshape, sigmoid, softmax, subtract } from './ops.ts'

/** Logarithm of the softmax of each row, and its entry at the row's target, [c, 1]. No gradient: see `crossEntropy`. */
export function logProbabilitiesOf(g: Graph, logits: Value, targets: Value): { log: Value; picked: Value } {
  const [rows] = logits.shape
  const log = softmax(g, logits, { log: true })
  const target = reshape(g, targets, [rows!, 1])
  const attributes = { axis: { int: 1 } }
  const picked = g.node('GatherElements', [log, target], { type: 'float32', shape: [rows!, 1] }, { attributes })
  return { log, picked }
}

/**
 * Mean cross-entropy over rows, weighted. logits: [c, vocabulary], targets: [c] integers, weights: [c], not all 0.
 */
export function crossEntropy(g: Graph, logits: Value, targets: Value, weights: Value): Value {
  const { log, picked } = logProbabilitiesOf(g, logits, targets)
  const target = reshape(g, targets, [targets.shape[0]!, 1])
  const share = shares(g, weights)
  const loss = negate(g, reduceSum(g, multiply(g, picked, share), [0, 1], false))
  return g.record(loss, [logits], (dy) => {
    const scaled = multiply(g, share, dy)
    const spread = multiply(g, exp(g, log), scaled)
    const attributes = { axis: { int: 1 }, reduction: { text: 'add' } }
    return [
      g.node(
        'ScatterElements',
        [spread, target, negate(g, scaled)],
        { type: 'float32', shape: logits.shape },
        { attributes },
      ),
    ]
  })
}

/**
 * The preference loss `-log sigmoid(chosen - rejected)` (paper, Eq. 4), weighted mean over pairs.
 * chosen, rejected: [n, 1], weights: [n], not all 0.
 */
export function pairLoss(g: Graph, chosen: Value, rejected: Value, weights: Value): Value {
  const margin = subtract(g, chosen, rejected)
  const share = shares(g, weights)
  const away = negate(g, margin)
  const losses = g.node('Softplus', [away], { type: 'float32', shape: away.shape })
  const loss = reduceSum(g, multiply(g, losses, share), [0, 1], false)
  return g.record(loss, [margin], (dy) => [negate(g, multiply(g, sigmoid(g, away), multiply(g, share, dy)))])
}

/** The weighted mean `Σ weightᵢ lossᵢ / Σ weightᵢ`'s share of each, [c, 1]. */
function shares(g: Graph, weights: Value): Value {
  const column = reshape(g, weights, [weights.shape[0]!, 1])
  return divide(g, column, reduceSum(g, column, [0, 1], false))
}
