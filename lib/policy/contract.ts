// The contract of every policy. The search never hears of ONNX, tokens of a server, or a grammar.
import type { Prefix, Step } from '../problem/problem.ts'

/** A next step that a policy proposes. */
export interface Proposal extends Step {
  /** Log-probability of the step under the policy at temperature 1, natural log. Absent where the policy has none. */
  readonly logProbability?: number
  /** Tokens that were generated for it; 0 for a policy without tokens. */
  readonly tokens: number
}

/** Asks for the next step of one prefix. */
export interface ProposalRequest {
  readonly prefix: Prefix
  /** How many candidates. Minimum: 1. The result may hold fewer (unusable text is dropped), also equal ones. */
  readonly count: number
  /** Decides everything random about this request: same prefix, count and seed, same proposals, whatever else is in the batch. */
  readonly seed: number
}

/** Proposes next steps. */
export interface Policy {
  /** Names the policy in reports, e.g. 'grammar', 'round-2/policy'. */
  readonly name: string
  /** How many requests one call serves best; the scheduler gathers up to this many. */
  readonly batchSize: number
  /** One list of proposals for each request, in order. Several calls may be under way at once. */
  propose(requests: readonly ProposalRequest[]): Promise<Proposal[][]>
  /** Twice is harmless. */
  dispose(): Promise<void>
}
