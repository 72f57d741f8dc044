// The parts that people bring in place of those that a run has by itself. Their names are kept in the round's folder,
// since a round that was begun with one part and finished with another would be neither.
import { existsSync } from 'node:fs'
import type { Strategy } from '../eval/strategy.ts'
import { readJson, writeJson } from '../file/json.ts'
import type { ExampleSelection } from '../pairs/selection.ts'
import type { Policy } from '../policy/contract.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Grader } from '../problem/grader.ts'
import { numericGrader } from '../problem/numeric-grader.ts'
import { nearestName } from '../run/nearest-name.ts'
import type { Pass } from '../run/recipe.ts'
import type { Run } from '../run/run.ts'
import type { Annotator } from '../search/annotator.ts'
import type { Verifier } from '../verify/contract.ts'

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

/** What each part must be able to do, by the names of its functions. */
const FUNCTIONS: Readonly<Record<keyof OwnParts, readonly string[]>> = {
  policy: ['propose', 'dispose'],
  ppm: ['score', 'dispose'],
  annotator: ['initial', 'reward'],
  grader: ['equivalent'],
  selection: ['select'],
  strategies: ['answer'],
}
/** Parts that may be a function which gives them. */
const MADE: ReadonlySet<string> = new Set(['policy', 'annotator'])
/** What stages take beside own parts. */
const OTHERS = ['engine', 'verifier', 'onProgress', 'onStage', 'signal', 'rounds', 'page']

/**
 * Errors: a name that no stage takes (with the nearest one that it does), a part without a name of text where it needs one,
 * or without the functions of its contract.
 */
export function checkOwnParts(given: OwnParts): void {
  const known = [...Object.keys(FUNCTIONS), ...OTHERS]
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const nearest = nearestName(known, key)
    const hint = nearest === null ? '' : ` Did you mean "${nearest}"?`
    throw new TypeError(`Unknown part "${key}".${hint} Known: ${known.join(', ')}`)
  }
  for (const [key, functions] of Object.entries(FUNCTIONS)) {
    const part = given[key as keyof OwnParts]
    if (part === undefined || (typeof part === 'function' && MADE.has(key))) continue
    for (const one of Array.isArray(part) ? part : [part]) checkPart(key, one, functions)
  }
}

function checkPart(key: string, part: unknown, functions: readonly string[]): void {
  const members = Object(part) as Record<string, unknown>
  const missing = functions.filter((name) => typeof members[name] !== 'function')
  if (missing.length > 0)
    throw new TypeError(`Expected \`${key}\` to have the function ${missing.join(' and ')}, which it lacks`)
  const { name } = members
  const isNamed = typeof name === 'string' && name.trim() !== ''
  if (!isNamed && !(key === 'grader' && name === undefined))
    throw new TypeError(`Expected \`${key}\` to have a name, which the run's files keep, got ${JSON.stringify(name)}`)
}

/** Which own parts decide the files of which stage. A verifier is always given: the run's own has no name. */
const DECIDE = {
  search: ['policy', 'ppm', 'annotator', 'grader', 'verifier'],
  selection: ['selection'],
  evaluation: ['ppm', 'grader', 'strategies', 'verifier'],
} as const

/** The own parts of a round by stage, in words; none where it ran with the run's own. */
export function ownPartsOf(run: Run, round: number): Readonly<Record<string, string>> {
  const path = run.roundPath(round, 'parts.json')
  return existsSync(path) ? readJson<Record<string, string>>(path) : {}
}

type NamedParts = OwnParts & { readonly verifier?: Verifier }

type Stage = keyof typeof DECIDE

/**
 * Notes the own parts of a stage that begins, in the round's parts.json; no file without any. Errors: those of
 * `checkOwnParts`; the stage was begun, or done, with others (names both).
 */
export function noteOwnParts(run: Run, round: number, stage: Stage, own: NamedParts, isBegun: boolean): void {
  checkOwnParts(own)
  const path = run.roundPath(round, 'parts.json')
  const known = existsSync(path) ? readJson<Partial<Record<Stage, string>>>(path) : {}
  const given = namesOf(stage, own)
  if (isBegun && (known[stage] ?? '') !== given)
    throw new Error(
      `Expected the ${stage} of round ${round} to go on with the parts that it was begun with (${known[stage] || NONE}), ` +
        `got ${given || NONE}. Give the same ones, or start another run`,
    )
  if ((known[stage] ?? '') !== given) writeJson(path, { ...known, [stage]: given }, 1)
}

const NONE = "the run's own"

/** A part that is a function goes by the name of that function. */
function namesOf(stage: Stage, own: NamedParts): string {
  return DECIDE[stage]
    .flatMap((part) => {
      const given = part === 'verifier' && !own.verifier?.name ? undefined : own[part]
      if (given === undefined || given === numericGrader) return []
      const list: readonly { readonly name?: string }[] = Array.isArray(given) ? given : [given]
      const names = list.map(({ name }) => name || 'unnamed')
      return names.length === 0 ? [] : [`${part} ${names.join(' + ')}`]
    })
    .join(', ')
}
