// Heads that look back from birth. To copy a number a transformer first needs a head that reads the token before (the
// lower half of an induction head); from random weights that takes a plateau of hundreds of steps whose length is luck.
// The rotary positions can say it at once: with the query and key biases turned against each other by the angles of a
// distance, a head's score depends on the distance alone and is highest there. Everything stays free to be learned.
import type { ModelConfig } from './config.ts'
import type { Weights } from './weights.ts'

/** Length of a bias in each rotated plane: with eight planes the token right beside the target is e² times less seen. */
const STRENGTH = 4
/** The fastest planes tell neighbours apart; slower ones would only add the same to every score. */
const PLANES = 8
/** What the heads' content matrices shrink to, so that at first the position decides. */
const DAMPING = 0.2

/**
 * Makes heads 0, 1, 2 … of the first layer look at the token 1, 2, 3 … places before. Changes `weights` in place.
 * @param heads how many. Range: 0 to `config.heads`
 * Errors: more heads than the model has; key heads shared by several of them are refused, as they share a bias.
 */
export function lookBack(config: ModelConfig, weights: Weights, heads: number): void {
  const { headSize, hiddenSize, kvHeads } = config
  if (!(Number.isInteger(heads) && heads >= 0 && heads <= config.heads))
    throw new RangeError(`Expected \`lookBack\` to be a whole number from 0 to the ${config.heads} heads, got ${heads}`)
  if (heads > 0 && kvHeads !== config.heads)
    throw new RangeError(
      `Expected as many key heads as query heads to let ${heads} look back, got ${kvHeads} of ${config.heads}. ` +
        'Set model.kvHeads to model.heads, or policyTraining.lookBack to 0.',
    )
  const data = (name: string): Float32Array => weights.get(`model.layers.0.self_attn.${name}`)!.data
  const [query, key] = [data('q_proj.bias'), data('k_proj.bias')]
  for (let head = 0; head < heads; head++) {
    const distance = head + 1
    for (let plane = 0; plane < Math.min(PLANES, headSize / 2); plane++) {
      const angle = distance * config.ropeTheta ** ((-2 * plane) / headSize)
      const at = head * headSize + plane
      key[at] = STRENGTH
      query[at] = STRENGTH * Math.cos(angle)
      query[at + headSize / 2] = -STRENGTH * Math.sin(angle)
    }
    for (const matrix of [data('q_proj.weight'), data('k_proj.weight')]) {
      const rows = headSize * hiddenSize
      for (let i = head * rows; i < (head + 1) * rows; i++) matrix[i]! *= DAMPING
    }
  }
}
