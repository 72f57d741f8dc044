// What a stage wrote, by content: sha256.json in a round's folder. A file that was changed since, by a hand or by a failing
// disk, is found before anything is computed from it, and the error tells what to delete to have it made again. Rounds of
// versions that wrote no such file are read as they are.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomic } from '../file/atomic.ts'
import { hashOf } from '../file/hash.ts'
import { jsonText, readJson, writeJson } from '../file/json.ts'
import type { Run } from './run.ts'

/** What each stage leaves behind; a folder stands for all its files. `last`, written last, says that the stage is done. */
const STAGES = {
  search: { others: ['trees.jsonl'], last: 'search.json', redo: ['trees.jsonl', 'search.json'] },
  selection: {
    others: ['sft.jsonl', 'pairs.jsonl', 'grammar.json'],
    last: 'selection.json',
    redo: ['selection.json'],
  },
  policyTraining: { others: ['policy'], last: 'policy-training.json', redo: ['policy-training.json'] },
  ppmTraining: { others: ['ppm'], last: 'ppm-training.json', redo: ['ppm-training.json'] },
  evaluation: { others: [], last: 'metrics.json', redo: ['metrics.json'] },
} as const

export type SealedStage = keyof typeof STAGES

type Place = Pick<Run, 'roundPath'>

const SEALS = 'sha256.json'

/** Whether a stage of a round is done. */
export const isFinished = (run: Place, round: number, stage: SealedStage): boolean =>
  existsSync(run.roundPath(round, STAGES[stage].last))

/**
 * Ends a stage: notes what its files hold, then writes the last one. Killed in between, the stage is done again. Errors: a
 * full disk and the like.
 */
export function finishStage(run: Place, round: number, stage: SealedStage, value: unknown, indent = 0): void {
  const { others, last } = STAGES[stage]
  const folder = run.roundPath(round)
  const text = jsonText(value, indent)
  const hashes: Record<string, string> = { ...sealsOf(run, round) }
  for (const file of others.flatMap((name) => filesOf(folder, name))) hashes[file] = hashOf([join(folder, file)])
  hashes[last] = createHash('sha256').update(text).digest('hex')
  writeJson(join(folder, SEALS), hashes, 1)
  writeAtomic(join(folder, last), text)
}

/**
 * Expects the files of a stage that is done to be as the stage left them; of one that is not done nothing is expected. A
 * file that did not change since the last look is not read again. Errors: a file is missing or another; names it and what to do.
 */
export function expectUnchanged(run: Place, round: number, stage: SealedStage): void {
  if (!isFinished(run, round, stage)) return
  const { others, last } = STAGES[stage]
  const inside = (file: string) => [...others, last].some((name) => file === name || file.startsWith(`${name}/`))
  for (const [file, hash] of Object.entries(sealsOf(run, round)))
    if (inside(file) && !isStill(run.roundPath(round, file), hash)) throw changed(run, round, stage, file)
}

function sealsOf(run: Place, round: number): Readonly<Record<string, string>> {
  const path = run.roundPath(round, SEALS)
  if (!existsSync(path)) return {}
  const advice =
    'Take the change back, or delete the file: nothing then tells whether others of the round were changed.'
  const seals = readJson<Record<string, string>>(path, advice)
  if (typeof seals === 'object' && seals !== null && Object.values(seals).every((hash) => /^[0-9a-f]{64}$/.test(hash)))
    return seals
  throw new Error(`${path}: expected SHA-256 values by file, got ${JSON.stringify(seals).slice(0, 60)}. ${advice}`)
}

function filesOf(folder: string, name: string): string[] {
  if (!statSync(join(folder, name)).isDirectory()) return [name]
  return readdirSync(join(folder, name))
    .sort()
    .map((file) => `${name}/${file}`)
}

/** By path: the state of the file when its content was last compared, and what it was. */
const seen = new Map<string, { state: string; hash: string }>()

function isStill(path: string, hash: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return false
  const state = `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`
  const known = seen.get(path)
  if (known?.state === state) return known.hash === hash
  const found = { state, hash: hashOf([path]) }
  seen.set(path, found)
  return found.hash === hash
}

const WORDS: Record<SealedStage, string> = {
  search: 'search',
  selection: 'selection',
  policyTraining: 'training of the policy',
  ppmTraining: 'training of the PPM',
  evaluation: 'evaluation',
}

function changed(run: Place, round: number, stage: SealedStage, file: string): Error {
  const path = run.roundPath(round, file)
  const got = existsSync(path) ? 'another' : 'none'
  const redo = STAGES[stage].redo.map((name) => run.roundPath(round, name)).join(' and ')
  return new Error(
    `${path}: expected the file that the ${WORDS[stage]} of round ${round} wrote, got ${got}: it was changed since. Take ` +
      `the change back, or delete ${redo}: the same command then does this stage again, to the same bytes.`,
  )
}
