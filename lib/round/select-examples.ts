// The second stage of a round: from its trees, the trajectories that the next policy learns from and the pairs that
// the PPM learns from. A pure function of the files before it, so it is simply done again when its own are missing.
import { existsSync } from 'node:fs'
import { writeAtomic } from '../file/atomic.ts'
import { readJson, writeJson } from '../file/json.ts'
import { jsonl, readJsonl } from '../file/jsonl.ts'
import { type PreferencePair, preferencePairs } from '../pairs/preference-pairs.ts'
import { sftExamples, treesByProblem } from '../pairs/sft-examples.ts'
import { distinctTrajectories, trajectories } from '../pairs/trajectories.ts'
import type { Step } from '../problem/problem.ts'
import { questionsOf, type Run } from '../run/run.ts'
import { readTrees } from '../run/trees.ts'
import { learnFrom, openGrammar, saveGrammar } from './grammar.ts'

/** One line of sft.jsonl. */
export interface AcceptedTrajectory {
  readonly problemId: string
  readonly steps: readonly Step[]
  readonly answer: string
  readonly meanQ: number
  /** Round whose search found it; earlier than the file's round when it was carried. */
  readonly round: number
}

export interface RoundExamples {
  readonly accepted: readonly AcceptedTrajectory[]
  readonly pairs: readonly PreferencePair[]
  /** Right trajectories refused as accidents, of all right distinct ones. */
  readonly accidents: { readonly refused: number; readonly of: number }
  /** Right distinct trajectories left out before that, because no model should learn what their code does. */
  readonly untrusted: number
}

/** Selects a round's examples and pairs, or reads them if that was done. Errors: the round is not searched yet. */
export function selectExamples(run: Run, round: number): RoundExamples {
  const path = run.roundPath(round, 'selection.json')
  if (!existsSync(run.roundPath(round, 'search.json')))
    throw new Error(
      `Expected round ${round} to be searched before its examples are selected. Run searchRound(run, ${round}) first`,
    )
  if (!existsSync(path)) {
    const { accepted, pairs, accidents, untrusted } = select(run, round)
    writeAtomic(run.roundPath(round, 'sft.jsonl'), jsonl(accepted))
    writeAtomic(run.roundPath(round, 'pairs.jsonl'), jsonl(pairs))
    writeJson(path, { accepted: accepted.length, pairs: pairs.length, accidents, untrusted })
  }
  return {
    accepted: readJsonl<AcceptedTrajectory>(run.roundPath(round, 'sft.jsonl')),
    pairs: readJsonl<PreferencePair>(run.roundPath(round, 'pairs.jsonl')),
    ...counts(path),
  }
}

function counts(path: string): Pick<RoundExamples, 'accidents' | 'untrusted'> {
  const { accidents, untrusted = 0 } = readJson<Pick<RoundExamples, 'accidents'> & { readonly untrusted?: number }>(
    path,
  )
  return { accidents, untrusted }
}

function select(run: Run, round: number): RoundExamples {
  const { examples, pairs: pairOptions } = run.recipe(round)
  const trees = readTrees(run, round)
  const grammar = openGrammar(run, round)
  learnFrom(grammar, trees)
  saveGrammar(run, round, grammar)

  const questions = questionsOf(run)
  const least = examples.minLogProbability
  const isLikely = ({ problemId, steps }: { problemId: string; steps: readonly Step[] }) =>
    least === null || Math.min(...grammar.stepLogProbabilities(questions.get(problemId)!, steps)) >= least
  const all = distinctTrajectories(trees.flatMap(trajectories).filter((trajectory) => trajectory.right === true))
  const right = all.filter(({ refusal }) => refusal === null)
  const found = sftExamples(trees, {
    perProblem: examples.perProblem,
    filter: (trajectory) => trajectory.failedSteps === 0 && isLikely(trajectory),
  }).map(({ problemId, steps, answer, meanQ }) => ({ problemId, steps, answer, meanQ, round }))

  const solved = new Set(found.map(({ problemId }) => problemId))
  const carried =
    examples.carry && round > 1
      ? selectExamples(run, round - 1).accepted.filter(({ problemId }) => !solved.has(problemId))
      : []
  return {
    accepted: [...found, ...carried],
    pairs: treesByProblem(trees).flatMap((group) => preferencePairs(group, pairOptions)),
    accidents: { refused: right.filter((trajectory) => !isLikely(trajectory)).length, of: right.length },
    untrusted: all.length - right.length,
  }
}
