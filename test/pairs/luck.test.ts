// Rounds made up so that what is luck is known.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { surveyLuck } from '../../lib/pairs/luck.ts'
import { type Trajectory, trajectories } from '../../lib/pairs/trajectories.ts'
import type { Step } from '../../lib/problem/problem.ts'
import { newTree, type Tree, type TreeNode } from '../../lib/search/tree.ts'
import { below, random } from '../../lib/seed/random.ts'

/** A tree of whole programs, each one settled step. */
function treeOf(
  id: string,
  question: string,
  answer: string,
  programs: readonly (readonly [code: string, printed: string])[],
): Tree {
  const tree = newTree({ id, question, answer, level: 'easy', source: 'made-up' })
  const { nodes, stats } = tree
  for (const [text, printed] of programs) {
    const step: Step = { text, final: true }
    const node: TreeNode = {
      ...nodes[0]!,
      parent: 0,
      depth: 1,
      step,
      answer: printed,
      terminal: 'answered',
      children: null,
    }
    nodes.push(node)
    const right = printed === answer
    stats.visits.push(1)
    stats.valueSum.push(right ? 1 : -1)
    stats.reward.push(right ? 1 : -1)
    stats.right.push(right)
    stats.settledIn.push(0)
    stats.exhausted.push(true)
  }
  return tree
}

const OPERATORS = ['+', '-', '*'] as const

/** A question with three numbers, and many programs on two or three of them; `seen`: the one on all three is among them. */
function round(problems: number, seen: (i: number) => boolean, wrongReference: (i: number) => boolean): Tree[] {
  const rng = random(5, 'luck')
  return Array.from({ length: problems }, (_, i) => {
    const [a, b, c] = [3 + below(rng, 60), 3 + below(rng, 60), 3 + below(rng, 60)]
    const truth = a * b + c
    const programs = new Map<string, number>()
    while (programs.size < 12) {
      const [x, y] = [below(rng, 2) ? a : b, below(rng, 2) ? b : c]
      const [f, g] = [OPERATORS[below(rng, 3)]!, OPERATORS[below(rng, 3)]!]
      const first = f === '+' ? x + y : f === '-' ? x - y : x * y
      const value = g === '+' ? first + 2 : g === '-' ? first - 2 : first * 2
      programs.set(`print((${x} ${f} ${y}) ${g} 2)`, value)
    }
    if (seen(i)) programs.set(`print(${a} * ${b} + ${c})`, truth)
    const values = [...programs.values()]
    const reference = wrongReference(i) ? values[below(rng, values.length)]! : truth
    return treeOf(
      `p${i}`,
      `Of ${a}, ${b} and ${c}?`,
      String(reference),
      [...programs].map(([code, value]) => [code, String(value)]),
    )
  })
}

function judged(trees: readonly Tree[]): {
  withinReach: number
  accidents: { tree: Tree; trajectory: Trajectory; p: number }[]
} {
  const survey = surveyLuck()
  for (const tree of trees) survey.add([tree])
  const luck = survey.luck()
  const accidents = trees.flatMap((tree) => {
    const accident = luck.accident([tree])
    return trajectories(tree).flatMap((trajectory) =>
      trajectory.right ? [{ tree, trajectory, p: accident(trajectory) }] : [],
    )
  })
  return { withinReach: luck.withinReach, accidents }
}

describe('luck', () => {
  test('where the reasoning is among the programs, hardly any right answer is suspect', () => {
    const { withinReach, accidents } = judged(
      round(
        200,
        () => true,
        () => false,
      ),
    )
    assert.ok(withinReach > 0.9, String(withinReach))
    const sound = accidents.filter(({ trajectory }) => trajectory.steps[0]!.text.includes(' + '))
    assert.ok(sound.filter(({ p }) => p > 0.5).length <= 0.02 * sound.length)
  })

  test('where no reasoning is, right answers are suspect, small ones most', () => {
    const trees = round(
      400,
      () => false,
      (i) => i % 5 === 0,
    )
      // Of references that programs hit by chance most are small.
      .map((tree, i) =>
        i % 5 === 0 && Math.abs(Number(tree.problem.answer)) > 60
          ? treeOf(tree.problem.id, tree.problem.question, '99999', printed(tree))
          : tree,
      )
    const { withinReach, accidents } = judged(trees)
    assert.ok(accidents.length > 10, String(accidents.length))
    assert.ok(withinReach < 0.15, String(withinReach))
    const small = accidents.filter(({ tree }) => Math.abs(Number(tree.problem.answer)) < 10)
    const large = accidents.filter(({ tree }) => Math.abs(Number(tree.problem.answer)) > 30)
    assert.ok(
      small.every(({ p }) => p > 0.5),
      String(small.map(({ p }) => p)),
    )
    assert.ok(mean(small.map(({ p }) => p)) > mean(large.map(({ p }) => p)))
  })

  test('in a mixed round the expected share of accidents is near the real one', () => {
    const trees = round(
      600,
      (i) => i % 3 === 0,
      () => false,
    )
    const { withinReach, accidents } = judged(trees)
    const real = accidents.filter(({ trajectory, tree }) => !isSound(tree, trajectory)).length
    const expected = accidents.reduce((sum, { p }) => sum + p, 0)
    assert.ok(Math.abs(withinReach - 1 / 3) < 0.05, String(withinReach))
    assert.ok(
      Math.abs(expected - real) < 0.05 * accidents.length,
      `${expected} expected, ${real} of ${accidents.length}`,
    )
  })

  test('of two right programs the one that leaves numbers unused is the likelier accident', () => {
    const rest = round(
      200,
      (i) => i % 2 === 0,
      () => false,
    )
    const tree = treeOf('two', 'Of 5, 7 and 9?', '44', [
      ['print(5 * 7 + 9)', '44'],
      ['print((9 + 2) * 2 * 2)', '44'],
      ['print(7 + 9)', '16'],
    ])
    const { accidents } = judged([...rest, tree])
    const [all, one] = accidents.filter((each) => each.tree === tree)
    assert.ok(one!.p > all!.p, `${one!.p} against ${all!.p}`)
  })

  test('a program that uses none of the numbers is an accident for certain', () => {
    const rest = round(
      100,
      () => true,
      () => false,
    )
    const tree = treeOf('none', 'Of 51 and 77?', '128', [
      ['print(51 + 77)', '128'],
      ['print(128)', '128'],
      ['print(51 - 77)', '-26'],
    ])
    const [sound, guess] = judged([...rest, tree]).accidents.filter((each) => each.tree === tree)
    assert.ok(sound!.p < 0.5)
    assert.equal(guess!.p, 1)
  })

  test('it depends on nothing but the trees: not on their order, not on the language around the numbers', () => {
    const trees = round(
      120,
      (i) => i % 2 === 0,
      () => false,
    )
    const chances = (list: readonly Tree[]) =>
      new Map(judged(list).accidents.map(({ tree, p }) => [tree.problem.id, p.toFixed(9)]))
    const inGerman = trees.map((tree) => ({
      ...tree,
      problem: { ...tree.problem, question: tree.problem.question.replace('Of', 'Aus').replace('and', 'und') },
    }))
    assert.deepEqual(new Map([...chances(trees.toReversed())].sort()), new Map([...chances(trees)].sort()))
    assert.deepEqual(chances(inGerman), chances(trees))
  })

  test('a few problems decide nothing: one right answer of one is sound, and no problems at all are no error', () => {
    const tree = treeOf('one', 'Of 3 and 4?', '7', [['print(3 + 4)', '7']])
    assert.ok(judged([tree]).accidents[0]!.p < 0.5)
    assert.equal(judged([]).accidents.length, 0)
    assert.equal(judged([newTree(tree.problem)]).withinReach, 0)
  })
})

const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length
const printed = (tree: Tree) => trajectories(tree).map(({ steps, answer }) => [steps[0]!.text, answer] as const)
const isSound = (tree: Tree, { steps }: Trajectory): boolean => {
  const [a, b, c] = tree.problem.question.match(/\d+/g)!
  return steps[0]!.text === `print(${a} * ${b} + ${c})`
}
