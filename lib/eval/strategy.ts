// The contract of an evaluation strategy: a way of answering problems with what a round has trained.
import type { LocalPolicy } from '../policy/local.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Grader } from '../problem/grader.ts'
import type { Problem } from '../problem/problem.ts'
import type { Verifier } from '../verify/contract.ts'

/** A problem as it is asked: nothing that tells its answer. */
export type Question = Pick<Problem, 'id' | 'question' | 'level' | 'source'>

/** What a strategy may use. It disposes none of it. */
export interface StrategyParts {
  /** The round's policy. */
  readonly policy: LocalPolicy
  /** The round's PPM, scores in [-1, 1]; null where it trained none. */
  readonly ppm: Ppm | null
  readonly verifier: Verifier
  /** Groups answers that are the same, for a vote. */
  readonly grader: Grader
  /** Decides everything random. */
  readonly seed: number
  readonly signal?: AbortSignal
}

/** What a strategy made of one question. */
export interface StrategyAnswer {
  /** As a program printed it, not empty; null where there is none. */
  readonly answer: string | null
  /** Tokens that the policy generated for it, used or not. From 0 up. */
  readonly tokens: number
}

/** A way of answering. */
export interface Strategy {
  /** Names the strategy in reports; each of a run has its own. */
  readonly name: string
  /**
   * One answer for each question, in order. Equal question, models and seed give an equal answer, whatever else is asked
   * beside it: what is random is drawn by `seedOf(seed, question.id)`, not by a place in the list.
   */
  answer(questions: readonly Question[], parts: StrategyParts): Promise<StrategyAnswer[]>
}
