// A run is a folder: manifest, problems, tokenizer, and one folder for each round. Everything in it but timings.json
// is decided by the manifest, so a run that was killed goes on to the same files.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { removeLeftovers } from '../file/atomic.ts'
import { hashOf } from '../file/hash.ts'
import { readJson, writeJson } from '../file/json.ts'
import { eachJsonl, readJsonl } from '../file/jsonl.ts'
import { trainTokenizer } from '../model/bpe.ts'
import type { ModelConfig } from '../model/config.ts'
import { loadTokenizer, type Tokenizer } from '../model/tokenizer.ts'
import type { Problem } from '../problem/problem.ts'
import { checkSettings } from './check-settings.ts'
import { type Manifest, provenance } from './manifest.ts'
import type { Recipe } from './recipe.ts'
import { runsFolder } from './runs-folder.ts'
import type { Settings } from './settings.ts'
import {
  countProblems,
  openStoredProblems,
  PROBLEM_FILES,
  type StoredProblems,
  writeProblems,
} from './stored-problems.ts'

/** A run's folder, opened: what was decided when it began, its problems, and where its files are. */
export interface Run {
  readonly name: string
  readonly seed: number
  readonly settings: Settings
  readonly manifest: Manifest
  /** Problems to solve and learn from, as stages read them: each from its file when it is needed. */
  readonly problems: StoredProblems
  /** The same as a list, read when it is first asked for. */
  readonly train: readonly Problem[]
  /** Problems that only evaluation sees, read when they are first asked for. */
  readonly heldOut: readonly Problem[]
  readonly tokenizer: Tokenizer
  /** Shape of the embedded model. */
  readonly config: ModelConfig
  /** The recipe of a round, 1 to 4. Errors: a round that the settings do not have. */
  recipe(round: number): Recipe
  /** A path in the run's folder. */
  path(...parts: readonly string[]): string
  /** A path in a round's folder. */
  roundPath(round: number, ...parts: readonly string[]): string
}

/** The question of each problem to solve, by its id. */
export function questionsOf({ problems }: Pick<Run, 'problems'>): ReadonlyMap<string, string> {
  const questions = new Map<string, string>()
  for (const { id, question } of problems) questions.set(id, question)
  return questions
}

/** What a run is begun with, or gone on with. */
export interface RunOptions {
  /** Folder that holds the runs. @default the project's folder `runs`, see `runsFolder` */
  readonly root?: string
  readonly name: string
  /** Decides everything random. An integer. */
  readonly seed: number
  readonly settings: Settings
  /** Where the problems come from, for the manifest: 'generated' or a file. */
  readonly source: string
  /** Gone through once, or again where a file of the run is missing; no list of them is kept. */
  readonly train: Iterable<Problem>
  readonly heldOut: Iterable<Problem>
}

/**
 * Opens a run, making its folder the first time and removing what a killed process left half-written.
 * Errors: settings out of range, no problems, a folder that cannot be written, or one that holds a run of another seed,
 * other settings or other problems (names the first difference).
 */
export function openRun({ root = runsFolder(), name, seed, settings, source, train, heldOut }: RunOptions): Run {
  const path = pathsOf(root, name)
  checkSettings(settings)
  if (isEmpty(train)) throw new Error('Expected at least one problem to solve, got none')
  const isNew = !existsSync(path('run.json'))
  const lists = [train, heldOut] as const
  const problems = { source, ...(isNew ? writeProblems(path, lists) : countProblems(lists)) }
  const wanted: Manifest = { name, seed, settings, problems, ...provenance() }
  const manifest = isNew ? wanted : sameRun(path('run.json'), wanted)
  removeLeftovers(path())
  if (!isNew && !PROBLEM_FILES.every((file) => existsSync(path(file)))) writeProblems(path, lists)
  if (isNew || !existsSync(path('tokenizer', 'tokenizer.json'))) writeTokenizer(path, settings)
  if (isNew) writeJson(path('run.json'), manifest, 2) // last: with it the run exists
  return handle(manifest, path)
}

function isEmpty(list: Iterable<unknown>): boolean {
  for (const _ of list) return false
  return true
}

/** Opens a run that exists, from its folder alone. Errors: there is none, or its run.json or problems were changed. */
export function reopenRun(name: string, { root = runsFolder() }: { root?: string } = {}): Run {
  const path = pathsOf(root, name)
  if (!existsSync(path('run.json')))
    throw new Error(
      `Expected a run in ${path()}, found no run.json there. Start one with \`asterism evolve --run ${name}\``,
    )
  return handle(readManifest(path('run.json')), path)
}

/** Paths in a run's folder. Errors: a name that is no plain folder name. */
function pathsOf(root: string, name: string): Run['path'] {
  if (!/^\w[\w.-]*$/.test(name))
    throw new Error(
      `Expected a run name of letters, digits, "_", "." and "-" that begins with one of the first three, got "${name}"`,
    )
  return (...parts) => join(root, name, ...parts)
}

function readManifest(path: string): Manifest {
  const advice = 'Take the changes back, or choose another --run name.'
  const manifest = readJson<Manifest>(path, advice)
  if (typeof manifest?.seed !== 'number' || !manifest.settings?.rounds || !manifest.problems?.sha256)
    throw new Error(`${path}: expected the manifest of a run, got ${JSON.stringify(manifest)?.slice(0, 60)}. ${advice}`)
  return manifest
}

function handle(manifest: Manifest, path: Run['path']): Run {
  const { name, seed, settings } = manifest
  if (hashOf(PROBLEM_FILES.map((file) => path(file))) !== manifest.problems.sha256)
    throw new Error(
      `${path('problems.jsonl')} and held-out.jsonl: expected the ${manifest.problems.train} + ${manifest.problems.heldOut} ` +
        'problems that the run was started with, got others. Take the changes back, or start another run.',
    )
  const tokenizer = loadTokenizer(path('tokenizer'))
  const problems = openStoredProblems(path('problems.jsonl'))
  const lists: { train?: readonly Problem[]; heldOut?: readonly Problem[] } = {}
  return {
    manifest,
    path,
    name,
    seed,
    settings,
    problems,
    get train() {
      lists.train ??= [...problems]
      return lists.train
    },
    get heldOut() {
      lists.heldOut ??= readJsonl<Problem>(path('held-out.jsonl'))
      return lists.heldOut
    },
    tokenizer,
    config: embeddedConfig(settings, tokenizer.vocabSize),
    recipe(round) {
      const recipe = settings.rounds.find((candidate) => candidate.round === round)
      if (!recipe) throw new RangeError(`Expected a round from 1 to ${settings.rounds.length}, got ${round}`)
      return recipe
    },
    roundPath: (round, ...rest) => path(`round-${round}`, ...rest),
  }
}

function embeddedConfig({ model }: Settings, vocabSize: number): ModelConfig {
  return {
    vocabSize: Math.ceil(vocabSize / 32) * 32, // whole vector registers in the last matrix product
    hiddenSize: model.hiddenSize,
    intermediateSize: model.intermediateSize,
    layers: model.layers,
    heads: model.heads,
    kvHeads: model.kvHeads,
    headSize: model.hiddenSize / model.heads,
    ropeTheta: 10_000,
    rmsNormEps: 1e-6,
    tied: model.tied,
    maxPositions: 1024,
  }
}

/** Trained on what the embedded model reads and writes: the questions, and the code that the grammar can write. */
function writeTokenizer(path: Run['path'], { tokenizer }: Settings): void {
  const code = [
    'start = 1',
    'now = start + 1',
    'now = now - start',
    'now = 2 * now',
    'now = now / 3',
    'print(now)',
    'print(start)',
  ]
  function* texts() {
    for (const { value } of eachJsonl<Problem>(path('problems.jsonl'))) yield* [value.question, ...code]
  }
  const files = trainTokenizer(texts(), tokenizer)
  writeJson(path('tokenizer', 'tokenizer_config.json'), files.config, 1)
  writeJson(path('tokenizer', 'tokenizer.json'), files.json, 1)
}

function sameRun(path: string, wanted: Manifest): Manifest {
  const found = readManifest(path)
  const difference = firstDifference(
    { seed: found.seed, settings: found.settings, problems: found.problems.sha256 },
    JSON.parse(JSON.stringify({ seed: wanted.seed, settings: wanted.settings, problems: wanted.problems.sha256 })),
  )
  if (difference)
    throw new Error(
      `${path}: the run "${wanted.name}" was started with other settings: ${difference}. ` +
        'Give the same ones to go on with it, or another --run name.',
    )
  return found
}

/** The first place where two plain values differ, as `path is a, asked for b`; null when equal. */
function firstDifference(found: unknown, wanted: unknown, path = ''): string | null {
  if (typeof found !== 'object' || typeof wanted !== 'object' || found === null || wanted === null)
    return Object.is(found, wanted) ? null : `${path} is ${shown(found)}, asked for ${shown(wanted)}`
  for (const key of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
    const inside = path === '' ? key : `${path}.${key}`
    const difference = firstDifference(
      (found as Record<string, unknown>)[key],
      (wanted as Record<string, unknown>)[key],
      inside,
    )
    if (difference) return difference
  }
  return null
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'absent'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
