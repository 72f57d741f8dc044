// What the code of a step does decides whether a model may learn from it, from the run of that code to the examples.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { preferencePairs } from '../../lib/pairs/preference-pairs.ts'
import { sftExamples } from '../../lib/pairs/sft-examples.ts'
import { trajectories } from '../../lib/pairs/trajectories.ts'
import { readTree, writeTree } from '../../lib/search/record.ts'
import { searchProblems } from '../../lib/search/schedule.ts'
import type { Tree } from '../../lib/search/tree.ts'
import { openVerifier, type PythonVerifier } from '../../lib/verify/verifier.ts'
import { parts, problem, scripted, step } from '../search/fakes.ts'

const verifier = await openVerifier({ processes: 1, allowWeakIsolation: true })
after(() => verifier.dispose())

/** First steps, each of which is followed by `print(a)`, which is right, and by a wrong answer. */
const HONEST = 'a = 7'
const UNTRUSTED: Readonly<Record<string, RegExp>> = {
  'import sys\nf = sys._getframe()\na = 7': /looks at the interpreter/,
  'import sqlite3\na = 7': /imports sqlite3/,
  'try:\n    a = 7\nexcept Exception:\n    a = 0': /hides exceptions/,
}
const LAST = ['print(a)', 'print(a + 1)']

const grow = async (by: PythonVerifier = verifier): Promise<Tree> => {
  const policy = scripted(({ steps }) =>
    steps.length === 0
      ? [HONEST, ...Object.keys(UNTRUSTED)].map((text) => step(text))
      : LAST.map((text) => step(text, true)),
  )
  const search = searchProblems([problem('p', '7')], parts(policy, { verifier: by }), { rollouts: 24, width: 4 })
  const trees: Tree[] = []
  for await (const { tree } of search) trees.push(tree)
  return trees[0]!
}

const tree = await grow()

test('a step that could forge its verdict is marked with the reason, and so is all that follows it', () => {
  for (const [text, reason] of Object.entries(UNTRUSTED)) {
    const at = tree.nodes.findIndex((node) => node.step.text === text)
    assert.match(tree.nodes[at]!.refusal!, reason)
    assert.equal(tree.nodes[at]!.failure, null)
    for (const child of tree.nodes[at]!.children ?? []) assert.match(tree.nodes[child]!.refusal!, reason)
  }
  assert.equal(tree.nodes.find((node) => node.step.text === HONEST)!.refusal, null)
  assert.deepEqual(readTree(writeTree(tree), tree.problem).nodes, tree.nodes)
})

test('neither examples nor pairs hold such a step, though its answers are right', () => {
  const isHonest = (texts: readonly { text: string }[]) => texts.every(({ text }) => !(text in UNTRUSTED))
  const right = trajectories(tree).filter((trajectory) => trajectory.right === true)
  assert.ok(right.length > 1, 'some of the right trajectories are not honest')
  const examples = sftExamples([tree], { perProblem: 100 })
  assert.deepEqual(
    examples.map(({ steps }) => steps.map(({ text }) => text)),
    [[HONEST, 'print(a)']],
  )
  const pairs = preferencePairs(tree, { perSide: 100 })
  assert.ok(pairs.some(({ kind }) => kind === 'step') && pairs.some(({ kind }) => kind === 'trajectory'))
  for (const { prefix, chosen, rejected } of pairs) assert.ok(isHonest([...prefix, ...chosen, ...rejected]))
})

test('the level at which steps run is in no tree', async (t) => {
  for (const level of ['landlock', 'rlimit'] as const) {
    const other = await openVerifier({ processes: 1, level }).catch((error: Error) => error)
    if (other instanceof Error) {
      t.diagnostic(`this machine refuses ${level}: ${other.message}`)
      continue
    }
    try {
      assert.deepEqual(writeTree(await grow(other)), writeTree(tree))
    } finally {
      await other.dispose()
    }
  }
})
