// What the notebooks show beside plots and reports: problems, proposals, candidates, pairs, scores, progress.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ppmAugmented } from '../../../lib/annotate/ppm-augmented.ts'
import { preferencePairs } from '../../../lib/pairs/preference-pairs.ts'
import { trajectories } from '../../../lib/pairs/trajectories.ts'
import { searchTree } from '../../../lib/search/rollout.ts'
import { newTree, type Tree } from '../../../lib/search/tree.ts'
import { jupyterDisplay } from '../../../lib/show/draw/display.ts'
import { liveProgress } from '../../../lib/show/views/live-progress.ts'
import { problemTable, problemView, proposalTable, solutionView } from '../../../lib/show/views/problem-views.ts'
import { scoredTree, scoreHistogram, separation, solutionScores } from '../../../lib/show/views/scores.ts'
import { rolloutsToSolve, solvedCurve } from '../../../lib/show/views/solved-curve.ts'
import {
  candidateTable,
  difficultyTable,
  pairView,
  trajectoryTable,
  unsolvedTable,
  widestNode,
} from '../../../lib/show/views/tree-tables.ts'
import { verdictText } from '../../../lib/verify/outcome.ts'
import { digitPolicy, digitSum, fakePpm, parts, problem, step } from '../../search/fakes.ts'

const grown = (id: string, answer: string, rollouts = 24): Promise<Tree> =>
  searchTree(newTree(problem(id, answer), { rollouts, width: 6, seed: 3 }), parts(digitPolicy({ digits: 2 })))

const progressOf = (stage: string, done: number, of = 10) => ({ round: 1, stage, done, of, note: `${done}` })

test('progress starts one bar for each stage, and another when a stage begins again', () => {
  const bars: { label: string; done: number }[] = []
  const listen = liveProgress((_, label) => {
    const bar = { label, done: 0 }
    bars.push(bar)
    return { update: (done) => void Object.assign(bar, { done }) }
  })
  for (const done of [0, 4, 10]) listen(progressOf('search', done))
  listen(progressOf('train policy', 3, 50))
  listen(progressOf('search', 2))
  assert.deepEqual(bars, [
    { label: 'round 1, search', done: 10 },
    { label: 'round 1, train policy', done: 3 },
    { label: 'round 1, search', done: 2 },
  ])
})

test('the problem table counts every problem once in its band and once in all', () => {
  const problems = ['easy', 'hard', 'hard', 'gsm'].map((level, i) => ({ ...problem(`p${i}`), level }))
  assert.match(problemTable(problems).markdown, /\| all \| 1 \| 2 \| 1 \| 4 \|$/m)
})

test('equal proposals are one row, whatever their comments, with the verdict of the first', () => {
  const proposals = [{ ...step('# a\nx = 1'), logProbability: -1 }, step('fail()'), step('x = 1 # b')]
  const verdicts = [
    { kind: 'ok', stdout: '' },
    { kind: 'error', errorType: 'ValueError', message: 'no', line: 1 },
  ] as const
  const { markdown } = proposalTable(proposals, [...verdicts, verdicts[0]])
  assert.match(
    markdown,
    /\| x = 1 \| 2 \| -1\.00 \| 0\.368 \| ok \|\n\| fail\(\) \| 1 \| – \| – \| error: ValueError: no \|$/,
  )
})

test('a verdict in words names what went wrong', () => {
  assert.equal(verdictText({ kind: 'timeout', clock: 'cpu', limitMs: 50 }), 'timeout: more than 50 ms of cpu time')
  assert.equal(verdictText({ kind: 'ok', stdout: '7' }), 'ok, prints 7')
})

test('text of problems and programs is escaped on the page', async () => {
  const shown = [problemView(problem('p', '1', '2 < 3 & <b>?')), solutionView([step('x = "<b>"')])]
  for (const value of shown) {
    const html = String((await value[jupyterDisplay]())['text/html'])
    assert.ok(!html.includes('<b>'), html)
  }
})

test('a solution says whether its answer is right, wrong, unknown or missing', () => {
  const steps = [step('print(1)', true)]
  assert.equal(String(solutionView(steps, { answer: '1', right: true })), 'print(1)\n= 1 ✓ right')
  assert.equal(String(solutionView(steps, { answer: '1' })), 'print(1)\n= 1')
  assert.equal(String(solutionView([], { answer: null })), '(no steps)\n✗ no answer')
  const noted = solutionView(steps, { answer: '1', right: false, note: 'How many?' })
  assert.equal(String(noted), 'print(1)\n= 1 ✗ wrong\nHow many?')
})

test('candidates stand in the order of their Q, and the widest node has most of them', async () => {
  const tree = await grown('p', '2')
  const node = widestNode(tree)
  const widths = tree.nodes.map(({ children }) => children?.length ?? 0)
  assert.equal(widths[node], Math.max(...widths))
  const cells = candidateTable(tree, node).markdown.split('\n').slice(2)
  const q = cells.map((line) => Number.parseFloat(line.split('|')[3]!.replace('–', '-9')))
  assert.equal(q.length, widths[node])
  assert.deepEqual(
    q,
    [...q].sort((a, b) => b - a),
  )
})

test('every problem is in one class of difficulty, and unsolved ones are those with none right', async () => {
  const trees = [await grown('a', '2'), await grown('b', '99'), await grown('c', '98')]
  assert.match(difficultyTable({ all: trees }).markdown, /\| all \| 0 \| 1 \| 2 \|$/)
  const unsolved = unsolvedTable(trees)
  assert.equal(unsolved.title, '2 problems without a right answer')
  assert.match(unsolved.markdown, /\| b \|[\s\S]*\| c \|/)
})

test('trajectories with equal code are one row, the highest mean Q first', async () => {
  const list = trajectories(await grown('p', '2'))
  const programs = new Set(list.map(({ steps }) => steps.map(({ text }) => text.replace(/#.*\n/, '')).join()))
  const { markdown } = trajectoryTable(list, { rows: 99, likelihood: (steps) => steps.map((_, i) => -i) })
  const rows = markdown.split('\n').slice(2)
  assert.equal(rows.length, programs.size)
  const meanQ = rows.map((row) => Number.parseFloat(row.split('|')[3]!))
  assert.deepEqual(
    meanQ,
    [...meanQ].sort((x, y) => y - x),
  )
  assert.ok(rows.some((row) => row.includes('✓ 2 |')) && rows.some((row) => row.includes('✗ ')))
  assert.ok(rows.every((row) => / -\d\.00 \|$/.test(row)))
})

test('a pair shows its prefix, both sides and the margin', async () => {
  const [pair] = preferencePairs(await grown('p', '2'))
  const text = String(pairView(pair!, 'What is p?'))
  assert.match(text, /^p, step pair, Q margin \d\.\d\d\nWhat is p\?\n/)
  assert.match(text, /chosen ✓: {3}now = \d[\s\S]*rejected ✗: now = \d/)
})

test('scoring a tree afterwards gives the scores that a search with the same PPM gives', async () => {
  const ppm = fakePpm((steps) => Math.tanh(digitSum(steps) - 2))
  const options = { rollouts: 12, width: 6, seed: 3 }
  const searched = await searchTree(
    newTree(problem('p', '2'), options),
    parts(digitPolicy({ digits: 2 }), { annotator: ppmAugmented(ppm) }),
  )
  const bare: Tree = { ...searched, nodes: searched.nodes.map((node) => ({ ...node, score: null })) }
  const scored = await scoredTree(bare, ppm)
  assert.deepEqual(
    scored.nodes.map(({ score }) => score),
    searched.nodes.map(({ score }) => score),
  )
  assert.ok(bare.nodes.every(({ score }) => score === null))
  const { right, wrong } = solutionScores([scored])
  assert.ok(right.length > 0 && wrong.length > 0)
})

test('separation is the share of draws in which right beats wrong', () => {
  assert.equal(separation({ right: [0.9, 0.2], wrong: [0.1, 0.5] }), 0.75)
  assert.equal(separation({ right: [0.3], wrong: [0.3] }), 0.5)
  assert.equal(separation({ right: [], wrong: [0.1] }), undefined)
})

test('a score histogram has each side as shares of its own, and refuses scores outside [-1, 1]', () => {
  const { figure } = scoreHistogram({ right: [1, 0.99, -1], wrong: [0] }, { bins: 4 })
  assert.deepEqual(
    figure.data.map(({ y }) => y),
    [
      [0.3333, 0, 0, 0.6667],
      [0, 0, 1, 0],
    ],
  )
  assert.throws(() => scoreHistogram({ right: [1.2], wrong: [] }), /Expected scores in \[-1, 1\], got `1.2`/)
})

test('rollouts to solve a problem run on over its trees', async () => {
  const [first, second] = [await grown('p', '99', 5), await grown('p', '2')]
  const [alone] = rolloutsToSolve([second])
  assert.deepEqual(rolloutsToSolve([first, second]), [alone! + first.counts.rollouts])
  assert.deepEqual(rolloutsToSolve([first]), [null])
})

test('the share of solved problems never falls with more rollouts', async () => {
  const trees = [await grown('a', '2'), await grown('b', '4'), await grown('c', '99')]
  const [{ y }] = solvedCurve({ some: trees }).figure.data as unknown as [{ y: number[] }]
  assert.ok(y.every((share, i) => i === 0 || share >= y[i - 1]!))
  assert.equal(y.at(-1), 0.6667)
})
