import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemTwo } from '../../lib/annotate/system-two.ts'
import { terminalGuided } from '../../lib/annotate/terminal-guided.ts'
import { posteriorWeights } from '../../lib/eval/posterior.ts'
import type { Likelihood, LikelihoodRequest } from '../../lib/policy/likelihood.ts'
import type { Ppm, ScoreRequest } from '../../lib/policy/ppm-contract.ts'
import { literalsOf } from '../../lib/problem/literals.ts'
import type { Annotator } from '../../lib/search/annotator.ts'
import { answerCandidates } from '../../lib/search/choose-answer.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import { newTree, stepsTo } from '../../lib/search/tree.ts'
import { fakePpm, parts, problem, scripted, step } from '../search/fakes.ts'

const QUESTION = 'Mia has 219 pens and loses 48. How many pens has she?'
/** A tree with the four solutions print(219), print(48), print(5) and print(60). */
const searched = (annotator: Annotator) =>
  searchTree(
    newTree(problem('p', '219', QUESTION), { rollouts: 8, width: 4 }),
    parts(
      scripted(() => ['219', '48', '5', '60'].map((number) => step(`print(${number})`, true))),
      { annotator },
    ),
  )
const tree = await searched(systemTwo(fakePpm(() => 0)))
const nodeOf = (answer: string): number => answerCandidates(tree).find((one) => one.answer === answer)!.node

/** Reads each continuation by what a function of question and text says. */
function reads(log: (question: string, text: string) => number, asked: LikelihoodRequest[] = []): Likelihood {
  return {
    logProbabilities: async (requests) => {
      asked.push(...requests)
      return requests.map(({ prefix, continuations }) =>
        continuations.map((steps) => log(prefix.question, steps.map(({ text }) => text).join('\n'))),
      )
    },
    dispose: async () => undefined,
  }
}
const isSame = (number: number, expected: number): void =>
  assert.ok(Math.abs(number - expected) < 1e-9, `expected ${expected}, got ${number}`)

test('a weight is likelihood times odds, relative to the heaviest', async () => {
  const likelihood = reads((_, text) => Math.log(text === 'print(219)' ? 0.5 : 0.1))
  const ppm = fakePpm((steps) => (steps.at(-1)!.text === 'print(48)' ? 0.5 : 0)) // odds 3 against 1
  const liked = await searched(systemTwo(ppm))
  const [weights] = await posteriorWeights([liked], { likelihood, ppm }, { numberings: 1, seed: 1 })
  isSame(weights!.get(nodeOf('219'))!, 1)
  isSame(weights!.get(nodeOf('48'))!, 0.6)
  isSame(weights!.get(nodeOf('5'))!, 0.2)
})

test('question and solutions are read in as many numberings as asked, with the same numbers in both', async () => {
  const asked: LikelihoodRequest[] = []
  await posteriorWeights(
    [tree],
    { likelihood: reads(() => -1, asked), ppm: fakePpm(() => 0) },
    { numberings: 5, seed: 1 },
  )
  assert.equal(new Set(asked.map(({ prefix }) => prefix.question)).size, 5)
  assert.equal(asked[0]!.prefix.question, QUESTION)
  const order = answerCandidates(tree).map(({ node }) => stepsTo(tree, node)[0]!.text)
  for (const { prefix, continuations } of asked) {
    const [first, second] = literalsOf(prefix.question).map(({ code }) => code)
    const said = (text: string) => continuations[order.indexOf(text)]![0]!.text
    assert.equal(said('print(219)'), `print(${first})`)
    assert.equal(said('print(48)'), `print(${second})`)
    assert.equal(said('print(5)'), 'print(5)', 'a number that the question lacks stays')
  }
})

test('a solution that is likely in one numbering only loses to one that is likely in all', async () => {
  const lucky = reads((question, text) => Math.log(text === 'print(5)' ? (question === QUESTION ? 0.9 : 0.01) : 0.4))
  const [one] = await posteriorWeights([tree], { likelihood: lucky, ppm: fakePpm(() => 0) }, { numberings: 1, seed: 1 })
  const [five] = await posteriorWeights(
    [tree],
    { likelihood: lucky, ppm: fakePpm(() => 0) },
    { numberings: 5, seed: 1 },
  )
  assert.ok(one!.get(nodeOf('5'))! > one!.get(nodeOf('219'))!)
  assert.ok(five!.get(nodeOf('5'))! < five!.get(nodeOf('219'))!)
})

test('the PPM is asked for other numberings only, in which nothing was printed', async () => {
  const asked: ScoreRequest[] = []
  const ppm: Ppm = {
    ...fakePpm(() => 0),
    score: async (requests) => {
      asked.push(...requests)
      return requests.map(() => [0])
    },
  }
  await posteriorWeights([tree], { likelihood: reads(() => -1), ppm }, { numberings: 3, seed: 1 })
  assert.equal(asked.length, 2 * answerCandidates(tree).length)
  for (const { prefix, printed } of asked) {
    assert.notEqual(prefix.question, QUESTION)
    assert.equal(printed, undefined)
  }
})

test("the score of the tree counts for the question's own numbers, beside those in the others", async () => {
  const inOwn = 0.5 // odds 3
  const liked = await searched(systemTwo(fakePpm((steps) => (steps.at(-1)!.text === 'print(48)' ? inOwn : 0))))
  const likelihood = reads(() => Math.log(0.1))
  const [weights] = await posteriorWeights([liked], { likelihood, ppm: fakePpm(() => 0) }, { numberings: 2, seed: 1 })
  isSame(weights!.get(nodeOf('48'))!, 1)
  isSame(weights!.get(nodeOf('219'))!, 1 / Math.sqrt(3)) // the geometric mean of 3 and 1 against 1
})

test('a tree that was searched without a PPM is refused, and named', async () => {
  const unscored = await searched(terminalGuided())
  await assert.rejects(
    posteriorWeights([unscored], { likelihood: reads(() => -1), ppm: fakePpm(() => 0) }, { numberings: 2, seed: 1 }),
    /Expected a PPM score on every answer of problem p, got none on node \d+.*searched under this PPM/,
  )
})

test('likelihoods that a number cannot hold are no trouble: weights are relative', async () => {
  const likelihood = reads((_, text) => (text === 'print(48)' ? -5000 : -5001))
  const [weights] = await posteriorWeights([tree], { likelihood, ppm: fakePpm(() => 0) }, { numberings: 1, seed: 1 })
  isSame(weights!.get(nodeOf('48'))!, 1)
  isSame(weights!.get(nodeOf('5'))!, Math.exp(-1))
})
