import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemTwo } from '../../lib/annotate/system-two.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import {
  type AnswerCandidate,
  answer,
  answerCandidates,
  answerCurve,
  chooseAnswer,
  odds,
} from '../../lib/search/choose-answer.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import { newTree, type Tree } from '../../lib/search/tree.ts'
import { below } from '../../lib/seed/random.ts'
import { noisyPpm, parts, problem, scripted, step } from './fakes.ts'

const candidates = (...list: [string, number][]): AnswerCandidate[] =>
  list.map(([text, score], i) => ({ answer: text, score, share: 1, rollout: i, tree: 0, node: i + 1 }))

test('each aggregation chooses as its definition says', () => {
  const found = candidates(['9', 0.9], ['7', 0.6], ['7.0', 0.5], ['8', 0.1], ['8', 0.1], ['8', 0.1])
  const by = (how: Parameters<typeof chooseAnswer>[1], topK = 4) => {
    const chosen = chooseAnswer(found, how, numericGrader, { topK })!
    return [chosen.answer, Number(chosen.weight.toFixed(3))]
  }
  assert.deepEqual(by('best'), ['9', 0.9])
  assert.deepEqual(by('topMajority'), ['7', 2])
  assert.deepEqual(by('topMajority', 1), ['9', 1])
  assert.deepEqual(by('weighted'), ['7', 1.1])
  assert.deepEqual(by('majority'), ['8', 3])
})

test('a trajectory that was proposed more often has more votes, but the best score stays the best', () => {
  const found = candidates(['7', 0.2], ['8', 0.5], ['9', 0.4]).map((candidate, i) => ({
    ...candidate,
    share: [0.8, 0.1, 0.1][i]!,
  }))
  assert.equal(chooseAnswer(found, 'majority', numericGrader)!.answer, '7')
  assert.equal(chooseAnswer(found, 'weighted', numericGrader)!.answer, '7')
  assert.equal(chooseAnswer(found, 'best', numericGrader)!.answer, '8')
})

test('a weight may let no vote count against its answer', () => {
  const found = candidates(['7', -0.2], ['7', -0.2], ['8', -0.3])
  assert.equal(chooseAnswer(found, 'weighted', numericGrader)!.answer, '8')
  const weight = ({ score, share }: AnswerCandidate): number => share * odds(score)
  assert.equal(chooseAnswer(found, 'weighted', numericGrader, { weight })!.answer, '7')
})

test('a score of 0 is even odds, one of 0.5 three to one, and certainty stays a number', () => {
  assert.deepEqual([odds(0), odds(0.5)], [1, 3])
  assert.ok(Number.isFinite(odds(1)) && odds(-1) > 0)
})

test('ties go to the higher score, then to the answer found first', () => {
  const byScore = candidates(['8', 0.1], ['7', 0.2])
  assert.equal(chooseAnswer(byScore, 'majority', numericGrader)!.answer, '7')
  const byOrder = candidates(['8', 0.1], ['7', 0.1])
  assert.equal(chooseAnswer(byOrder, 'majority', numericGrader)!.answer, '8')
  assert.equal(chooseAnswer([], 'best', numericGrader), null)
})

/** Six digits to guess between, one of which is the answer: the policy alone is right once in six. */
const guesser = scripted((prefix, rng, count) =>
  Array.from({ length: count }, () =>
    prefix.steps.length < 2 ? step(`now = ${below(rng, 6)}`) : step(`print(${prefix.steps.at(-1)!.text.at(-1)})`, true),
  ),
)
const truth = (steps: readonly { text: string }[]): number => {
  const digits = steps.map(({ text }) => Number(/\d/.exec(text)![0]))
  return digits.at(-1) === 3 ? 0.8 : digits.length === 1 ? 0 : -0.8
}
const searched = (noise: number, id: string): Promise<Tree> =>
  searchTree(newTree(problem(id, '3'), { rollouts: 8, scoreCountsAsVisit: true }), {
    ...parts(guesser),
    annotator: systemTwo(noisyPpm(truth, noise)),
  })

test('a better PPM finds more answers, and choosing by it beats the majority', async () => {
  const ids = Array.from({ length: 60 }, (_, i) => `p${i}`)
  const accuracy = async (noise: number, how: 'best' | 'majority'): Promise<number> => {
    const trees = await Promise.all(ids.map((id) => searched(noise, id)))
    return trees.filter((tree) => answer(tree, numericGrader)[how]?.answer === '3').length / ids.length
  }
  const [exact, blurred, blind] = [await accuracy(0, 'best'), await accuracy(0.8, 'best'), await accuracy(8, 'best')]
  assert.equal(exact, 1)
  assert.ok(exact > blurred && blurred > blind, `${exact} ${blurred} ${blind}`)
  assert.ok(blurred > (await accuracy(8, 'majority')))
})

test('the curve after the last rollout is the answer, and never looks ahead', async () => {
  const tree = await searched(0.8, 'curve')
  const curve = answerCurve(tree, numericGrader)
  assert.equal(curve.length, tree.counts.rollouts)
  assert.deepEqual(curve.at(-1), answer(tree, numericGrader))
  for (const [r, point] of curve.entries()) assert.ok(point.best === null || point.best.rollout <= r)
})

test('several trees vote together, each with as many candidates as it may enter', async () => {
  const trees = await Promise.all(['a', 'b', 'c'].map((id) => searched(0.8, id)))
  const one = answerCandidates(trees, { perTree: 1 })
  assert.deepEqual(one.map(({ tree }) => tree).sort(), [0, 1, 2])
  for (const { tree, score } of one)
    assert.equal(score, Math.max(...answerCandidates(trees[tree]!).map((candidate) => candidate.score)))
})
