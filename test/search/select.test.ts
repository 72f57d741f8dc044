import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ppmAugmented } from '../../lib/annotate/ppm-augmented.ts'
import { expand } from '../../lib/search/expand.ts'
import { paper, releasedCode, type SearchOptions, searchSettings } from '../../lib/search/options.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import { bestChild, puct, selectionScore, uct } from '../../lib/search/select.ts'
import { newTree, ROOT } from '../../lib/search/tree.ts'
import { noisyPpm, parts, problem, scripted, step } from './fakes.ts'

test('the worked examples of uct and puct hold', () => {
  assert.equal(uct(0.5, 2, 8, 2).toFixed(3), '2.539')
  assert.equal(puct(0.5, 3, 16, 0.25, 2), 1)
})

test('the paper preset is the default', () => {
  assert.deepEqual(searchSettings(paper), searchSettings())
})

/** Twelve distinct children at every level down to depth 5, one answer in two right. */
const twelveWide = scripted((prefix, rng, count) =>
  Array.from({ length: count }, (_, i) =>
    prefix.steps.length < 4 ? step(`now = ${i}`) : step(`print(${rng() < 0.5 ? 7 : i + 100})`, true),
  ),
)

test('Eq. 1 in a tree: c = 2 goes to the child seen less often, c = 0 to the one of highest Q', async () => {
  const chosen = async (c: number): Promise<number> => {
    const tree = newTree(problem(), { c, width: 3 })
    await expand(tree, ROOT, parts(twelveWide))
    tree.stats.visits.splice(0, 4, 4, 2, 1, 1)
    tree.stats.valueSum.splice(0, 4, 0, 1, 0, -1) // Q: .5, 0, -1
    if (c === 2)
      assert.deepEqual(
        [1, 2, 3].map((child) => selectionScore(tree, ROOT)(child).toFixed(3)),
        ['2.165', '2.355', '1.355'],
      )
    return bestChild(tree, ROOT)!
  }
  assert.deepEqual([await chosen(2), await chosen(0)], [2, 1])
})

async function rootChildrenVisited(options: SearchOptions): Promise<number[]> {
  const counts: number[] = []
  for (let seed = 1; seed <= 20; seed++) {
    const tree = newTree(problem(), { ...options, rollouts: 16, width: 12, seed })
    await searchTree(tree, parts(twelveWide))
    counts.push(tree.nodes[ROOT]!.children!.filter((child) => tree.stats.visits[child]! > 0).length)
  }
  return counts.sort((a, b) => a - b)
}

test("with the released code's first-play urgency 16 rollouts starve siblings: about 2 of 12; textbook: 12 of 12", async () => {
  const released = await rootChildrenVisited(releasedCode)
  const onlyUrgency = await rootChildrenVisited({ firstPlayUrgency: 0 })
  const textbook = await rootChildrenVisited(paper)
  assert.ok(released[10]! <= 3, `median ${released[10]}`)
  assert.ok(onlyUrgency[10]! <= 3, `median ${onlyUrgency[10]}`)
  assert.deepEqual(new Set(textbook), new Set([12]))
})

test('equal children are chosen by the seed, or the first where the options say so', async () => {
  const chosen = async (ties: 'random' | 'first', seed: number): Promise<number> => {
    const tree = newTree(problem(), { ties, seed, width: 12 })
    await expand(tree, ROOT, parts(twelveWide))
    return bestChild(tree, ROOT)!
  }
  const seeds = Array.from({ length: 40 }, (_, i) => i)
  assert.ok(new Set(await Promise.all(seeds.map((seed) => chosen('random', seed)))).size > 6)
  assert.equal(await chosen('random', 3), await chosen('random', 3))
  assert.deepEqual(new Set(await Promise.all(seeds.map((seed) => chosen('first', seed)))), new Set([1]))
})

test('puct takes the most proposed child first, uct does not look at proposals', async () => {
  const policy = scripted(() => [step('now = 1'), step('now = 2'), step('now = 2'), step('now = 2'), step('now = 3')])
  const tree = newTree(problem(), { select: 'puct' })
  await expand(tree, ROOT, parts(policy))
  assert.deepEqual(
    tree.nodes[ROOT]!.children!.map((child) => tree.nodes[child]!.proposals),
    [1, 3, 1],
  )
  assert.equal(bestChild(tree, ROOT), 2)
  assert.equal(selectionScore(tree, ROOT)(2), -1 + 2 * (3 / 5))
  const uctTree = newTree(problem())
  await expand(uctTree, ROOT, parts(policy))
  assert.deepEqual([1, 2, 3].map(selectionScore(uctTree, ROOT)), [Infinity, Infinity, Infinity])
})

test('without exploration a search stays with what was right once, with much of it it goes round', async () => {
  const visited = async (c: number): Promise<number> => {
    const tree = newTree(problem(), { c, rollouts: 4, select: 'puct' })
    const policy = scripted(({ steps }) =>
      steps.length < 2 ? ['a', 'b', 'c', 'd'].map((name) => step(`${name} = 1`)) : [step('print(7)', true)],
    )
    await searchTree(tree, parts(policy))
    return tree.nodes[ROOT]!.children!.filter((child) => tree.stats.visits[child]! > 0).length
  }
  assert.deepEqual([await visited(0), await visited(50)], [1, 4])
})

test('the first descent of the released code is greedy in the PPM score', async () => {
  const ppm = noisyPpm((steps) => (steps.at(-1)!.text === 'now = 5' ? 0.9 : -0.2), 0)
  for (const options of [releasedCode, paper]) {
    const tree = newTree(problem(), { ...options, width: 12, rollouts: 1 })
    await searchTree(tree, parts(twelveWide, { annotator: ppmAugmented(ppm) }))
    const visited = tree.nodes.filter(({ children, depth }) => children !== null && depth > 0)
    assert.deepEqual(new Set(visited.map((node) => node.step.text)), new Set(['now = 5']))
  }
})

test('an option out of range is refused with its name, what is expected and what came', () => {
  assert.throws(() => searchSettings({ rollouts: 1.5 }), /Expected `rollouts` to be an integer from 0 up, got `1.5`/)
  assert.throws(() => searchSettings({ c: -1 }), /Expected `c` to be a number from 0 up, got `-1`/)
  assert.throws(() => searchSettings({ select: 'best' as 'uct' }), /one of uct, puct, got `best`/)
  assert.throws(() => searchSettings({ select: 'puct', firstPlayUrgency: Infinity }), /finite Q-value/)
})
