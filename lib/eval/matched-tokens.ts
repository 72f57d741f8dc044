// Comparing ways of answering at the same price: how many plain samples cost what a search spent on the same problem.
// Counts generated tokens only; executions of Python and scoring by the PPM are accounted for elsewhere.

/** One problem: what the search spent, and the plain samples at hand. */
export interface TokenBudget {
  /** Tokens that the search generated for this problem. Minimum: 0. */
  readonly budget: number
  /** Tokens of each plain sample, in the order in which they were drawn. */
  readonly samples: readonly number[]
}

/** How the samples of all problems fit their budgets. */
export interface MatchedTokens {
  /** [problems] Leading samples that each problem may use. */
  readonly counts: readonly number[]
  /** Sum of the budgets. */
  readonly budget: number
  /** Tokens of the samples that may be used. */
  readonly spent: number
  /** Problems whose samples ran out before the budget did: draw more there, or the comparison favours the search. */
  readonly short: number
}

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

/** Gives each problem's plain samples the tokens that the search spent on that problem. */
export function matchTokens(problems: readonly TokenBudget[]): MatchedTokens {
  const counts = problems.map(({ budget, samples }) => samplesWithin(budget, samples))
  const total = (tokens: readonly number[]) => tokens.reduce((sum, count) => sum + count, 0)
  // Out of samples counts as short only when one more of the mean length would still have fitted.
  const isShort = ({ budget, samples }: TokenBudget) =>
    samples.length === 0 || total(samples) * (1 + 1 / samples.length) <= budget
  return {
    counts,
    budget: total(problems.map(({ budget }) => budget)),
    spent: total(problems.map(({ samples }, i) => total(samples.slice(0, counts[i]!)))),
    short: problems.filter(isShort).length,
  }
}
