// The second stage of a round: from its trees, the trajectories that the next policy learns from and the pairs that
// the PPM learns from. A pure function of the files before it, so it is simply done again when its own are missing.
// Trees are read problem by problem, and what is chosen is written at once: once to learn how much is luck, once to choose.
import { existsSync } from 'node:fs'
import { openAtomic } from '../file/atomic.ts'
import { readJson } from '../file/json.ts'
import { eachJsonl, jsonl, readJsonl } from '../file/jsonl.ts'
import { type Luck, surveyLuck } from '../pairs/luck.ts'
import type { PreferencePair } from '../pairs/preference-pairs.ts'
import { bestByQ, type ExampleSelection } from '../pairs/selection.ts'
import { distinctTrajectories, type Trajectory, trajectories } from '../pairs/trajectories.ts'
import type { Step } from '../problem/problem.ts'
import type { Run } from '../run/run.ts'
import { expectUnchanged, finishStage } from '../run/sealed-files.ts'
import { changedByHand, eachProblemsTrees } from '../run/trees.ts'
import { checkSelected } from './check-selected.ts'
import { learnPrograms, openGrammar, saveGrammar } from './grammar.ts'
import { noteOwnParts, type OwnParts } from './own-parts.ts'

/** One line of sft.jsonl. */
export interface AcceptedTrajectory {
  readonly problemId: string
  readonly steps: readonly Step[]
  readonly answer: string
  readonly meanQ: number
  /** Round whose search found it; earlier than the file's round when it was carried. */
  readonly round: number
}

/** How many of each a selection holds: selection.json. */
export interface SelectionCounts {
  readonly accepted: number
  readonly pairs: number
  /** Right distinct trajectories, and how many of them are suspected to be accidents: no model learns from those. */
  readonly right: number
  readonly suspects: number
  /** Right distinct trajectories left out before that, because no model should learn what their code does. */
  readonly untrusted: number
}

/** What a round's models learn from. */
export interface RoundExamples {
  /** How much that is, and how much was left out. */
  readonly counts: SelectionCounts
  /** Read from sft.jsonl when it is first asked for. */
  readonly accepted: readonly AcceptedTrajectory[]
  /** Read from pairs.jsonl when it is first asked for. */
  readonly pairs: readonly PreferencePair[]
}

/**
 * Selects a round's examples and pairs, or reads them if that was done. `own.selection` chooses in place of `bestByQ`;
 * without `own` what is there is read whoever chose it. Errors: the round is not searched yet; it was selected by another
 * selection.
 */
export function selectExamples(run: Run, round: number, own?: Pick<OwnParts, 'selection'>): RoundExamples {
  const path = run.roundPath(round, 'selection.json')
  if (!existsSync(run.roundPath(round, 'search.json')))
    throw new Error(
      `Expected round ${round} to be searched before its examples are selected. Run searchRound(run, ${round}) first`,
    )
  const isDone = existsSync(path)
  if (!isDone || own) noteOwnParts(run, round, 'selection', own ?? {}, isDone)
  if (!isDone) finishStage(run, round, 'selection', select(run, round, own?.selection))
  expectUnchanged(run, round, 'selection')
  const counts = selectionCounts(path)
  const lists: { accepted?: readonly AcceptedTrajectory[]; pairs?: readonly PreferencePair[] } = {}
  return {
    counts,
    get accepted() {
      lists.accepted ??= readCounted<AcceptedTrajectory>(run.roundPath(round, 'sft.jsonl'), counts.accepted)
      return lists.accepted
    },
    get pairs() {
      lists.pairs ??= readCounted<PreferencePair>(run.roundPath(round, 'pairs.jsonl'), counts.pairs)
      return lists.pairs
    },
  }
}

/** What selection.json says, also one of version 0.1, which knew no suspects. Errors: no such file, or no JSON in it. */
export function selectionCounts(path: string): SelectionCounts {
  type Earlier = { readonly accidents?: { readonly refused: number; readonly of: number }; readonly untrusted?: number }
  const { accidents, untrusted = 0, ...counts } = readJson<Omit<SelectionCounts, 'untrusted'> & Earlier>(path)
  return { ...(accidents && { right: accidents.of, suspects: accidents.refused }), ...counts, untrusted }
}

/** All lines of a file of the selection. Errors: not as many as selection.json counts. */
function readCounted<T>(path: string, expected: number): T[] {
  const list = readJsonl<T>(path)
  if (list.length !== expected)
    throw changedByHand(path, `the ${expected} lines that selection.json counts`, `${list.length}`)
  return list
}

/** The accepted trajectories of a round, one at a time; selects them first where that was not done. Errors: those of `selectExamples`. */
export function* eachAccepted(run: Run, round: number): Generator<AcceptedTrajectory, void, void> {
  selectExamples(run, round)
  for (const { value } of eachJsonl<AcceptedTrajectory>(run.roundPath(round, 'sft.jsonl'))) yield value
}

function select(run: Run, round: number, own: ExampleSelection | undefined): SelectionCounts {
  const { examples, pairs: pairOptions } = run.recipe(round)
  const selection = own ?? bestByQ({ perProblem: examples.perProblem, pairs: pairOptions })
  const luck = luckOf(run, round)
  const grammar = openGrammar(run, round)
  const isSolved = new Uint8Array(run.problems.length)
  const placeOf = (problemId: string) => run.problems.indexOf(problemId)!
  const counts = { accepted: 0, pairs: 0, right: 0, suspects: 0, untrusted: 0 }
  const [sft, pairs] = [openAtomic(run.roundPath(round, 'sft.jsonl')), openAtomic(run.roundPath(round, 'pairs.jsonl'))]
  const accept = (trajectory: AcceptedTrajectory) => {
    sft.write(jsonl([trajectory]))
    counts.accepted++
  }
  try {
    for (const trees of eachProblemsTrees(run, round)) {
      const { id: problemId } = trees[0]!.problem
      const accident = luck.accident(trees)
      const isSuspect = (trajectory: Trajectory) => accident(trajectory) > examples.suspectAbove
      const found = trees.flatMap(trajectories).filter(({ right }) => right === true)
      const learnable = found.filter(({ refusal }) => refusal === null)
      const sound = learnable.filter((trajectory) => !isSuspect(trajectory))
      const [all, right, kept] = [found, learnable, sound].map((list) => distinctTrajectories(list).length)
      counts.untrusted += all! - right!
      counts.right += right!
      counts.suspects += right! - kept!
      learnPrograms(grammar, trees[0]!.problem, sound)
      const chosen = selection.select(trees, { isSuspect })
      if (own !== undefined) checkSelected(own.name, trees, chosen)
      for (const { steps, answer, meanQ } of chosen.accepted) accept({ problemId, steps, answer, meanQ, round })
      if (chosen.accepted.length > 0) isSolved[placeOf(problemId)] = 1
      pairs.write(jsonl(chosen.pairs))
      counts.pairs += chosen.pairs.length
    }
    if (examples.carry && round > 1)
      for (const earlier of eachAccepted(run, round - 1)) if (!isSolved[placeOf(earlier.problemId)]) accept(earlier)
    sft.commit()
    pairs.commit()
    grammar.refit()
    saveGrammar(run, round, grammar)
  } finally {
    sft.discard()
    pairs.discard()
  }
  return counts
}

/** What the trees of a round say about luck. */
function luckOf(run: Run, round: number): Luck {
  const survey = surveyLuck()
  for (const trees of eachProblemsTrees(run, round)) survey.add(trees)
  return survey.luck()
}
