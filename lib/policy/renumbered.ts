// A policy that is asked about each question in several numberings: as it stands, and with other numbers in it. Reading a
// story does not depend on its numbers, but a small model's slips do: what it copies wrong in one numbering it copies
// right in the next, so the candidates on which several numberings agree are those that it has read.
import { literalsOf } from '../problem/literals.ts'
import { freshNumbers, renumberSteps, renumberText } from '../problem/renumber.ts'
import { random, seedOf } from '../seed/random.ts'
import type { Policy, Proposal, ProposalRequest } from './contract.ts'
import { divideCount } from './mixture.ts'

/** How often `renumberedPolicy` asks. */
export interface RenumberedOptions {
  /** Numberings, the question's own included. Integer from 1 up; 1 changes nothing. @default 5 */
  numberings?: number
}

/** One request to the inner policy, and the way back to the numbers of the question. */
interface Asked {
  readonly index: number
  readonly request: ProposalRequest
  /** From fresh numbers to those of the question; null where they are the question's own. */
  readonly back: ReadonlyMap<string, string> | null
}

/**
 * Divides the candidates of each request evenly among the numberings. Proposals come back with the numbers of the
 * question; a number of theirs that the question does not hold stays as it is. Log-probabilities are those under the
 * numbering that was asked. Fresh numbers have as many digits as those that they replace. A question without numbers is
 * asked once. It owns the policy.
 * Errors: a RangeError for `numberings` out of range; what the policy throws, `propose` throws.
 * @example
 * renumberedPolicy(grammarPolicy(), { numberings: 3 }).name // 'grammar in 3 numberings'
 */
export function renumberedPolicy(policy: Policy, { numberings = 5 }: RenumberedOptions = {}): Policy {
  if (!(Number.isInteger(numberings) && numberings >= 1))
    throw new RangeError(`Expected \`numberings\` to be an integer from 1 up, got \`${numberings}\``)
  const shares = Array.from({ length: numberings }, () => 1 / numberings)
  return {
    name: `${policy.name} in ${numberings} numberings`,
    batchSize: policy.batchSize,
    async propose(requests) {
      const asked = requests.flatMap((request, index) => askAll(request, index, shares))
      const lists: Proposal[][] = requests.map(() => [])
      if (asked.length === 0) return lists
      const answers = await policy.propose(asked.map(({ request }) => request))
      for (const [i, { index, back }] of asked.entries())
        lists[index]!.push(
          ...(back === null ? answers[i]! : answers[i]!.map((proposal) => withNumbers(proposal, back))),
        )
      return lists
    },
    dispose: () => policy.dispose(),
  }
}

function askAll(request: ProposalRequest, index: number, shares: readonly number[]): Asked[] {
  const { prefix, count, seed } = request
  const own = (count: number): Asked => ({ index, request: { ...request, count }, back: null })
  if (literalsOf(prefix.question).length === 0) return [own(count)]
  return divideCount(request, shares).flatMap((share, numbering): Asked[] => {
    if (share === 0) return []
    if (numbering === 0) return [own(share)]
    const fresh = freshNumbers(prefix.question, prefix.steps, random(seed, 'numbers', numbering), { sizes: 'alike' })
    const told = {
      ...prefix,
      question: renumberText(prefix.question, fresh),
      steps: renumberSteps(prefix.steps, fresh),
    }
    const back = new Map(Array.from(fresh, ([number, other]) => [other, number]))
    return [{ index, request: { prefix: told, count: share, seed: seedOf(seed, 'numbering', numbering) }, back }]
  })
}

const withNumbers = (proposal: Proposal, numbers: ReadonlyMap<string, string>): Proposal => ({
  ...proposal,
  ...renumberSteps([proposal], numbers)[0]!,
})
