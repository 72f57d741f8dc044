import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ppmAugmented } from '../../lib/annotate/ppm-augmented.ts'
import { systemTwo } from '../../lib/annotate/system-two.ts'
import type { Proposal } from '../../lib/policy/contract.ts'
import type { Prefix } from '../../lib/problem/problem.ts'
import { backup } from '../../lib/search/backup.ts'
import { expand } from '../../lib/search/expand.ts'
import type { SearchOptions } from '../../lib/search/options.ts'
import { rollout, searchTree } from '../../lib/search/rollout.ts'
import { select } from '../../lib/search/select.ts'
import { isOpen, newTree, prefixOf, qOf, ROOT, type Tree } from '../../lib/search/tree.ts'
import { digitPolicy, fakePpm, fakeVerifier, parts, problem, scripted, step, verdictOf } from './fakes.ts'

/** One proposal list for each depth. */
const byDepth = (...levels: Proposal[][]) => scripted((prefix: Prefix) => levels[prefix.steps.length] ?? [])
const grown = (policy: ReturnType<typeof scripted>, options: SearchOptions = {}) =>
  searchTree(newTree(problem(), options), parts(policy))
const childrenOf = (tree: Tree, node = ROOT) => (tree.nodes[node]!.children ?? []).map((child) => tree.nodes[child]!)

test('select, expand and backup may be called one at a time, and make a rollout', async () => {
  const policy = byDepth([step('now = 1')], [step('print(7)', true)])
  const tree = newTree(problem())
  let leaf = select(tree)
  assert.equal(leaf, ROOT)
  assert.deepEqual(await expand(tree, leaf, parts(policy)), [1])
  leaf = select(tree, leaf)
  assert.deepEqual([leaf, isOpen(tree, leaf)], [1, true])
  assert.deepEqual(await expand(tree, leaf, parts(policy)), [2])
  backup(tree, select(tree, leaf), { reward: 1, right: true })
  assert.deepEqual(tree.stats.visits, [1, 1, 1])
  assert.deepEqual(tree.stats.valueSum, [1, 1, 1])
  assert.deepEqual(tree.stats.exhausted, [true, true, true])

  const atOnce = newTree(problem())
  assert.equal(await rollout(atOnce, parts(policy)), 2)
  assert.deepEqual(atOnce.stats, tree.stats)
})

test('backup adds the terminal reward once to every node on the path and to no other', async () => {
  const tree = await grown(digitPolicy(), { rollouts: 3, seed: 4 })
  const before = structuredClone(tree.stats)
  const leaf = await rollout(tree, parts(digitPolicy()))
  const path = new Set<number>()
  for (let at = leaf; at >= 0; at = tree.nodes[at]!.parent) path.add(at)
  for (const [node, visits] of before.visits.entries()) {
    assert.equal(tree.stats.visits[node]! - visits, path.has(node) ? 1 : 0)
    assert.equal(tree.stats.valueSum[node]! - before.valueSum[node]!, path.has(node) ? tree.stats.reward[leaf]! : 0)
  }
})

test('a terminal is settled once, and an exhausted subtree is not entered again', async () => {
  const tree = await grown(
    byDepth([step('now = 1'), step('now = 2')], [step('print(7)', true), step('print(8)', true)]),
    {
      rollouts: 50,
    },
  )
  assert.equal(tree.counts.rollouts, 4)
  assert.equal(tree.stats.visits[ROOT], 4)
  assert.equal(tree.counts.hits, 2)
  assert.ok(tree.stats.exhausted.every((exhausted) => exhausted))
  assert.throws(() => backup(tree, 4, { reward: 1, right: true }), /sent nothing yet/)
})

test('a search stops at the hits it was asked for', async () => {
  const tree = await grown(digitPolicy(), { rollouts: 50, stopAfterHits: 2 })
  assert.equal(tree.counts.hits, 2)
  assert.ok(tree.counts.rollouts < 50)
})

test('proposals with equal code are one child that counts them; comments and order of arrival do not matter', async () => {
  const twice = [step('# one\nnow = 1'), step('# another\nnow = 1  # way'), step('now = 2')]
  const merged = await grown(byDepth(twice), { rollouts: 1 })
  assert.deepEqual(
    childrenOf(merged).map((node) => [node.step.text, node.proposals]),
    [
      ['# one\nnow = 1', 2],
      ['now = 2', 1],
    ],
  )
  assert.equal(childrenOf(await grown(byDepth(twice), { rollouts: 1, sameCandidate: 'text' })).length, 3)
})

test('a step that prints the word error is kept; one that raises is not', async () => {
  const tree = await grown(byDepth([step('print("error")'), step('fail()'), step('hang()')]), { rollouts: 1 })
  assert.deepEqual(
    childrenOf(tree).map((node) => node.step.text),
    ['print("error")'],
  )
})

test('boxed in a comment ends nothing', async () => {
  const tree = await grown(byDepth([step('# \\boxed{7}\nnow = 7')], [step('print(7)', true)]), { rollouts: 1 })
  assert.equal(childrenOf(tree)[0]!.terminal, null)
  assert.equal(tree.nodes[2]!.terminal, 'answered')
})

test('a final step that prints nothing is unparsable, a step at the greatest depth that is not final is too deep', async () => {
  const tree = await grown(byDepth([step('now = 1', true), step('now = 2')], [step('now = 3')]), { maxDepth: 2 })
  assert.deepEqual(
    tree.nodes.map(({ terminal }) => terminal),
    [null, 'unparsable', null, 'tooDeep'],
  )
  assert.deepEqual(tree.stats.valueSum, [-2, -1, -1, -1])
})

test('a node of which no candidate survives is a dead end', async () => {
  const tree = await grown(byDepth([step('now = 1')], [step('fail()')]))
  assert.equal(tree.nodes[1]!.terminal, 'deadEnd')
  assert.deepEqual(tree.stats.valueSum, [-1, -1])
})

test('the penalty of a terminal without an answer reaches its path, or only itself', async () => {
  const policy = byDepth([step('now = 1')], [step('now = 2', true)])
  assert.deepEqual((await grown(policy, { invalidPenalty: 'path' })).stats.valueSum, [-1, -1, -1])
  assert.deepEqual((await grown(policy, { invalidPenalty: 'self' })).stats.valueSum, [0, 0, -1])
})

test('failed steps may be kept as leaves that nobody enters', async () => {
  const policy = byDepth([step('fail()'), step('now = 1')], [step('print(7)', true)])
  const tree = await grown(policy, { failedSteps: 'keep', invalidPenalty: 'self' })
  assert.deepEqual(
    tree.nodes.map(({ terminal }) => terminal),
    [null, 'codeFailed', null, 'answered'],
  )
  assert.deepEqual(tree.stats.valueSum, [1, -1, 1, 1])
  assert.equal(tree.nodes[1]!.failure, 'error')
})

test('with an error tolerance of 2 one failed step may be repaired: it is read, but not executed again', async () => {
  const policy = byDepth([step('now = 1')], [step('fail()', true)], [step('now = 2')], [step('print(7)', true)])
  const verifier = fakeVerifier()
  const tree = newTree(problem(), { errorTolerance: 2 })
  await searchTree(tree, parts(policy, { verifier }))
  assert.equal(tree.counts.hits, 1)
  assert.deepEqual(
    prefixOf(tree, 4).steps.map(({ text }) => text),
    ['now = 1', 'fail()', 'now = 2', 'print(7)'],
  )
  assert.deepEqual(
    verifier.calls.at(-1)!.map(({ text }) => text),
    ['now = 1', 'now = 2'],
  )
  const twice = byDepth([step('fail()')], [step('fail() # again')])
  assert.equal((await grown(twice, { errorTolerance: 2, failedSteps: 'keep' })).nodes.at(-1)!.terminal, 'codeFailed')
})

test('the released rule keeps only the first answered candidate of an expansion, ours keeps all', async () => {
  const policy = byDepth([step('now = 1'), step('print(8)', true), step('print(7)', true)], [step('print(9)', true)])
  assert.equal(childrenOf(await grown(policy, { rollouts: 1 })).length, 3)
  const first = childrenOf(await grown(policy, { rollouts: 1, answeredCandidates: 'first' }))
  assert.deepEqual(
    first.map(({ step: { text } }) => text),
    ['print(8)'],
  )
})

test('terminals count when selected, or all as soon as they are created', async () => {
  const policy = byDepth([step('print(8)', true), step('print(7)', true), step('print(9)', true)])
  assert.equal((await grown(policy, { rollouts: 1 })).stats.visits[ROOT], 1)
  const created = await grown(policy, { rollouts: 1, terminals: 'created' })
  assert.deepEqual([created.stats.visits[ROOT], created.counts.hits], [3, 1])
})

test('an initial PPM value counts as one visit, or as none', async () => {
  const policy = byDepth([step('now = 1')], [step('print(7)', true)])
  const annotator = ppmAugmented(fakePpm(() => 0.6))
  const at = async (scoreCountsAsVisit: boolean): Promise<Tree> =>
    searchTree(newTree(problem(), { scoreCountsAsVisit }), parts(policy, { annotator }))
  const counted = await at(true)
  assert.deepEqual(counted.stats.visits, [1, 2, 2])
  assert.equal(qOf(counted, 1), 1.6 / 2)
  const uncounted = await at(false)
  assert.deepEqual(uncounted.stats.visits, [1, 1, 1])
  assert.equal(qOf(uncounted, 1), 1)
})

test('System 2 never compares with the reference and backs up the score of the answer', async () => {
  const grader = {
    equivalent: () => {
      throw new Error('the reference was looked at')
    },
  }
  const ppm = fakePpm((steps) => (steps.at(-1)!.text === 'print(7)' ? 0.75 : -0.5))
  const tree = newTree(problem())
  const policy = byDepth([step('print(7)', true), step('print(8)', true)])
  await searchTree(tree, { ...parts(policy), grader, annotator: systemTwo(ppm) })
  assert.deepEqual(tree.stats.reward, [null, 0.75, -0.5])
  assert.deepEqual(tree.stats.right, [null, null, null])
  assert.equal(tree.stats.valueSum[ROOT], 0.25)
})

test('a module that this machine lacks is no fault of the step: no penalty', async () => {
  const tree = await grown(byDepth([step('now = 1')], [step('import gpu')]))
  assert.equal(tree.nodes[1]!.terminal, 'unsupported')
  assert.deepEqual(tree.stats.valueSum, [0, 0])
  assert.equal(tree.counts.rollouts, 1)
})

test('a sandbox that breaks is asked again and never becomes a label; three times in a row is an error', async () => {
  let calls = 0
  const verifier = fakeVerifier((candidate) =>
    calls++ < 2 ? { kind: 'infra', message: 'gone' } : verdictOf(candidate),
  )
  const tree = newTree(problem())
  await searchTree(tree, parts(byDepth([step('print(7)', true)]), { verifier }))
  assert.equal(tree.counts.hits, 1)
  await assert.rejects(grown(byDepth([step('breakSandbox()')])), /The sandbox failed 3 times on the same step: no proc/)
})

test('a score outside [-1, 1] or a missing one is an error, not a label', async () => {
  const policy = byDepth([step('now = 1'), step('now = 2')])
  for (const bad of [Number.NaN, 1.5]) {
    const annotator = ppmAugmented(fakePpm(() => bad))
    await assert.rejects(searchTree(newTree(problem()), parts(policy, { annotator })), /Expected a score of fake in/)
  }
  const short = { ...fakePpm(() => 0), score: async () => [[0]] }
  await assert.rejects(
    searchTree(newTree(problem()), parts(policy, { annotator: ppmAugmented(short) })),
    /Expected 2 scores, one for each candidate in order, got 1/,
  )
})

test('a part that breaks its contract is named with what it gave', async () => {
  const tree = () => newTree(problem(), { rollouts: 2 })
  const words = scripted(() => ['x = 1'] as never)
  await assert.rejects(
    searchTree(tree(), parts(words)),
    /Expected scripted to propose steps \{ text, final, tokens, .* got "x = 1"/,
  )
  const late = { name: 'late', equivalent: async () => true } as never
  const right = scripted(() => [step('print(7)', true)])
  await assert.rejects(
    searchTree(tree(), parts(right, { grader: late })),
    /Expected the grader late to say true or false at once/,
  )
})
