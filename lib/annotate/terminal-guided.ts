// Rounds 1 and 2: only terminals speak.
import type { Annotator } from '../search/annotator.ts'

/**
 * Terminal-guided annotation (paper, Eq. 2): q(s)^0 = 0 and q(s)^k = q(s)^(k-1) + q(s_d)^k, where q(s_d) is +1 for an
 * answer that equals the reference and -1 for every other terminal; Q(s) = q(s) / N(s). For rounds 1 and 2.
 * Example: a step on the path of three rollouts that end right, wrong, right has Q = (1 - 1 + 1) / 3.
 * @example
 * terminalGuided().reward({ kind: 'answered', right: true, score: null, depth: 3 }) // 1
 * terminalGuided().reward({ kind: 'codeFailed', right: null, score: null, depth: 2 }) // -1
 */
export const terminalGuided = (): Annotator => ({
  name: 'terminal-guided',
  usesReference: true,
  ppm: null,
  initial: (score) => score,
  reward: ({ right }) => (right === true ? 1 : -1),
})
