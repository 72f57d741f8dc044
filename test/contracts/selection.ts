// The laws of every example selection (lib/pairs/selection.ts), on a few trees that were really searched.
import assert from 'node:assert/strict'
import type { ExampleSelection, Selected } from '../../lib/pairs/selection.ts'
import { learnable } from '../../lib/pairs/trajectories.ts'
import type { Step } from '../../lib/problem/problem.ts'
import { pathTo, stepsTo, type Tree } from '../../lib/search/tree.ts'
import { type ContractOptions, declareLaws, expectName, type Law, type Make, using } from './laws.ts'
import { contractTrees } from './trees.ts'

const sound = { isSuspect: () => false }

/** What is chosen of each problem. */
async function chosen(selection: ExampleSelection): Promise<{ trees: Tree[]; selected: Selected }[]> {
  return (await contractTrees()).map((trees) => ({ trees, selected: selection.select(trees, sound) }))
}

const keyOf = (steps: readonly Step[]): string => JSON.stringify(steps.map(({ text, final }) => [text, final]))

/** Every path from a question through steps that a model may learn from. */
const pathsIn = (trees: readonly Tree[]): Set<string> =>
  new Set(
    trees.flatMap((tree) =>
      [...tree.nodes.keys()]
        .filter((node) => pathTo(tree, node).every((at) => tree.nodes[at]!.refusal === null))
        .map((node) => keyOf(stepsTo(tree, node))),
    ),
  )

/** The laws of a selection, one by one, for `brokenLaws`. */
export const selectionLaws: readonly Law<ExampleSelection>[] = [
  {
    title: 'it has a name',
    check: ({ name }) => expectName(name),
  },
  {
    title: 'what it accepts are right trajectories of the trees that a model may learn from, with what they printed',
    async check(selection) {
      for (const { trees, selected } of await chosen(selection)) {
        const right = trees.flatMap(learnable).filter((trajectory) => trajectory.right === true)
        for (const { steps, answer, meanQ } of selected.accepted) {
          const same = right.filter((trajectory) => keyOf(trajectory.steps) === keyOf(steps))
          assert.ok(
            same.some((trajectory) => trajectory.answer === answer),
            `${trees[0]!.problem.id}: ${keyOf(steps)} = ${answer}`,
          )
          assert.ok(meanQ >= -1 && meanQ <= 1, String(meanQ))
        }
      }
    },
  },
  {
    title: 'where nothing is suspect, something is accepted; where everything is, that is no error',
    async check(selection) {
      const selected = await chosen(selection)
      assert.ok(selected.some(({ selected: { accepted } }) => accepted.length > 0))
      for (const { trees } of selected) selection.select(trees, { isSuspect: () => true })
    },
  },
  {
    title: 'a pair is of the problem, and its chosen side is worth more',
    async check(selection) {
      for (const { trees, selected } of await chosen(selection))
        for (const { problemId, margin, weight, chosen: better, rejected } of selected.pairs) {
          assert.equal(problemId, trees[0]!.problem.id)
          assert.ok(margin > 0 && margin <= 2, `margin ${margin}`)
          assert.ok(weight > 0 && weight <= 1, `weight ${weight}`)
          assert.notEqual(keyOf(better), keyOf(rejected))
        }
    },
  },
  {
    title: 'the chosen side of a pair leads to a right answer',
    async check(selection) {
      for (const { trees, selected } of await chosen(selection)) {
        const right = trees.flatMap(learnable).filter((trajectory) => trajectory.right === true)
        const leading = new Set(right.flatMap(({ steps }) => steps.map((_, i) => keyOf(steps.slice(0, i + 1)))))
        for (const { prefix, chosen: better } of selected.pairs)
          assert.ok(leading.has(keyOf([...prefix, ...better])), keyOf([...prefix, ...better]))
      }
    },
  },
  {
    title: 'both sides of a pair go on from its prefix in the trees, by steps that a model may learn from',
    async check(selection) {
      for (const { trees, selected } of await chosen(selection)) {
        const paths = pathsIn(trees)
        for (const { prefix, chosen: better, rejected } of selected.pairs)
          for (const side of [better, rejected]) {
            assert.ok(side.length > 0)
            assert.ok(paths.has(keyOf([...prefix, ...side])), keyOf([...prefix, ...side]))
          }
      }
    },
  },
  {
    title: 'equal trees give an equal choice, whatever was chosen from before',
    async check(selection) {
      const first = await chosen(selection)
      for (const { trees, selected } of [...first].reverse()) assert.deepEqual(selection.select(trees, sound), selected)
    },
  },
  {
    title: 'two selections made alike choose alike',
    check: (selection, make) =>
      using(make, async (other) => assert.deepEqual(await chosen(other), await chosen(selection))),
  },
  {
    title: 'the trees are left as they were',
    async check(selection) {
      const untouched = await contractTrees()
      const trees = (await chosen(selection)).map((each) => each.trees)
      assert.deepEqual(trees, untouched)
    },
  },
  {
    title: 'what is chosen is plain data that a file can hold',
    async check(selection) {
      for (const { selected } of await chosen(selection))
        assert.deepEqual(JSON.parse(JSON.stringify(selected)), { ...selected })
    },
  },
]

/**
 * Declares the laws as tests. `make` gives a fresh selection for each.
 * Example: `selectionContract('shortest first', () => shortestFirst)`
 */
export function selectionContract(name: string, make: Make<ExampleSelection>, options: ContractOptions = {}): void {
  declareLaws(`${name} keeps the selection contract`, selectionLaws, make, options)
}
