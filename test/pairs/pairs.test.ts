import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ppmAugmented } from '../../lib/annotate/ppm-augmented.ts'
import { systemTwo } from '../../lib/annotate/system-two.ts'
import { editDistance } from '../../lib/pairs/edit-distance.ts'
import { type PairOptions, preferencePairs, releasedCodePairs } from '../../lib/pairs/preference-pairs.ts'
import { bestByQ } from '../../lib/pairs/selection.ts'
import { sftExamples } from '../../lib/pairs/sft-examples.ts'
import { difficulty, trajectories } from '../../lib/pairs/trajectories.ts'
import type { Prefix } from '../../lib/problem/problem.ts'
import type { SearchOptions } from '../../lib/search/options.ts'
import { writeTree } from '../../lib/search/record.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import { newTree, pathTo, type Tree } from '../../lib/search/tree.ts'
import { selectionContract } from '../contracts/selection.ts'
import { digitPolicy, digitSum, noisyPpm, parts, problem, scripted, step } from '../search/fakes.ts'
import { type NaiveNode, naive } from './naive.ts'

const ppm = noisyPpm((steps) => (digitSum(steps) % 7) / 7, 0.4)
const grown = (seed: number, options: SearchOptions = {}, index = 0): Promise<Tree> =>
  searchTree(newTree(problem(`p${seed}`, '5'), { rollouts: 24, ...options }, index), parts(digitPolicy()))
const guided = (seed: number): Promise<Tree> =>
  searchTree(
    newTree(problem(`p${seed}`, '5'), { rollouts: 24, scoreCountsAsVisit: true }),
    parts(digitPolicy(), { annotator: ppmAugmented(ppm) }),
  )
selectionContract('best by Q', bestByQ)
selectionContract('best by Q, as the released code pairs', () => bestByQ({ perProblem: 1, pairs: releasedCodePairs }))

const seeds = Array.from({ length: 25 }, (_, i) => i + 1)

/** Trajectories of a record, best first: mean Q, then least Q, then order. */
function naiveTrajectories(nodes: NaiveNode[], record: ReturnType<typeof writeTree>, right: boolean): NaiveNode[][] {
  const mean = (path: NaiveNode[]) => path.reduce((sum, { q }) => sum + q!, 0) / path.length
  const least = (path: NaiveNode[]) => Math.min(...path.map(({ q }) => q!))
  return nodes
    .filter(({ id }) => record.nodes[id]!.right === right)
    .map((leaf) => [...leaf.path, leaf].filter(({ id }) => id > 0))
    .sort((a, b) => mean(b) - mean(a) || least(b) - least(a) || a.at(-1)!.id - b.at(-1)!.id)
}

test('the two SFT examples of a problem are the right trajectories with the highest mean Q, as a naive reference finds', async () => {
  for (const make of [grown, guided]) {
    for (const seed of seeds) {
      const tree = await make(seed)
      const record = writeTree(tree)
      const nodes = naive(record, { ppm: make === guided, counted: make === guided })
      const codeOf = (text: string) => text.replace(/#.*\n/, '')
      const expected: NaiveNode[][] = []
      const seen = new Set<string>()
      for (const path of naiveTrajectories(nodes, record, true)) {
        const code = path.map(({ text }) => codeOf(text)).join('|')
        if (!seen.has(code)) expected.push(path)
        seen.add(code)
      }
      assert.deepEqual(
        sftExamples([tree]).map(({ steps }) => steps.map(({ text }) => text)),
        expected.slice(0, 2).map((path) => path.map(({ text }) => text)),
      )
    }
  }
})

/** Step pairs by the words of the paper: below each node the 2 best that lead right against the 2 worst that lead wrong. */
function naiveStepPairs(nodes: NaiveNode[]): [number, number, number][] {
  return nodes.flatMap(({ children }) => {
    const tried = children.filter(({ visits }) => visits > 0)
    const best = tried.filter(({ right }) => right > 0).sort((a, b) => b.q! - a.q! || a.id - b.id)
    const worst = tried.filter(({ wrong }) => wrong > 0).sort((a, b) => a.q! - b.q! || a.id - b.id)
    const out: [number, number, number][] = []
    for (const a of best.slice(0, 2))
      for (const b of worst.slice(0, 2)) if (a.q! > b.q!) out.push([a.id, b.id, a.q! - b.q!])
    return out
  })
}

test('step pairs and whole-solution pairs are those of a naive reference', async () => {
  let [steps, wholes] = [0, 0]
  for (const make of [grown, guided]) {
    for (const seed of seeds) {
      const tree = await make(seed)
      const record = writeTree(tree)
      const nodes = naive(record, { ppm: make === guided, counted: make === guided })
      const pairs = preferencePairs(tree)
      const expected = naiveStepPairs(nodes)
      const found = pairs.filter(({ kind }) => kind === 'step')
      assert.equal(found.length, expected.length)
      for (const [i, [a, b, margin]] of expected.entries()) {
        const [pair, better, worse] = [found[i]!, nodes[a]!, nodes[b]!]
        assert.deepEqual([pair.chosen[0]!.text, pair.rejected[0]!.text], [better.text, worse.text])
        assert.deepEqual(
          pair.prefix.map(({ text }) => text),
          better.path.slice(1).map(({ text }) => text),
        )
        assert.ok(Math.abs(pair.margin - margin) < 1e-9)
      }
      const right = naiveTrajectories(nodes, record, true)
      const wrong = naiveTrajectories(nodes, record, false).reverse()
      const whole = pairs.filter(({ kind }) => kind === 'trajectory')
      assert.equal(whole.length, Math.min(2, right.length) * Math.min(2, wrong.length))
      if (whole.length > 0) {
        assert.deepEqual(
          whole[0]!.chosen.map(({ text }) => text),
          right[0]!.map(({ text }) => text),
        )
        assert.deepEqual(whole[0]!.prefix, [])
      }
      steps += found.length
      wholes += whole.length
    }
  }
  assert.ok(steps > 100 && wholes > 50, `${steps} ${wholes}`)
})

const byPath = (children: Record<string, ReturnType<typeof step>[]>) =>
  scripted(({ steps }: Prefix) => children[steps.map(({ text }) => text).join(' ')] ?? [])
const right = step('print(7)', true)
const wrong = step('print(8)', true)
const of = (children: Record<string, ReturnType<typeof step>[]>, options: SearchOptions = {}) =>
  searchTree(newTree(problem(), { rollouts: 99, ...options }), parts(byPath(children)))
const texts = (tree: Tree, options: PairOptions = {}): string[] =>
  preferencePairs(tree, { trajectoryPairs: false, ...options }).map(
    (pair) => `${pair.chosen[0]!.text} > ${pair.rejected[0]!.text}`,
  )

test('problems that are all right or all wrong give no pairs', async () => {
  assert.deepEqual(preferencePairs(await of({ '': [step('a'), step('b')], a: [right], b: [right] })), [])
  assert.deepEqual(preferencePairs(await of({ '': [step('a'), step('b')], a: [wrong], b: [wrong] })), [])
})

test('a step whose code fails is never a side of a pair, unless failures count as wrong', async () => {
  const failing = { '': [step('a'), step('fail()'), step('b')], a: [right], b: [step('hang()')] }
  const tree = await of(failing, { failedSteps: 'keep' })
  assert.deepEqual(texts(tree), [])
  assert.deepEqual(texts(tree, { failuresAreWrong: true }), ['a > fail()', 'a > b'])
  assert.deepEqual(texts(await of(failing), { failuresAreWrong: true }), ['a > b'])
})

test('a mixed step may be rejected by the paper, not where only steps that lead to no right answer may', async () => {
  const tree = await of({ '': [step('a'), step('b'), step('c')], a: [right], b: [right, wrong], c: [wrong] })
  assert.deepEqual(texts(tree), ['a > c', 'a > b', 'b > c', 'print(7) > print(8)'])
  assert.deepEqual(texts(tree, { rejected: 'leadsOnlyToWrong' }), ['a > c', 'b > c', 'print(7) > print(8)'])
  assert.deepEqual(texts(tree, { perSide: 1 }), ['a > c', 'print(7) > print(8)'])
  assert.deepEqual(texts(tree, { minMargin: 1.5 }), ['a > c', 'print(7) > print(8)'])
  assert.deepEqual(texts(tree, { minEditDistance: 2 }), [])
})

test('weights of one prefix are 1 / (positives * negatives); sides are filled to 4 where the released code does', async () => {
  const tree = await of({
    ...{ '': ['a', 'b', 'c', 'd', 'e', 'f'].map((text) => step(text)) },
    ...{ a: [right], b: [wrong], c: [wrong], d: [wrong], e: [wrong], f: [wrong] },
  })
  const pairs = preferencePairs(tree, { trajectoryPairs: false })
  assert.deepEqual(
    pairs.map(({ weight, positives, negatives }) => [weight, positives, negatives]),
    [
      [0.5, 1, 2],
      [0.5, 1, 2],
    ],
  )
  assert.equal(preferencePairs(tree, { fillSides: true, trajectoryPairs: false }).length, 4)
})

test('two sides of two: the best two that lead right against the worst two that lead wrong, four pairs of weight 1/4', async () => {
  const [again, other] = [step('print(7.0)', true), step('print(9)', true)]
  const tree = await of({
    ...{ '': ['a', 'b', 'c', 'd', 'e'].map((text) => step(text)) },
    ...{ a: [right], b: [right, again, wrong], c: [right, wrong], d: [right, wrong, other], e: [wrong] },
  })
  const below = preferencePairs(tree, { trajectoryPairs: false }).filter(({ prefix }) => prefix.length === 0)
  assert.deepEqual(
    below.map(({ chosen, rejected, margin, weight }) => [
      `${chosen[0]!.text} > ${rejected[0]!.text}`,
      Number(margin.toFixed(6)),
      weight,
    ]),
    [
      ['a > e', 2, 1 / 4],
      ['a > d', 1.333333, 1 / 4],
      ['b > e', 1.333333, 1 / 4],
      ['b > d', 0.666667, 1 / 4],
    ],
  )
})

test('whole solutions need no common prefix: the two right ones of highest mean Q against the two wrong ones of lowest', async () => {
  const tree = await of({
    ...{ '': ['a', 'b', 'c', 'd', 'e'].map((text) => step(text)) },
    ...{ a: [right], b: [right, wrong], c: [right], d: [wrong], e: [wrong] },
  })
  const whole = preferencePairs(tree).filter(({ kind }) => kind === 'trajectory')
  const said = (steps: readonly { text: string }[]) => steps.map(({ text }) => text).join(' ')
  assert.deepEqual(whole.map(({ chosen, rejected }) => `${said(chosen)} > ${said(rejected)}`).sort(), [
    'a print(7) > d print(8)',
    'a print(7) > e print(8)',
    'c print(7) > d print(8)',
    'c print(7) > e print(8)',
  ])
  for (const { prefix, margin, weight } of whole) assert.deepEqual([prefix, margin, weight], [[], 2, 1 / 4])
})

test('pairs may be taken along the most visited mixed step only', async () => {
  const tree = await of({
    '': [step('a'), step('b')],
    a: [right, wrong],
    b: [step('c'), step('d')],
    ...{ 'b c': [right, wrong], 'b d': [right] },
  })
  assert.deepEqual(texts(tree, { descend: 'mostVisited' }), ['b > a', 'd > c', 'print(7) > print(8)'])
  assert.equal(texts(tree).length, 4)
})

test('the released filters keep margins of 0.5 and 20 characters of difference', async () => {
  let kept = 0
  for (const seed of seeds) {
    const long = await searchTree(newTree(problem(`p${seed}`, '5'), { rollouts: 24 }), parts(wordy))
    for (const { margin, chosen, rejected } of preferencePairs(long, releasedCodePairs)) {
      assert.ok(margin >= 0.5)
      assert.ok(editDistance(chosen[0]!.text, rejected[0]!.text) >= 20)
      kept++
    }
    assert.ok(preferencePairs(long).length >= preferencePairs(long, releasedCodePairs).length)
  }
  assert.ok(kept > 0)
})
const wordy = scripted((prefix, rng, count) =>
  Array.from({ length: count }, () => {
    if (prefix.steps.length === 3) return step(`print(${digitSum(prefix.steps)})`, true)
    return step(`now = ${Math.floor(rng() * 3)}; note = "${'x'.repeat(Math.floor(rng() * 60))}"`)
  }),
)

test('a search without the reference gives neither pairs nor examples', async () => {
  const tree = await searchTree(newTree(problem('p1', '5')), parts(digitPolicy(), { annotator: systemTwo(ppm) }))
  assert.ok(trajectories(tree).length > 0)
  assert.deepEqual(preferencePairs(tree), [])
  assert.deepEqual(sftExamples([tree]), [])
})

test('whole solutions are paired across the trees of a problem, examples pooled and counted once by code', async () => {
  const [a, b] = [await grown(8), await grown(8, {}, 1)]
  const both = sftExamples([a, b], { perProblem: 99 })
  const codes = both.map(({ steps }) => steps.map(({ text }) => text.replace(/#.*\n/, '')).join('|'))
  assert.equal(new Set(codes).size, codes.length)
  assert.ok(both.some(({ tree }) => tree === 1) && both.some(({ tree }) => tree === 0))
  assert.throws(() => preferencePairs([a, newTree(problem('q'))]), /trees of one problem/)
  const onlyRight = await of({ '': [step('a')], a: [right] })
  const onlyWrong = await of({ '': [step('b')], b: [wrong] })
  assert.deepEqual(
    preferencePairs([onlyRight, onlyWrong]).map(({ kind, weight, margin }) => [kind, weight, margin]),
    [['trajectory', 1, 2]],
  )
})

test('examples follow an own order, filter and least share of right answers', async () => {
  const tree = await grown(5)
  const shortest = sftExamples([tree], { perProblem: 99, rank: (a, b) => a.length - b.length })
  const lengths = shortest.map(({ steps }) => steps.length)
  assert.deepEqual(
    lengths,
    [...lengths].sort((a, b) => a - b),
  )
  const likely = sftExamples([tree], { perProblem: 99, filter: ({ minLogProbability }) => minLogProbability! > -1 })
  assert.deepEqual(likely, [])
  assert.deepEqual(sftExamples([tree], { minRightShare: 1 }), [])
})

test('a trajectory carries its steps, answer, Q-values and log-probabilities', async () => {
  const tree = await grown(2)
  for (const trajectory of trajectories(tree)) {
    const path = pathTo(tree, trajectory.node)
    assert.equal(trajectory.length, path.length)
    assert.ok(trajectory.steps.at(-1)!.final)
    const logs = path.map((node) => tree.nodes[node]!.logProbability!)
    assert.equal(
      trajectory.logProbability,
      logs.reduce((a, b) => a + b),
    )
    assert.equal(trajectory.minLogProbability, Math.min(...logs))
    assert.ok(trajectory.minQ <= trajectory.meanQ)
  }
})

test('a repaired step keeps its trajectory out of the examples', async () => {
  const tree = await of({ '': [step('fail()')], 'fail()': [right] }, { errorTolerance: 2 })
  assert.equal(trajectories(tree)[0]!.failedSteps, 1)
  assert.deepEqual(sftExamples([tree]), [])
})

test('a problem is easy when all its trajectories are right, hard when none is, medium between', async () => {
  const easy = await of({ '': [right] })
  const hard = await of({ '': [wrong] })
  assert.equal(difficulty([easy]), 'easy')
  assert.equal(difficulty([hard]), 'hard')
  assert.equal(difficulty([easy, hard]), 'medium')
  assert.equal(difficulty([await of({ '': [right, step('a')], a: [step('fail()')] })]), 'medium')
  assert.equal(difficulty([]), 'hard')
})

test('the worked example of editDistance holds', () => {
  assert.equal(editDistance('kitten', 'sitting'), 3)
  assert.equal(editDistance('', 'abc'), 3)
})
