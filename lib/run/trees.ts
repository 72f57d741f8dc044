// trees.jsonl of a round: one line for each finished tree, in the order of the search.
import { readJson } from '../file/json.ts'
import { eachJsonl, type JsonlEntry, type JsonlPlace, readJsonlAt } from '../file/jsonl.ts'
import { readTree, type TreeRecord } from '../search/record.ts'
import type { Tree } from '../search/tree.ts'
import { batches } from './batches.ts'
import type { Run } from './run.ts'
import { expectUnchanged, isFinished } from './sealed-files.ts'

/** What a round's search found, without the trees. */
export interface SearchSummary {
  readonly round: number
  readonly problems: number
  readonly solved: number
  readonly trees: number
  readonly rollouts: number
  readonly expansions: number
  readonly executions: number
  readonly proposals: number
  readonly tokens: number
}

/**
 * The finished trees of a round, in file order, one at a time.
 * Errors, when it is reached: a line that is no tree of this run, or of a searched round not all of them: the file was
 * changed by hand.
 */
export function* eachTree(run: Run, round: number): Generator<Tree, void, void> {
  expectUnchanged(run, round, 'search')
  const path = run.roundPath(round, 'trees.jsonl')
  let count = 0
  for (const batch of batches(eachJsonl<TreeRecord>(path, GO_ON), TOGETHER)) {
    yield* treesOf(run, path, batch)
    count += batch.length
  }
  if (!isFinished(run, round, 'search')) return
  const { trees } = readJson<SearchSummary>(run.roundPath(round, 'search.json'))
  if (trees !== count) throw changedByHand(path, `the ${trees} trees that search.json counts`, `${count}`)
}

/** All of them at once. Errors: those of `eachTree`. */
export const readTrees = (run: Run, round: number): Tree[] => [...eachTree(run, round)]

/** The trees of a round, those of each problem together, problems in the order of their first tree. */
export function* eachProblemsTrees(run: Run, round: number): Generator<Tree[], void, void> {
  expectUnchanged(run, round, 'search')
  const path = run.roundPath(round, 'trees.jsonl')
  const places = new Map<string, JsonlPlace[]>()
  for (const { value, offset, bytes } of eachJsonl<TreeRecord>(path, GO_ON)) {
    const others = places.get(value?.problemId)
    if (others) others.push({ offset, bytes })
    else places.set(value?.problemId, [{ offset, bytes }])
  }
  for (const group of batches(places.values(), TOGETHER)) {
    const records = readJsonlAt<TreeRecord>(path, group.flat())
    const trees = treesOf(
      run,
      path,
      records.map((value) => ({ value })),
    )
    for (const { length } of group) yield trees.splice(0, length)
  }
}

/** Tells that a file of a run is not what the run wrote. */
export const changedByHand = (place: string, expected: string, got: string): Error =>
  new Error(
    `${place}: expected ${expected}, got ${got}. The file was changed by hand or by another version: take the changes ` +
      'back, or delete the folder of the round (and of the rounds after it) to do it again.',
  )

/** For a line that is no tree, of a search that is under way or was done by a version that sealed nothing. */
const GO_ON =
  'The file was changed by hand: take that line back, or cut the file off before it and delete search.json beside it, ' +
  'if it is there: the same command then goes on with that tree.'

/** Trees whose problems are read together. */
const TOGETHER = 4 // so few that they die young: more would grow the heap of a long file

function treesOf(
  run: Run,
  path: string,
  entries: readonly (Pick<JsonlEntry<TreeRecord>, 'value'> & { readonly line?: number })[],
): Tree[] {
  const places = entries.map(({ value, line }) => {
    const place = run.problems.indexOf(value?.problemId)
    if (place === undefined || !Array.isArray(value.nodes))
      throw changedByHand(
        line === undefined ? path : `${path}:${line}`,
        'a tree of a problem of this run',
        `one of ${value?.problemId}`,
      )
    return place
  })
  const problems = run.problems.at(places)
  return entries.map(({ value }, i) => readTree(value, problems[i]!))
}
