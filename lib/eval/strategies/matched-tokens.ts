// Comparing ways of answering at the same price: how many plain samples cost what a search spent on the same problem.
// Counts generated tokens only; executions of Python and scoring by the PPM are accounted for elsewhere.

/**
 * How many leading samples fit a budget of tokens. At least one when there is any: without a sample there is no answer.
 * Example: samples of 40, 50, 60 tokens and a budget of 100 give 2.
 */
export function samplesWithin(budget: number, samples: readonly number[]): number {
  if (!(budget >= 0)) throw new RangeError(`Expected a budget from 0 tokens up, got \`${budget}\``)
  let spent = 0
  let count = 0
  for (const tokens of samples) {
    if (!(tokens >= 0)) throw new RangeError(`Expected each sample to have 0 tokens or more, got \`${tokens}\``)
    spent += tokens
    if (spent > budget && count > 0) break
    count++
  }
  return count
}
