// What an own selection chose is looked at before it is written: a model would learn it without a word.
import type { PreferencePair } from '../pairs/preference-pairs.ts'
import type { Selected } from '../pairs/selection.ts'
import { trajectories } from '../pairs/trajectories.ts'
import type { Tree } from '../search/tree.ts'

/**
 * Errors: lists that are none; an accepted trajectory that is no right one of these trees; a pair of another problem, with
 * an empty side, or whose margin or weight is no number above 0.
 */
export function checkSelected(name: string, trees: readonly Tree[], chosen: Selected): void {
  const { id } = trees[0]!.problem
  const expected = (what: string, got: unknown): Error =>
    new Error(`Expected the selection "${name}" to give ${what} for ${id}, got ${JSON.stringify(got)?.slice(0, 120)}`)
  if (!Array.isArray(chosen?.accepted) || !Array.isArray(chosen.pairs))
    throw expected('the lists `accepted` and `pairs`', chosen)
  const right = new Set(
    trees.flatMap(trajectories).flatMap((one) => (one.right === true ? [textOf(one.steps, one.answer)] : [])),
  )
  for (const each of chosen.accepted) {
    const isRight = Array.isArray(each?.steps) && right.has(textOf(each.steps, each.answer))
    if (!isRight || !Number.isFinite(each.meanQ))
      throw expected('right trajectories of its trees with their mean Q', each)
  }
  for (const pair of chosen.pairs)
    if (!isPair(pair, id)) throw expected('pairs of its problem with margin and weight', pair)
}

const textOf = (steps: readonly unknown[], answer: unknown): string => JSON.stringify([steps, answer])

const isPair = (pair: PreferencePair | undefined, problemId: string): boolean =>
  pair?.problemId === problemId &&
  Array.isArray(pair.prefix) &&
  [pair.chosen, pair.rejected].every((side) => Array.isArray(side) && side.length > 0) &&
  [pair.margin, pair.weight].every((value) => Number.isFinite(value) && value > 0)
