// The first stage of a round: every problem is searched, and each finished tree becomes one line of trees.jsonl, in an
// order that depends only on the run. Killed and started again, it goes on with the first tree that is missing.
import { existsSync } from 'node:fs'
import { ppmAugmented } from '../annotate/ppm-augmented.ts'
import { terminalGuided } from '../annotate/terminal-guided.ts'
import type { Engine } from '../engine/engine.ts'
import { readJson, writeJson } from '../file/json.ts'
import { openJsonl } from '../file/jsonl.ts'
import type { Policy } from '../policy/contract.ts'
import type { GrammarPolicy } from '../policy/grammar/grammar.ts'
import { sentencesOf } from '../policy/grammar/sentences.ts'
import { loadPolicy } from '../policy/local.ts'
import { loadPpm } from '../policy/local-ppm.ts'
import { mixturePolicy } from '../policy/mixture.ts'
import { numericGrader } from '../problem/answer.ts'
import type { Problem } from '../problem/problem.ts'
import { loadTrained, modelFolder } from '../run/models.ts'
import type { RoundProgress } from '../run/progress.ts'
import type { Pass, Recipe } from '../run/recipe.ts'
import type { Run } from '../run/run.ts'
import { runStage } from '../run/stage.ts'
import { addIsolation, addSearch } from '../run/timings.ts'
import { changedByHand, readTrees, type SearchSummary } from '../run/trees.ts'
import type { Annotator } from '../search/annotator.ts'
import { writeTree } from '../search/record.ts'
import { searchProblems } from '../search/schedule.ts'
import type { Tree } from '../search/tree.ts'
import { seedOf } from '../seed/random.ts'
import type { Verifier } from '../verify/verdict.ts'
import { learnFrom, openGrammar } from './grammar.ts'

export interface RoundParts {
  readonly engine: Engine
  readonly verifier: Verifier
  readonly onProgress?: (progress: RoundProgress) => void
  readonly signal?: AbortSignal
}

/** Searches all problems of the run by the round's recipe, or goes on with it. The trees are in trees.jsonl. */
export async function searchRound(run: Run, round: number, parts: RoundParts): Promise<SearchSummary> {
  const done = run.roundPath(round, 'search.json')
  if (existsSync(done)) return readJson<SearchSummary>(done)
  return runStage(run, round, 'search', async () => {
    const { isolation } = parts.verifier
    if (isolation) addIsolation(run.roundPath(round, 'timings.json'), isolation)
    const trees = await growTrees(run, run.recipe(round), parts)
    const summary = summarise(round, run.train.length, trees)
    writeJson(done, summary)
    return summary
  })
}

async function growTrees(run: Run, recipe: Recipe, parts: RoundParts): Promise<Tree[]> {
  const { round } = recipe
  const grammar = openGrammar(run, round)
  const proposer = await openProposer(run, recipe, grammar, parts.engine)
  const annotator = await openAnnotator(run, recipe, parts.engine)
  const known = readTrees(run, round) // of an earlier try
  const file = openJsonl(run.roundPath(round, 'trees.jsonl'))
  const trees: Tree[] = []
  try {
    for (const [index, pass] of recipe.passes.entries()) {
      const solved = new Set(trees.filter((tree) => tree.counts.hits > 0).map((tree) => tree.problem.id))
      const open = easyFirst(run.train.filter((problem) => !solved.has(problem.id)))
      const policy = await proposer.forPass(pass)
      for (const wave of waves(open, recipe.wave)) {
        const finished = known.splice(0, wave.length)
        const before = trees.length
        checkOrder(run, round, before, finished, wave)
        trees.push(...finished)
        for (const tree of finished) if (tree.counts.hits > 0) solved.add(tree.problem.id)
        const rest = wave.slice(finished.length)
        const search = searchProblems(
          rest,
          { policy, verifier: parts.verifier, annotator, grader: numericGrader },
          {
            ...searchOptions(run, recipe, pass),
            firstTreeIndex: index,
            concurrency: run.settings.concurrency,
            ...(parts.signal && { signal: parts.signal }),
          },
        )
        for await (const { tree } of search) {
          file.append([writeTree(tree)])
          trees.push(tree)
          if (tree.counts.hits > 0) solved.add(tree.problem.id)
          parts.onProgress?.({
            round,
            stage: index === 0 ? 'search' : `search again (${index + 1})`,
            done: trees.length - before + open.indexOf(wave[0]!),
            of: open.length,
            note: `solved ${solved.size} of ${run.train.length}`,
          })
        }
        if (rest.length > 0) addSearch(run.roundPath(round, 'timings.json'), search.statistics())
        if (recipe.proposer === 'grammar') learnFrom(grammar, trees.slice(before))
      }
    }
    checkOrder(run, round, trees.length, known, [])
  } finally {
    file.close()
    await proposer.dispose()
    await annotator.ppm?.dispose()
  }
  return trees
}

/** The search options of a pass. Also what a notebook needs to grow one tree by hand. */
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

interface Proposer {
  /** The policy of a pass: temperature and share of the grammar as the pass says. */
  forPass(pass: Pass): Promise<Policy>
  dispose(): Promise<void>
}

async function openProposer(
  run: Run,
  { round, proposer }: Recipe,
  grammar: GrammarPolicy,
  engine: Engine,
): Promise<Proposer> {
  if (proposer === 'grammar') return { forPass: async () => grammar, dispose: async () => grammar.dispose() }
  const folder = modelFolder(run, round - 1, 'policy')
  const opened: Policy[] = []
  return {
    async forPass({ temperature, grammarShare }) {
      const options = { name: `round-${round - 1}/policy`, temperature, batchSize: run.settings.batchSize }
      const local = await loadTrained(folder, () => loadPolicy(engine, folder, options))
      opened.push(local)
      if (grammarShare === 0) return local
      return mixturePolicy([
        { policy: local, share: 1 - grammarShare },
        { policy: grammar, share: grammarShare },
      ])
    },
    async dispose() {
      for (const policy of opened) await policy.dispose()
    },
  }
}

async function openAnnotator(run: Run, { round, guide }: Recipe, engine: Engine): Promise<Annotator> {
  if (guide === 'terminal') return terminalGuided()
  const options = { name: `round-${round - 1}/ppm`, batchSize: run.settings.batchSize }
  const folder = modelFolder(run, round - 1, 'ppm')
  return ppmAugmented(await loadTrained(folder, () => loadPpm(engine, folder, options)))
}

/** Few sentences first: what they teach the grammar helps with the rest. Equal ones stay in order. */
const easyFirst = (problems: readonly Problem[]): Problem[] =>
  problems
    .map((problem) => ({ problem, sentences: sentencesOf(problem.question).length }))
    .sort((a, b) => a.sentences - b.sentences)
    .map(({ problem }) => problem)

function waves<T>(list: readonly T[], size: number): T[][] {
  if (size === 0) return [[...list]]
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}

/** Trees of an earlier try must be those that would be searched now, in the same order. */
function checkOrder(run: Run, round: number, from: number, trees: readonly Tree[], problems: readonly Problem[]): void {
  const wrong = trees.findIndex((tree, i) => tree.problem.id !== problems[i]?.id)
  if (wrong < 0) return
  const expected = problems[wrong] ? `the tree of ${problems[wrong].id}` : 'no more trees'
  const line = `${run.roundPath(round, 'trees.jsonl')}:${from + wrong + 1}`
  throw changedByHand(line, expected, `the one of ${trees[wrong]!.problem.id}`)
}

function summarise(round: number, problems: number, trees: readonly Tree[]): SearchSummary {
  const sum = (of: (tree: Tree) => number) => trees.reduce((total, tree) => total + of(tree), 0)
  return {
    round,
    problems,
    solved: new Set(trees.filter((tree) => tree.counts.hits > 0).map((tree) => tree.problem.id)).size,
    trees: trees.length,
    rollouts: sum(({ counts }) => counts.rollouts),
    expansions: sum(({ counts }) => counts.expansions),
    executions: sum(({ counts }) => counts.executions),
    proposals: sum(({ counts }) => counts.proposals),
    tokens: sum(({ counts }) => counts.tokens),
  }
}
