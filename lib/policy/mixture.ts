// Several policies as one: every request is divided among them, so that a model's candidates and those of a grammar
// (or of two models) stand side by side in one expansion.
import { random, seedOf } from '../seed/random.ts'
import type { Policy, Proposal, ProposalRequest } from './contract.ts'

/** One policy of a mixture. */
export interface Part {
  readonly policy: Policy
  /** Its share of the candidates, relative to the other shares. Minimum: 0. */
  readonly share: number
}

/**
 * A policy whose candidates come from several: of `count` candidates each part gives its share, the fraction that is
 * left over falling to one part or another by the seed of the request, so that shares hold on average even for small
 * counts. Proposals are joined in the order of the parts. Disposing the mixture disposes its parts, each once.
 * Errors: a RangeError when a share is below 0 or none is above 0; what a part throws, `propose` throws.
 * @example
 * const parts = [{ policy: grammarPolicy(), share: 3 }, { policy: grammarPolicy({ adaptive: false }), share: 1 }]
 * mixturePolicy(parts).name // 'grammar 75 % + grammar-uniform 25 %'
 * mixturePolicy([]) // RangeError: Expected shares from 0 up with a sum above 0, got []
 */
export function mixturePolicy(parts: readonly Part[]): Policy {
  const total = parts.reduce((sum, { share }) => sum + share, 0)
  if (!(total > 0) || parts.some(({ share }) => !(share >= 0)))
    throw new RangeError(
      `Expected shares from 0 up with a sum above 0, got ${JSON.stringify(parts.map((p) => p.share))}`,
    )
  const shares = parts.map(({ share }) => share / total)
  return {
    name: parts.map(({ policy }, i) => `${policy.name} ${Math.round(shares[i]! * 100)} %`).join(' + '),
    batchSize: Math.max(...parts.map(({ policy }) => policy.batchSize)),
    async propose(requests) {
      const counts = requests.map((request) => divideCount(request, shares))
      const answers = await Promise.all(parts.map((part, i) => proposeShare(part.policy, i, requests, counts)))
      return requests.map((_, r) => answers.flatMap((answer) => answer[r]!))
    },
    async dispose() {
      await Promise.all([...new Set(parts.map(({ policy }) => policy))].map((policy) => policy.dispose()))
    },
  }
}

/** Asks one part for its candidates of every request; requests that fall to others get an empty list. */
async function proposeShare(
  policy: Policy,
  part: number,
  requests: readonly ProposalRequest[],
  counts: readonly (readonly number[])[],
): Promise<Proposal[][]> {
  const asked = requests.flatMap((request, r) =>
    counts[r]![part]! > 0
      ? [{ r, request: { ...request, count: counts[r]![part]!, seed: seedOf(request.seed, 'part', part) } }]
      : [],
  )
  const lists: Proposal[][] = requests.map(() => [])
  if (asked.length === 0) return lists
  const answers = await policy.propose(asked.map(({ request }) => request))
  if (answers.length !== asked.length)
    throw new Error(
      `Expected ${asked.length} lists of proposals of ${policy.name}, one a request, got ${answers.length}`,
    )
  answers.forEach((answer, i) => {
    lists[asked[i]!.r] = answer
  })
  return lists
}

/** How many candidates of a request each part gives. Sums to `count`; its mean over seeds is count · share. */
export function divideCount(
  { count, seed }: Pick<ProposalRequest, 'count' | 'seed'>,
  shares: readonly number[],
): number[] {
  const offset = random(seed, 'mixture')()
  let sum = 0
  let given = 0
  return shares.map((share, i) => {
    sum += share * count
    const upTo = i === shares.length - 1 ? count : Math.min(count, Math.floor(sum + offset))
    const own = upTo - given
    given = upTo
    return own
  })
}
