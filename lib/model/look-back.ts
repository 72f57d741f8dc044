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
 * @param heads how many; a model with fewer has all of them look back. Range: whole, from 0
 */
export function lookBack(config: ModelConfig, weights: Weights, heads: number): void {
  const { headSize, hiddenSize, kvHeads, ropeTheta } = config
  if (!(Number.isInteger(heads) && heads >= 0))
    throw new RangeError(`Expected \`lookBack\` to be a whole number of heads from 0 up, got ${heads}`)
  const data = (name: string): Float32Array => weights.get(`model.layers.0.self_attn.${name}`)!.data
  const [query, key] = [data('q_proj.bias'), data('k_proj.bias')]
  const planes = Array.from({ length: Math.min(PLANES, headSize / 2) }, (_, plane) => plane)
  const looking = Math.min(heads, config.heads)
  for (let head = 0; head < looking; head++) {
    for (const plane of planes) {
      const angle = (head + 1) * ropeTheta ** ((-2 * plane) / headSize)
      query[head * headSize + plane] = STRENGTH * Math.cos(angle)
      query[head * headSize + plane + headSize / 2] = -STRENGTH * Math.sin(angle)
    }
  }
  // The key bias is the same for every distance, so heads that share a key head look back as well.
  const keyHeads = Math.ceil((looking * kvHeads) / config.heads)
  for (let head = 0; head < keyHeads; head++) for (const plane of planes) key[head * headSize + plane] = STRENGTH
  const shrink = (matrix: Float32Array, count: number): void => {
    for (let i = 0; i < count * headSize * hiddenSize; i++) matrix[i]! *= DAMPING
  }
  shrink(data('q_proj.weight'), looking)
  shrink(data('k_proj.weight'), keyHeads)
}
