import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ppmAugmented } from '../../lib/annotate/ppm-augmented.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { fromOfficialTree, toOfficialTree } from '../../lib/search/official-tree.ts'
import { releasedCode, type SearchOptions } from '../../lib/search/options.ts'
import { readTree, type TreeRecord, writeTree } from '../../lib/search/record.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import { newTree, qOf, type Tree } from '../../lib/search/tree.ts'
import { fixture } from '../fixtures.ts'
import { digitPolicy, digitSum, noisyPpm, parts, problem } from './fakes.ts'

const ppm = noisyPpm((steps) => (digitSum(steps) % 7) / 7, 0.3)
const guided = parts(digitPolicy(), { annotator: ppmAugmented(ppm) })
const grown = (options: SearchOptions, seed = 1): Promise<Tree> =>
  searchTree(newTree(problem('p', '5'), { seed, ...options }), guided)
const line = (tree: Tree): string => JSON.stringify(writeTree(tree))
const through = (tree: Tree, options?: SearchOptions): Tree =>
  readTree(JSON.parse(line(tree)) as TreeRecord, tree.problem, options)

test('the search of a fixed seed equals the stored tree', async () => {
  const golden = readFileSync(fixture('search', 'golden-tree.json'), 'utf8')
  const policy = digitPolicy({ failEvery: 1.5 })
  const options = { seed: 23, rollouts: 8, width: 4, select: 'puct', scoreCountsAsVisit: true } as const
  const tree = await searchTree(newTree(problem('p', '5'), options), { ...guided, policy })
  assert.equal(`${line(tree)}\n`, golden)
})

test('a tree that was written and read is the same, whatever the settings', async () => {
  for (const options of [
    {},
    releasedCode,
    { errorTolerance: 2 },
    { select: 'puct' as const, scoreCountsAsVisit: true },
  ]) {
    for (let seed = 1; seed <= 5; seed++) {
      const tree = await grown({ ...options, rollouts: 12 }, seed)
      const copy = through(tree, { ...options, seed, rollouts: 12 })
      assert.deepEqual(copy, tree)
      assert.equal(line(copy), line(tree))
    }
  }
})

test('a tree stopped at any rollout, written, read and grown on is the tree that was never stopped', async () => {
  for (const options of [{ select: 'puct' as const }, { ...releasedCode, width: 6 }]) {
    const whole = line(await grown({ ...options, rollouts: 12 }))
    for (let stop = 0; stop <= 12; stop++) {
      const half = await grown({ ...options, rollouts: stop })
      const resumed = await searchTree(through(half, { ...options, rollouts: 12 }), guided)
      assert.equal(line(resumed), whole)
    }
  }
})

test('a record is read only for its own problem and its own options', async () => {
  const tree = await grown({ rollouts: 2 })
  const record = writeTree(tree)
  assert.throws(() => readTree(record, problem('q')), /Expected the record of problem q, got the one of p/)
  assert.throws(() => readTree(record, tree.problem, { width: 3 }), /grown with other search options/)
  const torn = { ...record, nodes: [record.nodes[0]!, { parent: 5, text: 'x' }] }
  assert.throws(() => readTree(torn, tree.problem), /expected the parent of node 1 before it, got 5/)
})

test('a tree through the official format keeps tags, steps, visits and Q-values', async () => {
  const tree = await grown({ rollouts: 10, failedSteps: 'keep' })
  const official = toOfficialTree(tree)
  assert.equal(official.rstar['0']!.extra_info, 'question: What is p?')
  assert.deepEqual(
    Object.keys(official.rstar).filter((tag) => tag.split('.').length === 2),
    tree.nodes[0]!.children!.map((_, i) => `0.${i + 1}`),
  )
  const back = fromOfficialTree(JSON.parse(JSON.stringify(official)), tree.problem, numericGrader)
  const byText = (from: Tree) => toOfficialTree(from).rstar
  for (const [tag, node] of Object.entries(byText(tree))) {
    const copy = byText(back)[tag]!
    assert.deepEqual([copy.text, copy.final_answer, copy.visit_count], [node.text, node.final_answer, node.visit_count])
    assert.ok(Math.abs(copy.q_value - node.q_value) < 1e-12)
  }
  assert.equal(back.counts.hits, tree.counts.hits)
})

test('an official tree is read by its dotted tags: children by number, sentences as failures', () => {
  const node = (text: string, final_answer: string, q_value: number, visit_count: number) => ({
    ...{ text, final_answer, q_value, visit_count },
    ...{ extra_info: '', action: '', action_input: '', observation: '', value: q_value },
  })
  const rstar = {
    '0.10': node('ten', '', 0, 0),
    '0.2': node('two', 'Fail to sove the problem within limited steps.', -1, 1),
    '0.1.1': node('answer', '7', 1, 1),
    '0.1': node('one', '', 1, 1),
    '0': node('', '', 0.5, 2),
  }
  const tree = fromOfficialTree({ rstar }, problem(), numericGrader)
  assert.deepEqual(
    tree.nodes.map(({ step, terminal, parent }) => [step.text, terminal, parent]),
    [
      ['', null, -1],
      ['one', null, 0],
      ['two', 'tooDeep', 0],
      ['ten', null, 0],
      ['answer', 'answered', 1],
    ],
  )
  assert.equal(tree.counts.hits, 1)
  assert.equal(qOf(tree, 0), 0.5)
  assert.throws(
    () => fromOfficialTree({ rstar: { '0': rstar['0'], '0.3.1': rstar['0.1'] } }, problem(), numericGrader),
    /0\.3 beside 0\.3\.1/,
  )
})
