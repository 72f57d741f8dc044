// The parts that people bring in place of those that a run has by itself. Their names are kept in the round's folder,
// since a round that was begun with one part and finished with another would be neither.
import { existsSync, rmSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Strategy } from '../eval/strategy.ts'
import { readJson, writeJson } from '../file/json.ts'
import type { ExampleSelection } from '../pairs/selection.ts'
import type { Policy } from '../policy/contract.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Grader } from '../problem/grader.ts'
import { numericGrader } from '../problem/numeric-grader.ts'
import type { Pass } from '../run/recipe.ts'
import type { Run } from '../run/run.ts'
import type { Annotator } from '../search/annotator.ts'
import type { Verifier } from '../verify/contract.ts'
import { checkOwnParts } from './check-own-parts.ts'

/** Each is whoever brought it's to dispose; a run disposes only what it opened by itself. */
export interface OwnParts {
  /**
   * Proposes steps in every round in place of what the recipe's `proposer` names; or a function that is asked at the
   * start of each pass. The share of the grammar that a pass asks for is still mixed in.
   */
  readonly policy?: Policy | ((at: PassOfRound) => Policy | Promise<Policy>)
  /** Scores steps in the rounds whose recipe has a PPM for a guide, and in evaluation, in place of the trained one. */
  readonly ppm?: Ppm
  /**
   * Values new steps and terminals in every round in place of what the recipe's `guide` names; or a function that makes
   * it of that one, so that the round's PPM stays. An own one does not get `ppm`: it brings its own, or null.
   */
  readonly annotator?: Annotator | ((guide: Annotator, round: number) => Annotator)
  /** Compares answers with references. @default numericGrader */
  readonly grader?: Grader
  /** Chooses what the policy and the PPM learn from. @default bestByQ with the recipe's settings */
  readonly selection?: ExampleSelection
  /** Further ways of answering, measured on the held-out problems of every round that trains a policy. @default none */
  readonly strategies?: readonly Strategy[]
}

/** Where in a run a policy is asked for. */
export interface PassOfRound {
  readonly round: number
  readonly pass: Pass
  /** Place of the pass in its recipe, from 0. */
  readonly index: number
}

/** Which own parts decide the files of which stage. A verifier is always given: the run's own has no name. */
const DECIDE = {
  search: ['policy', 'ppm', 'annotator', 'grader', 'verifier'],
  selection: ['selection'],
  evaluation: ['ppm', 'grader', 'strategies', 'verifier'],
} as const

type Stage = keyof typeof DECIDE

/** For each stage with own parts the names of each kind: parts.json. */
type KeptParts = { readonly [stage in Stage]?: Readonly<Record<string, readonly string[]>> }

type NamedParts = OwnParts & { readonly verifier?: Verifier }

/** The own parts of a round by stage, in words; none where it ran with the run's own. Errors: parts.json was changed. */
export function ownPartsOf(run: Run, round: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(keptParts(run, round)).map(([stage, names]) => [stage, inWords(names)]))
}

/**
 * Notes the own parts of a stage that this process has claimed and begins, in the round's parts.json; no file without any.
 * Errors: those of `expectSameParts`.
 */
export function noteOwnParts(run: Run, round: number, stage: Stage, own: NamedParts, isBegun: boolean): void {
  expectSameParts(run, round, stage, own, isBegun)
  const kept = keptParts(run, round)
  const given = namesOf(stage, own)
  if (isDeepStrictEqual(kept[stage] ?? {}, given)) return
  const { [stage]: _, ...others } = kept
  const now: KeptParts = Object.keys(given).length > 0 ? { ...others, [stage]: given } : others
  const path = run.roundPath(round, 'parts.json')
  if (Object.keys(now).length > 0) writeJson(path, now, 1)
  else rmSync(path, { force: true })
}

/**
 * Errors: those of `checkOwnParts`; a stage that is begun, or done, with others than these (names both); a parts.json that
 * was changed by hand.
 */
export function expectSameParts(run: Run, round: number, stage: Stage, own: NamedParts, isBegun: boolean): void {
  checkOwnParts(own)
  const [kept, given] = [keptParts(run, round)[stage] ?? {}, namesOf(stage, own)]
  if (!isBegun || isDeepStrictEqual(kept, given)) return
  throw new Error(
    `Expected the ${stage} of round ${round} to go on with the parts that it was begun with (${inWords(kept) || NONE}), ` +
      `got ${inWords(given) || NONE}. Give the same ones, or start another run`,
  )
}

const NONE = "the run's own"
const ADVICE = 'Take the changes back, or start another run: the file says which parts decided the round.'

function keptParts(run: Run, round: number): KeptParts {
  const path = run.roundPath(round, 'parts.json')
  if (!existsSync(path)) return {}
  const kept = readJson<KeptParts>(path, ADVICE)
  const isList = (list: unknown) => Array.isArray(list) && list.every((name) => typeof name === 'string')
  const isKept = (names: unknown) => typeof names === 'object' && names !== null && Object.values(names).every(isList)
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept) || !Object.values(kept).every(isKept))
    throw new Error(
      `${path}: expected the names of own parts by stage, got ${JSON.stringify(kept).slice(0, 60)}. ${ADVICE}`,
    )
  return kept
}

const inWords = (names: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(names)
    .map(([part, list]) => `${part} ${list.join(' + ')}`)
    .join(', ')

/** A part that is a function goes by the name of that function. */
function namesOf(stage: Stage, own: NamedParts): Record<string, string[]> {
  const names: Record<string, string[]> = {}
  for (const part of DECIDE[stage]) {
    const given = part === 'verifier' && !own.verifier?.name ? undefined : own[part]
    if (given === undefined || given === numericGrader) continue
    const list: readonly { readonly name?: string }[] = Array.isArray(given) ? given : [given]
    if (list.length > 0) names[part] = list.map(({ name }) => name || 'unnamed')
  }
  return names
}
