// Ways of answering held-out problems: programs run in real Python, models are ten-line fakes.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { generateProblems } from '../../../datasets/index.ts'
import { faithfulness } from '../../../lib/eval/faithful.ts'
import { pairAccuracy } from '../../../lib/eval/pair-accuracy.ts'
import { sampleSolutions } from '../../../lib/eval/strategies/best-of-n.ts'
import { greedyAnswers, runPrograms } from '../../../lib/eval/strategies/greedy.ts'
import { systemTwoAnswers } from '../../../lib/eval/strategies/system-two.ts'
import type { PreferencePair } from '../../../lib/pairs/preference-pairs.ts'
import type { LocalPolicy, Solution } from '../../../lib/policy/local.ts'
import { numericGrader } from '../../../lib/problem/numeric-grader.ts'
import type { Prefix, Problem, Step } from '../../../lib/problem/problem.ts'
import { type Random, random } from '../../../lib/seed/random.ts'
import { openVerifier } from '../../../lib/verify/verifier.ts'
import { fakePpm, problem, scripted, step } from '../../search/fakes.ts'

const verifier = await openVerifier({ processes: 1 })
after(() => verifier.dispose())
const grader = numericGrader
const program = (...lines: string[]): Step[] => lines.map((text, i) => ({ text, final: i === lines.length - 1 }))
const solution = (steps: Step[], tokens: number, complete = true): Solution => ({
  steps,
  complete,
  tokens,
  logProbability: -tokens,
})

/** A policy that writes what a function of the question and of seeded numbers says. */
function writes(say: (prefix: Prefix, rng: Random) => Solution): LocalPolicy {
  return {
    ...scripted(() => []),
    solve: async (prefixes, { seeds, count = 1 }) =>
      prefixes.map((prefix, i) => {
        const rng = random(seeds[i]!, 'writes')
        return Array.from({ length: count }, () => say(prefix, rng))
      }),
  }
}

test('a program answers with what its last line prints; one that fails, or is none, does not answer', async () => {
  const programs = [program('now = 3 + 4', 'print(now)'), [], program('now = 1 // 0', 'print(now)'), program('print()')]
  assert.deepEqual(await runPrograms(programs, verifier), ['7', null, null, null])
})

test('a greedy answer is right when its whole program prints the reference', async () => {
  const said: Record<string, Solution> = {
    right: solution(program('now = 3 + 4', 'print(now)'), 9),
    wrong: solution(program('print(8)'), 5),
    cut: solution(program('now = 3 + 4', 'print(now)').slice(0, 1), 7, false),
  }
  const problems = Object.keys(said).map((id) => problem(id, '7'))
  const policy = writes(({ problemId }) => said[problemId]!)
  const answers = await greedyAnswers(problems, { policy, verifier, grader })
  assert.deepEqual(
    answers.map(({ problemId, answer, right, tokens }) => [problemId, answer, right, tokens]),
    [
      ['right', '7', true, 9],
      ['wrong', '8', false, 5],
      ['cut', null, false, 7],
    ],
  )
  assert.deepEqual(await greedyAnswers([], { policy, verifier, grader }), [])
})

/** The reference program of a generated problem as a solution. */
function reference({ template }: Problem): Step[] {
  const code = template!.program.replace(/n(\d+)/g, (_, slot) => String(template!.numbers[Number(slot)]))
  return program(`now = ${code}`, 'print(now)')
}

test('the reference program of every generated problem is faithful, its bare answer is not', async () => {
  const problems = generateProblems({ seed: 5, counts: [0, 6, 6, 6, 3, 3], idPrefix: 'f' })
  const right = problems.map((each) => ({ problem: each, steps: reference(each) }))
  const answered = problems.map((each) => ({ problem: each, steps: program(`print(${each.answer})`) }))
  assert.deepEqual(
    await faithfulness(right, { verifier, grader }),
    problems.map(() => true),
  )
  assert.deepEqual(
    await faithfulness(answered, { verifier, grader }),
    problems.map(() => false),
  )
})

test('a program that is right by the luck of the numbers is not faithful; a problem without numbers to change is not asked', async () => {
  const lucky: Problem = {
    ...problem('lucky', '4', 'Mia has 12 pens and gives 8 away. How many are left?'),
    template: {
      text: 'Mia has {0} pens and gives {1} away. How many are left?',
      numbers: [12, 8],
      program: 'n0 - n1',
      operations: 1,
    },
  }
  const accident = program('now = 12 - 8 - 8 + 8', 'print(12 // 3)')
  const sound = program('now = 12 - 8', 'print(now)')
  const { template: _, ...fixed } = lucky
  const cases = [accident, sound].map((steps) => ({ problem: lucky, steps }))
  assert.deepEqual(await faithfulness([...cases, { problem: fixed, steps: sound }], { verifier, grader }), [
    false,
    true,
    null,
  ])
})

test('best-of-N spends on each problem what it was given, to the last sample that fits, and at least one sample', async () => {
  const problems = ['a', 'b', 'c', 'd'].map((id) => problem(id, '7'))
  const budgets = [0, 9, 60, 200]
  const policy = writes((_, rng) => {
    const answer = Math.floor(rng() * 3) + 6
    return solution(program(`print(${answer})`), 5 + answer)
  })
  const ppm = fakePpm((steps) => (steps.at(-1)!.text.includes('7') ? 0.5 : -0.5))
  const draw = (seed: number) => sampleSolutions(problems, { policy, ppm, verifier, grader }, { seed, budgets })
  const samples = await draw(1)
  for (const [i, list] of samples.entries()) {
    const spent = list.reduce((sum, { tokens }) => sum + tokens, 0)
    assert.ok(list.length === 1 || spent <= budgets[i]!, `problem ${i} spent ${spent} of ${budgets[i]}`)
    assert.ok(spent + 13 > budgets[i]!, `problem ${i} could have drawn once more: ${spent} of ${budgets[i]}`)
    for (const { answer, right, score } of list) {
      assert.equal(right, answer === '7')
      assert.equal(score, answer === '7' ? 0.5 : -0.5)
    }
  }
  assert.deepEqual(await draw(1), samples)
  assert.notDeepEqual(await draw(2), samples)
})

test('a question that leaves the model no room gets no samples instead of being asked for ever', async () => {
  const policy: LocalPolicy = { ...writes(() => solution([], 0)), solve: async (prefixes) => prefixes.map(() => []) }
  const ppm = fakePpm(() => 0)
  const samples = await sampleSolutions([problem()], { policy, ppm, verifier, grader }, { seed: 1, budgets: [50] })
  assert.deepEqual(samples, [[]])
})

test('pair accuracy is the share of pairs whose chosen side scores higher; a tie is a miss', async () => {
  const pair = (chosen: string, rejected: string): PreferencePair => ({
    problemId: 'p',
    kind: 'step',
    prefix: program('start = 1'),
    chosen: program(chosen),
    rejected: program(rejected),
    margin: 1,
    weight: 1,
    positives: 1,
    negatives: 1,
    chosenAnswer: null,
    rejectedAnswer: null,
  })
  const ppm = fakePpm((steps, prefix) => {
    assert.equal(prefix.question, 'How many?')
    assert.equal(steps[0]!.text, 'start = 1')
    return steps.at(-1)!.text.length / 10
  })
  const questions = new Map([['p', 'How many?']])
  const measure = await pairAccuracy([pair('long', 'x'), pair('x', 'long'), pair('tie', 'eit')], questions, ppm)
  assert.deepEqual([measure!.value, measure!.n], [1 / 3, 3])
  assert.equal(await pairAccuracy([], questions, ppm), undefined)
})

test('System 2 chooses by score without the reference: a PPM that prefers the wrong answer gets it', async () => {
  const problems = [problem('a'), problem('b')]
  const policy = { ...scripted(() => [7, 8, 8].map((answer) => step(`print(${answer})`, true))), solve: async () => [] }
  const prefers = (digit: string) => fakePpm((steps) => (steps.at(-1)!.text.includes(digit) ? 0.9 : -0.9))
  const ask = (digit: string) =>
    systemTwoAnswers(problems, { policy, ppm: prefers(digit), verifier, grader }, { seed: 1, rollouts: 4, width: 3 })
  for (const [digit, isRight] of [
    ['7', true],
    ['8', false],
  ] as const) {
    const answers = await ask(digit)
    assert.deepEqual(
      answers.map(({ problemId, right, anyRight }) => [problemId, right.best, right.weighted, anyRight]),
      problems.map(({ id }) => [id, isRight, isRight, true]),
    )
    assert.deepEqual(
      answers[0]!.curve.map(({ rollouts }) => rollouts),
      [1, 2, 4],
    )
    assert.ok(answers.every(({ tokens }) => tokens > 0))
  }
})
