// The settings of a search. Where paper (rStar-Math) and released code disagree there is a field, and the two presets
// `paper` and `releasedCode` name a choice for each. The defaults are the paper's.
import { createHash } from 'node:crypto'
import type { OptionNames } from '../options/expect-known.ts'

/** Settings of the search of one problem. Absent fields take the default, which is the paper's choice. */
export interface SearchOptions {
  /** Decides every random choice of the search and of the policy. Integer. @default 1 */
  seed?: number
  /** Rollouts per tree. Integer from 0 up. @default 16 (paper: 8 in round 1, then 16; released code: 48) */
  rollouts?: number
  /** Candidates asked of the policy for each next step. Integer from 1 up. @default 8 (paper: 5 in round 1; released code: 12) */
  width?: number
  /** Most steps of a trajectory; a step at this depth that is not final is terminal. Integer from 1 up. @default 16 */
  maxDepth?: number
  /** Weight of exploration in UCT and PUCT. From 0 up. @default 2 */
  c?: number
  /** `uct`: paper, Eq. 1. `puct`: the share of a node's proposals that were this child enters as prior. @default 'uct' */
  select?: 'uct' | 'puct'
  /**
   * First-play urgency. Under `uct` the whole selection score of an unvisited child: `Infinity` is the textbook rule,
   * 0 the released code's, which starves siblings. Under `puct` the Q-value assumed for an unvisited child that has no
   * PPM score; the exploration term is added. @default Infinity under `uct`, -1 under `puct`
   */
  firstPlayUrgency?: number
  /** Which of several best children is taken: one at random (by `seed`), or the first. @default 'random' (released code: 'first') */
  ties?: 'random' | 'first'
  /**
   * The consecutive step that fails to run and so ends a trajectory: with 1 the first, with 2 one failed step may be
   * repaired by the next. A failed step is read by the policy but never executed again. Integer from 1 up. @default 1
   * (released code: 2 in the bootstrap, 1 later)
   */
  errorTolerance?: number
  /** Whether candidates that end a trajectory by failing to run are nodes (never selected). @default 'drop' (released code: 'keep') */
  failedSteps?: 'drop' | 'keep'
  /** Whom the -1 of a terminal without an answer reaches: its whole path, or itself alone. @default 'path' (released code: 'self') */
  invalidPenalty?: 'path' | 'self'
  /**
   * Which candidates stay when some are final: `all`, or of the whole expansion only the `first` that is final, as in
   * the released code, which costs wrong answers to learn from. @default 'all'
   */
  answeredCandidates?: 'all' | 'first'
  /**
   * When a terminal is worth something: when a rollout has `selected` it, or as soon as it is `created`; then a rollout
   * may add several rewards, and terminals are never selected. @default 'selected' (released code: 'created')
   */
  terminals?: 'selected' | 'created'
  /**
   * Whether the initial PPM value counts as one visit: Q = (ppm + rewards) / (1 + k) after k backups. If not, Q is
   * (ppm + rewards) / k as in the paper's Eq. 3, clipped to [-1, 1]. @default false (released code: true)
   */
  scoreCountsAsVisit?: boolean
  /** Candidates that are one child: equal `code` (comments aside), or equal `text`. @default 'code' (released code: 'text') */
  sameCandidate?: 'code' | 'text'
  /** A tree stops when this many of its terminals are right. From 1 up. @default Infinity */
  stopAfterHits?: number
}

/** Every field decided. */
export type SearchSettings = Readonly<Required<SearchOptions>>

/** The paper's choices, section 3.2 and 4.1, spelled out; equal to the defaults. */
export const paper: SearchOptions = {
  rollouts: 16,
  width: 8,
  maxDepth: 16,
  c: 2,
  select: 'uct',
  firstPlayUrgency: Number.POSITIVE_INFINITY,
  ties: 'random',
  errorTolerance: 1,
  failedSteps: 'drop',
  invalidPenalty: 'path',
  answeredCandidates: 'all',
  terminals: 'selected',
  scoreCountsAsVisit: false,
  sameCandidate: 'code',
  stopAfterHits: Number.POSITIVE_INFINITY,
}

/** What the released code does when it samples for rounds 2 to 4. Its bootstrap differs in `errorTolerance: 2`. */
export const releasedCode: SearchOptions = {
  rollouts: 48,
  width: 12,
  maxDepth: 16,
  c: 2,
  select: 'uct',
  firstPlayUrgency: 0,
  ties: 'first',
  errorTolerance: 1,
  failedSteps: 'keep',
  invalidPenalty: 'self',
  answeredCandidates: 'first',
  terminals: 'created',
  scoreCountsAsVisit: true,
  sameCandidate: 'text',
  stopAfterHits: Number.POSITIVE_INFINITY,
}

const CHOICES = {
  select: ['uct', 'puct'],
  ties: ['random', 'first'],
  failedSteps: ['drop', 'keep'],
  invalidPenalty: ['path', 'self'],
  answeredCandidates: ['all', 'first'],
  terminals: ['selected', 'created'],
  sameCandidate: ['code', 'text'],
} as const

/** Fills in the defaults. Errors: `RangeError` for a value out of range, with the field, what is expected and what came. */
export function searchSettings(options: SearchOptions = {}): SearchSettings {
  const given = Object.fromEntries(
    Object.entries(options).filter(([key, value]) => value !== undefined && key in DEFAULTS),
  )
  const settings = { ...DEFAULTS, ...given } as { -readonly [K in keyof SearchSettings]: SearchSettings[K] }
  if (settings.select === 'puct' && options.firstPlayUrgency === undefined) settings.firstPlayUrgency = -1
  integer('seed', settings.seed, Number.MIN_SAFE_INTEGER)
  integer('rollouts', settings.rollouts, 0)
  integer('width', settings.width, 1)
  integer('maxDepth', settings.maxDepth, 1)
  integer('errorTolerance', settings.errorTolerance, 1)
  expectThat('c', settings.c, settings.c >= 0, 'a number from 0 up')
  expectThat('stopAfterHits', settings.stopAfterHits, settings.stopAfterHits >= 1, 'a number from 1 up, or Infinity')
  const urgency = settings.firstPlayUrgency
  expectThat('firstPlayUrgency', urgency, !Number.isNaN(urgency), 'a number, or Infinity')
  if (settings.select === 'puct')
    expectThat('firstPlayUrgency', urgency, Number.isFinite(urgency), "a finite Q-value under `select: 'puct'`")
  for (const [key, choices] of Object.entries(CHOICES)) {
    const value = settings[key as keyof typeof CHOICES]
    expectThat(key, value, (choices as readonly string[]).includes(value), `one of ${choices.join(', ')}`)
  }
  return settings
}

const DEFAULTS: SearchSettings = { seed: 1, ...(paper as Required<Omit<SearchOptions, 'seed'>>) }

function integer(name: string, value: number, least: number): void {
  expectThat(name, value, Number.isInteger(value) && value >= least, `an integer from ${least} up`)
}

function expectThat(name: string, value: unknown, holds: boolean, expected: string): void {
  if (!holds) throw new RangeError(`Expected \`${name}\` to be ${expected}, got \`${value}\``)
}

/**
 * Twelve hexadecimal digits that name the settings a tree was grown with. `rollouts` and `stopAfterHits` do not enter:
 * they say when to stop, so a tree may be grown on under others.
 */
export function settingsHash(settings: SearchSettings): string {
  const { rollouts: _rollouts, stopAfterHits: _hits, ...rest } = settings
  const text = Object.entries(rest)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(' ')
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** The names of the options above. */
export const SEARCH_OPTIONS = Object.fromEntries(
  Object.keys(DEFAULTS).map((name) => [name, true]),
) as OptionNames<SearchOptions>
