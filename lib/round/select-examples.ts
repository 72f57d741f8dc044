// The second stage of a round: from its trees, the trajectories that the next policy learns from and the pairs that
// the PPM learns from. A pure function of the files before it, so it is simply done again when its own are missing.
// Trees are read problem by problem, and what is chosen is written at once.
import { existsSync } from 'node:fs'
import { openAtomic } from '../file/atomic.ts'
import { readJson } from '../file/json.ts'
import { eachJsonl, jsonl, readJsonl } from '../file/jsonl.ts'
import type { PreferencePair } from '../pairs/preference-pairs.ts'
import { bestByQ, type ExampleSelection } from '../pairs/selection.ts'
import { distinctTrajectories, type Trajectory, trajectories } from '../pairs/trajectories.ts'
import type { GrammarPolicy } from '../policy/grammar/grammar.ts'
import type { Step } from '../problem/problem.ts'
import type { Run } from '../run/run.ts'
import { expectUnchanged, finishStage } from '../run/sealed-files.ts'
import { changedByHand, eachProblemsTrees, eachTree } from '../run/trees.ts'
import { checkSelected } from './check-selected.ts'
import { learnTree, openGrammar, saveGrammar } from './grammar.ts'
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
  /** Right trajectories refused as accidents, of all right distinct ones. */
  readonly accidents: { readonly refused: number; readonly of: number }
  /** Right distinct trajectories left out before that, because no model should learn what their code does. */
  readonly untrusted: number
}

/** What a round's models learn from, and how much was left out. */
export interface RoundExamples extends Pick<SelectionCounts, 'accidents' | 'untrusted'> {
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
  const { untrusted = 0, ...known } = readJson<Omit<SelectionCounts, 'untrusted'> & { readonly untrusted?: number }>(
    path,
  )
  const lists: { accepted?: readonly AcceptedTrajectory[]; pairs?: readonly PreferencePair[] } = {}
  return {
    counts: { ...known, untrusted },
    accidents: known.accidents,
    untrusted,
    get accepted() {
      lists.accepted ??= readCounted<AcceptedTrajectory>(run.roundPath(round, 'sft.jsonl'), known.accepted)
      return lists.accepted
    },
    get pairs() {
      lists.pairs ??= readCounted<PreferencePair>(run.roundPath(round, 'pairs.jsonl'), known.pairs)
      return lists.pairs
    },
  }
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
  const likely = likelyUnder(grammarAfter(run, round), examples.minLogProbability)
  const isSolved = new Uint8Array(run.problems.length)
  const placeOf = (problemId: string) => run.problems.indexOf(problemId)!
  const counts = { accepted: 0, pairs: 0, accidents: { refused: 0, of: 0 }, untrusted: 0 }
  const [sft, pairs] = [openAtomic(run.roundPath(round, 'sft.jsonl')), openAtomic(run.roundPath(round, 'pairs.jsonl'))]
  const accept = (trajectory: AcceptedTrajectory) => {
    sft.write(jsonl([trajectory]))
    counts.accepted++
  }
  try {
    for (const trees of eachProblemsTrees(run, round)) {
      const { id: problemId, question } = trees[0]!.problem
      const isLikely = likely(question)
      const right = distinctTrajectories(trees.flatMap(trajectories).filter((trajectory) => trajectory.right === true))
      const trusted = right.filter(({ refusal }) => refusal === null)
      counts.untrusted += right.length - trusted.length
      counts.accidents.of += trusted.length
      counts.accidents.refused += trusted.filter((trajectory) => !isLikely(trajectory)).length
      const chosen = selection.select(trees, { isLikely })
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
  } finally {
    sft.discard()
    pairs.discard()
  }
  return counts
}

/** The grammar, taught by all trees of the round and saved beside them. */
function grammarAfter(run: Run, round: number): GrammarPolicy {
  const grammar = openGrammar(run, round)
  for (const tree of eachTree(run, round)) learnTree(grammar, tree)
  grammar.refit()
  saveGrammar(run, round, grammar)
  return grammar
}

/** For a question whether every step of a trajectory is at least so likely; always, where nothing is asked. */
const likelyUnder =
  (grammar: GrammarPolicy, least: number | null) =>
  (question: string) =>
  ({ steps }: Trajectory): boolean =>
    least === null || Math.min(...grammar.stepLogProbabilities(question, steps)) >= least
