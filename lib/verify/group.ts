// What one call hands to the pool, and what its text says about how it can be run. Pure.
import { createHash } from 'node:crypto'
import type { Reply } from './protocol.ts'
import type { Verdict } from './verdict.ts'

/** Earlier steps and candidates for the next one, with where each verdict goes. Exactly one call per candidate. */
export interface Group {
  readonly steps: readonly string[]
  readonly candidates: readonly string[]
  /** True when the earlier steps are judged too: the first that fails gives the verdict. */
  readonly whole: boolean
  /** True when every candidate runs alone and its reply carries details. */
  readonly detail?: boolean
  /** `reply`: what the server said of a run alone; null where the candidate ran in a batch, or ended its server. */
  settle(candidate: number, verdict: Verdict, reply: Reply | null): void
  fail(candidate: number, error: Error): void
}

/** Characters of one group above which it is not tried in a batch: a longer one is not plain anyway. */
export const LONGEST_BATCHED = 32_768
const SYMPY = /\bsympy\b/
const COMPOUND =
  /^[ \t]*(?:import|from|for|while|if|elif|else|def|class|try|with|return|raise|assert|del|global|lambda|async|@)/m

/** Whether a line begins as no plain step's does: no use in trying it in a batch. A wrong yes costs only time. */
export function isCompound(text: string): boolean {
  return COMPOUND.test(text)
}

/** The group with only some of its candidates. */
export function partOf(group: Group, candidates: number[]): Group {
  if (candidates.length === group.candidates.length) return group
  return {
    ...group,
    candidates: candidates.map((candidate) => group.candidates[candidate]!),
    settle: (index, verdict, reply) => group.settle(candidates[index]!, verdict, reply),
    fail: (index, error) => group.fail(candidates[index]!, error),
  }
}

export function failAll(group: Group, error: Error): void {
  for (const candidate of group.candidates.keys()) group.fail(candidate, error)
}

/** Whether the code names sympy; a wrong yes costs only time. */
export function usesSympy({ steps, candidates }: Group, candidate: number): boolean {
  return SYMPY.test(candidates[candidate]!) || steps.some((text) => SYMPY.test(text))
}

/** Names of the first step, of the first two, and so on: equal ones for equal steps, and for no others. */
export function keysOf(steps: readonly string[]): string[] {
  let before = hashOf('')
  return steps.map((text) => (before = hashOf(before + text))) // a digest is always as long, so it cannot be a text's beginning
}

/** SHA-256 of the characters as they are: UTF-8 would take lone surrogates for one another. */
export const hashOf = (text: string): string => createHash('sha256').update(text, 'utf16le').digest('base64')

export function charactersOf({ steps, candidates }: Group): number {
  return [...steps, ...candidates].reduce((sum, text) => sum + text.length, 0)
}
