// trees.jsonl of a round: one line for each finished tree, in the order of the search.
import { existsSync } from 'node:fs'
import { readJson } from '../file/json.ts'
import { readJsonl } from '../file/jsonl.ts'
import { readTree, type TreeRecord } from '../search/record.ts'
import type { Tree } from '../search/tree.ts'
import type { Run } from './run.ts'

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
 * All finished trees of a round, in file order.
 * Errors: the file was changed by hand: a line that is no tree of this run, or of a searched round not all of them.
 */
export function readTrees(run: Run, round: number): Tree[] {
  const path = run.roundPath(round, 'trees.jsonl')
  const problems = new Map(run.train.map((problem) => [problem.id, problem]))
  const trees = readJsonl<TreeRecord>(path).map((record, index) => {
    const problem = problems.get(record?.problemId)
    if (!problem || !Array.isArray(record.nodes))
      throw changedByHand(`${path}:${index + 1}`, 'a tree of a problem of this run', `one of ${record?.problemId}`)
    return readTree(record, problem)
  })
  const done = run.roundPath(round, 'search.json')
  const expected = existsSync(done) ? readJson<SearchSummary>(done).trees : trees.length
  if (trees.length !== expected)
    throw changedByHand(path, `the ${expected} trees that search.json counts`, `${trees.length}`)
  return trees
}

/** Tells that a file of a run is not what the run wrote. */
export const changedByHand = (place: string, expected: string, got: string): Error =>
  new Error(
    `${place}: expected ${expected}, got ${got}. The file was changed by hand or by another version: take the changes ` +
      'back, or delete the folder of the round (and of the rounds after it) to do it again.',
  )
