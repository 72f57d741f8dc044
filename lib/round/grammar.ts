// The grammar along a run: what it has learned after each round is saved beside that round, because later rounds ask
// it what to propose where the policy is stuck. What is suspected to be an accident teaches it nothing.
import { readJson, writeJson } from '../file/json.ts'
import { learnable, type Trajectory } from '../pairs/trajectories.ts'
import { type GrammarPolicy, type GrammarSnapshot, grammarPolicy } from '../policy/grammar/grammar.ts'
import type { Problem } from '../problem/problem.ts'
import type { Run } from '../run/run.ts'
import { expectUnchanged, isFinished } from '../run/sealed-files.ts'
import type { Tree } from '../search/tree.ts'

/**
 * The grammar with what the rounds before `round` have taught it: nothing before round 1, and nothing by a round whose
 * examples are not selected. Errors: what the selection of the round before has left was changed.
 */
export function openGrammar(run: Run, round: number): GrammarPolicy {
  const { grammar } = run.settings
  if (round === 1 || !isFinished(run, round - 1, 'selection')) return grammarPolicy(grammar)
  expectUnchanged(run, round - 1, 'selection')
  const path = run.roundPath(round - 1, 'grammar.json')
  return grammarPolicy({ ...grammar, snapshot: readJson<GrammarSnapshot>(path) })
}

/** Teaches the grammar every right program of a tree; it counts from the next `refit` on. */
export function learnTree(grammar: GrammarPolicy, tree: Tree): void {
  const right = learnable(tree).filter((trajectory) => trajectory.right === true)
  learnPrograms(grammar, tree.problem, right)
}

/** Teaches the grammar programs of a problem; they count from the next `refit` on. */
export function learnPrograms(
  grammar: GrammarPolicy,
  { id, question }: Problem,
  programs: readonly Pick<Trajectory, 'steps'>[],
): void {
  const solutions = programs.map(({ steps }) => steps)
  if (solutions.length > 0) grammar.learn(id, question, solutions)
}

/** Saves what the grammar knows after a round. */
export function saveGrammar(run: Run, round: number, grammar: GrammarPolicy): void {
  writeJson(run.roundPath(round, 'grammar.json'), grammar.snapshot())
}
