// The grammar along a run: what it has learned after each round is saved beside that round, because later rounds ask
// it which trajectories are accidents and what to propose where the policy is stuck.
import { readJson, writeJson } from '../file/json.ts'
import { learnable } from '../pairs/trajectories.ts'
import { type GrammarPolicy, type GrammarSnapshot, grammarPolicy } from '../policy/grammar/grammar.ts'
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
  if (right.length === 0) return
  const solutions = right.map((trajectory) => trajectory.steps)
  grammar.learn(tree.problem.id, tree.problem.question, solutions)
}

/** Saves what the grammar knows after a round. */
export function saveGrammar(run: Run, round: number, grammar: GrammarPolicy): void {
  writeJson(run.roundPath(round, 'grammar.json'), grammar.snapshot())
}
