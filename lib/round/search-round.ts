// The first stage of a round: every problem is searched, and each finished tree becomes one line of trees.jsonl, in an
// order that depends only on the run. Killed and started again, it goes on with the first tree that is missing. Problems
// are read and trees are written one by one, so memory does not grow with their number.
import { existsSync } from 'node:fs'
import { readJson } from '../file/json.ts'
import { openJsonl } from '../file/jsonl.ts'
import { sentenceCount } from '../policy/grammar/sentences.ts'
import type { Problem } from '../problem/problem.ts'
import type { RoundProgress } from '../run/progress.ts'
import type { Pass, Recipe } from '../run/recipe.ts'
import type { Run } from '../run/run.ts'
import { expectUnchanged, finishStage } from '../run/sealed-files.ts'
import { runStage } from '../run/stage.ts'
import type { StoredProblems } from '../run/stored-problems.ts'
import { addIsolation, addSearch } from '../run/timings.ts'
import { changedByHand, eachTree, type SearchSummary } from '../run/trees.ts'
import { writeTree } from '../search/record.ts'
import { searchProblems } from '../search/schedule.ts'
import type { Tree } from '../search/tree.ts'
import { seedOf } from '../seed/random.ts'
import { learnTree } from './grammar.ts'
import { expectSameParts, noteOwnParts } from './own-parts.ts'
import { openSearchParts, type PartSources } from './search-parts.ts'

/** What a round's search needs beside the run: machines, own parts, and who is told. */
export interface RoundParts extends PartSources {
  readonly onProgress?: (progress: RoundProgress) => void
  readonly signal?: AbortSignal
}

/**
 * Searches all problems of the run by the round's recipe, or goes on with it. The trees are in trees.jsonl; what is done
 * already is read. Errors: a model that the round before did not train; trees that were changed by hand; own parts other
 * than those that the search was begun with; another process at work on the run; whatever a part throws; the signal's
 * reason when aborted (what was finished is kept, and the same call goes on from there).
 */
export async function searchRound(run: Run, round: number, parts: RoundParts): Promise<SearchSummary> {
  const done = run.roundPath(round, 'search.json')
  const isBegun = () => existsSync(run.roundPath(round, 'trees.jsonl'))
  expectSameParts(run, round, 'search', parts, isBegun())
  if (existsSync(done)) {
    expectUnchanged(run, round, 'search')
    return readJson<SearchSummary>(done)
  }
  return runStage(run, round, 'search', async () => {
    noteOwnParts(run, round, 'search', parts, isBegun())
    const { isolation } = parts.verifier
    if (isolation) addIsolation(run.roundPath(round, 'timings.json'), isolation)
    const summary = await growTrees(run, run.recipe(round), parts)
    finishStage(run, round, 'search', summary)
    return summary
  })
}

async function growTrees(run: Run, recipe: Recipe, parts: RoundParts): Promise<SearchSummary> {
  const { round } = recipe
  const search = await openSearchParts(run, recipe, parts)
  const file = openJsonl(run.roundPath(round, 'trees.jsonl'))
  const earlier = eachTree(run, round) // of an earlier try, as far as it came
  const found = tally(run)
  try {
    for (const [index, pass] of recipe.passes.entries()) {
      const open = easyFirst(run.problems, found.isSolved)
      const passParts = await search.forPass({ round, pass, index })
      let doneInPass = 0
      for (const wave of waves(open, recipe.wave)) {
        const known = takeKnown(run, round, earlier, wave, found.trees)
        for (const tree of known) {
          found.add(tree)
          if (search.learner) learnTree(search.learner, tree)
        }
        doneInPass += known.length
        const rest = wave.subarray(known.length)
        const searched = searchProblems(problemsAt(run.problems, rest), passParts, {
          ...searchOptions(run, recipe, pass),
          firstTreeIndex: index,
          concurrency: run.settings.concurrency,
          ...(parts.signal && { signal: parts.signal }),
        })
        for await (const { tree } of searched) {
          file.append([writeTree(tree)])
          found.add(tree)
          if (search.learner) learnTree(search.learner, tree)
          parts.onProgress?.({
            round,
            stage: index === 0 ? 'search' : `search again (${index + 1})`,
            done: ++doneInPass,
            of: open.length,
            note: `solved ${found.solved} of ${run.problems.length}`,
          })
        }
        if (rest.length > 0) addSearch(run.roundPath(round, 'timings.json'), searched.statistics())
        search.learner?.refit()
      }
    }
    const more = earlier.next()
    if (!more.done) throw unexpectedTree(run, round, found.trees, undefined, more.value)
  } finally {
    file.close()
    await search.dispose()
  }
  return found.summary(round)
}

/** The search options of a pass, for `newTree` and `searchProblems`: what a notebook needs to grow one tree by hand. */
export function searchOptions(run: Run, recipe: Recipe, pass: Pass) {
  return {
    seed: seedOf(run.seed, 'search', recipe.round),
    select: recipe.select,
    c: recipe.exploration,
    scoreCountsAsVisit: recipe.scoreCountsAsVisit,
    rollouts: pass.rollouts,
    width: pass.width,
    stopAfterHits: pass.stopAfterHits === 0 ? Number.POSITIVE_INFINITY : pass.stopAfterHits,
  } as const
}

/** Places of the unsolved problems, few sentences first: what they teach the grammar helps with the rest. Equal ones stay in order. */
function easyFirst(problems: StoredProblems, isSolved: (place: number) => boolean): Uint32Array {
  const lengths = new Uint32Array(problems.length)
  let place = 0
  for (const { question } of problems) lengths[place++] = sentenceCount(question)
  const open = lengths.map((_, at) => at).filter((at) => !isSolved(at))
  return open.sort((a, b) => lengths[a]! - lengths[b]! || a - b)
}

function* waves(places: Uint32Array, size: number): Generator<Uint32Array> {
  const step = size === 0 ? places.length : size
  for (let start = 0; start < places.length; start += step) yield places.subarray(start, start + step)
}

/** Problems that are read from the file together. */
const TOGETHER = 64

function* problemsAt(problems: StoredProblems, places: Uint32Array): Generator<Problem> {
  for (const some of waves(places, TOGETHER)) yield* problems.at([...some])
}

/**
 * The trees of a wave that an earlier try has finished: the first ones of the file that are left. Errors: one that would
 * not be searched now.
 */
function takeKnown(run: Run, round: number, earlier: Iterator<Tree>, wave: Uint32Array, before: number): Tree[] {
  const known: Tree[] = []
  for (const place of wave) {
    const { value: tree, done } = earlier.next()
    if (done) break
    if (run.problems.indexOf(tree.problem.id) !== place)
      throw unexpectedTree(run, round, before + known.length, run.problems.at([place])[0], tree)
    known.push(tree)
  }
  return known
}

function unexpectedTree(run: Run, round: number, before: number, expected: Problem | undefined, tree: Tree): Error {
  const line = `${run.roundPath(round, 'trees.jsonl')}:${before + 1}`
  const wanted = expected ? `the tree of ${expected.id}` : 'no more trees'
  return changedByHand(line, wanted, `the one of ${tree.problem.id}`)
}

/** Adds up what the trees of a round found. */
function tally(run: Run) {
  const isSolved = new Uint8Array(run.problems.length)
  const sums = { trees: 0, rollouts: 0, expansions: 0, executions: 0, proposals: 0, tokens: 0 }
  let solved = 0
  return {
    get trees() {
      return sums.trees
    },
    get solved() {
      return solved
    },
    isSolved: (place: number): boolean => isSolved[place] === 1,
    add({ problem, counts }: Tree): void {
      sums.trees++
      for (const key of ['rollouts', 'expansions', 'executions', 'proposals', 'tokens'] as const)
        sums[key] += counts[key]
      const place = run.problems.indexOf(problem.id)!
      if (counts.hits === 0 || isSolved[place] === 1) return
      isSolved[place] = 1
      solved++
    },
    summary: (round: number): SearchSummary => ({ round, problems: run.problems.length, solved, ...sums }),
  }
}
