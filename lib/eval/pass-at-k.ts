// The chance that at least one of k samples is right, estimated from n samples of which c are.
import { type Measure, wilson } from './intervals.ts'

/**
 * The chance, in [0, 1], that at least one of `k` samples is right, from `n` samples of which `c` are. The unbiased
 * estimate of Chen et al., "Evaluating Large Language Models Trained on Code": `1 - C(n-c, k) / C(n, k)`, as a product
 * so that no factorial overflows.
 * Errors: a RangeError unless 0 <= c <= n and 1 <= k <= n, all whole: fewer samples than k cannot tell.
 * @example
 * passAtK(4, 1, 2) // 0.5
 */
export function passAtK(n: number, c: number, k: number): number {
  if (!(Number.isInteger(n) && Number.isInteger(c) && c >= 0 && c <= n))
    throw new RangeError(`Expected \`c\` of \`n\` samples to be right with 0 <= c <= n, got c = ${c}, n = ${n}`)
  if (!Number.isInteger(k) || k < 1 || k > n)
    throw new RangeError(`Expected \`k\` to be an integer from 1 to n = ${n}, got \`${k}\`. Draw at least k samples.`)
  if (n - c < k) return 1
  let allWrong = 1
  for (let i = n - c + 1; i <= n; i++) allWrong *= 1 - k / i
  return 1 - allWrong
}

/** Mean pass@k over problems. The interval treats each problem's pass@k as its share of one success. */
export function meanPassAtK(problems: readonly { n: number; c: number }[], k: number): Measure | undefined {
  const sum = problems.reduce((total, { n, c }) => total + passAtK(n, c, k), 0)
  return wilson(Math.min(sum, problems.length), problems.length)
}
