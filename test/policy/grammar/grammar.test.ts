import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { generateProblems } from '../../../datasets/index.ts'
import { type GrammarPolicy, grammarPolicy } from '../../../lib/policy/grammar/grammar.ts'
import { mixturePolicy } from '../../../lib/policy/mixture.ts'
import type { Problem, Step } from '../../../lib/problem/problem.ts'
import { seedOf } from '../../../lib/seed/random.ts'
import { policyContract } from '../../contracts/policy.ts'
import { runChain } from '../chain.ts'

const step = (text: string): Step => ({ text, final: false })
const final = (text: string): Step => ({ text, final: true })

const QUESTION = 'The shop is 40 years old. Mia has 219 shells. Mia loses 27 shells. How many shells does Mia have now?'
const START = step('# Mia has 219 shells.\nstart = 219')
const LOSE = step('# Mia loses 27 shells.\nnow = start - 27')
const RIGHT = [START, LOSE, final('print(now)')]

policyContract('grammar', () => grammarPolicy())
policyContract('uniform grammar', () => grammarPolicy({ adaptive: false }))
policyContract('mixture of a learned and a uniform grammar', () =>
  mixturePolicy([
    { policy: taught(), share: 0.75 },
    { policy: grammarPolicy({ adaptive: false }), share: 0.25 },
  ]),
)

/** A grammar that has seen what `loses` and `years old` ask for. */
function taught(): GrammarPolicy {
  const policy = grammarPolicy()
  for (let i = 0; i < 20; i++) policy.learn(`p${i}`, QUESTION.replaceAll('219', String(300 + i)), [teach(300 + i)])
  policy.refit()
  return policy
}

const teach = (n: number): Step[] => RIGHT.map((each) => ({ ...each, text: each.text.replaceAll('219', String(n)) }))

const propose = async (policy: GrammarPolicy, question: string, steps: readonly Step[], count: number, seed = 1) =>
  (await policy.propose([{ prefix: { problemId: 'q', question, steps }, count, seed }]))[0]!

/** One whole program, sampled step by step. */
async function sample(policy: GrammarPolicy, question: string, seed: number): Promise<Step[]> {
  const steps: Step[] = []
  while (steps.length < 10 && !steps.at(-1)?.final)
    steps.push(...(await propose(policy, question, steps, 1, seedOf(seed, steps.length))))
  return steps
}

async function solve(policy: GrammarPolicy, problem: Problem, samples: number): Promise<Step[][]> {
  const programs = []
  for (let i = 0; i < samples; i++) programs.push(await sample(policy, problem.question, i))
  return programs.filter((steps) => runChain(steps) === Number(problem.answer))
}

describe('grammar policy', () => {
  test('a first step quotes a sentence and starts with its number; later steps operate; the last one prints', async () => {
    const first = await propose(grammarPolicy(), QUESTION, [], 60)
    assert.deepEqual([...new Set(first.map(({ text }) => text))].sort(), [
      '# Mia has 219 shells.\nstart = 219',
      '# Mia loses 27 shells.\nstart = 27',
      '# The shop is 40 years old.\nstart = 40',
    ])
    const second = new Set((await propose(grammarPolicy(), QUESTION, [START], 200)).map(({ text }) => text))
    assert.ok(second.has(LOSE.text))
    assert.ok(second.has('print(start)'))
    const third = await propose(grammarPolicy(), QUESTION, [START, LOSE], 50)
    assert.ok(third.filter(({ text, final }) => final && text === 'print(now)').length > 25)
  })

  test('log-probabilities are those of the sampler', async () => {
    const drawn = await propose(taught(), QUESTION, [START], 20_000)
    const shares = new Map<string, { count: number; logProbability: number }>()
    for (const { text, logProbability } of drawn)
      shares.set(text, { count: (shares.get(text)?.count ?? 0) + 1, logProbability: logProbability! })
    for (const [text, { count, logProbability }] of shares) {
      const p = Math.exp(logProbability)
      const spread = Math.sqrt((p * (1 - p)) / drawn.length)
      assert.ok(Math.abs(count / drawn.length - p) < 6 * spread + 1e-4, `${text}: ${count} of ${drawn.length}, p ${p}`)
    }
  })

  test('stepLogProbabilities agrees with the log-probabilities of proposals', async () => {
    const policy = taught()
    const prefix: Step[] = []
    for (const each of RIGHT) {
      const proposal = (await propose(policy, QUESTION, prefix, 2000)).find(({ text }) => text === each.text)!
      const own = policy.stepLogProbabilities(QUESTION, [...prefix, each]).at(-1)!
      assert.ok(Math.abs(own - proposal.logProbability!) < 1e-9)
      prefix.push(each)
    }
  })

  test('what verified programs teach makes the right program likely and an accident unlikely', () => {
    const question = 'The town is 70 years old. Tom has 90 cards. Tom loses 20 cards. How many cards does Tom have now?'
    const right = [step('start = 90'), step('now = start - 20'), final('print(now)')]
    const accident = [step('start = 70'), final('print(start)')]
    const worst = (policy: GrammarPolicy, steps: Step[]) => Math.min(...policy.stepLogProbabilities(question, steps))
    assert.ok(worst(taught(), right) > -2.5)
    assert.ok(worst(taught(), accident) < -2.5)
    assert.ok(worst(grammarPolicy(), right) < worst(taught(), right))
  })

  test('greedy is empty before any number, and right once the wording was learned', () => {
    assert.deepEqual(grammarPolicy().greedy('How are you?'), [])
    assert.deepEqual(taught().greedy(QUESTION), RIGHT)
  })

  test('without learning, verified programs change nothing', async () => {
    const uniform = grammarPolicy({ adaptive: false })
    const before = await propose(uniform, QUESTION, [START], 30)
    uniform.learn('q', QUESTION, [RIGHT])
    uniform.refit()
    assert.deepEqual(await propose(uniform, QUESTION, [START], 30), before)
  })

  test('learning counts from the next refit on', async () => {
    const policy = grammarPolicy()
    const before = policy.describe('Mia loses 27 shells.')
    policy.learn('q', QUESTION, [RIGHT])
    assert.deepEqual(policy.describe('Mia loses 27 shells.'), before)
    policy.refit()
    assert.equal(policy.describe('Mia loses 27 shells.')[0]!.action, '- number')
  })

  test('what is learned depends neither on the order of learning, nor on earlier refits, nor on repetition', () => {
    const programs = [RIGHT, [START, step('now = start + 27'), final('print(now)')]]
    const one = grammarPolicy()
    one.learn('a', QUESTION, programs)
    one.refit()
    one.learn('b', QUESTION, [RIGHT])
    one.refit()
    const other = grammarPolicy()
    other.learn('b', QUESTION, [RIGHT, RIGHT])
    other.learn('a', QUESTION, [programs[1]!])
    other.learn('a', QUESTION, [programs[0]!])
    other.refit()
    assert.deepEqual(other.snapshot(), one.snapshot())
    assert.deepEqual(other.describe('Mia loses 27 shells.'), one.describe('Mia loses 27 shells.'))
  })

  test('a policy restored from a snapshot, through JSON, proposes the same', async () => {
    const restored = grammarPolicy({ snapshot: JSON.parse(JSON.stringify(taught().snapshot())) })
    assert.deepEqual(await propose(restored, QUESTION, [START], 50), await propose(taught(), QUESTION, [START], 50))
    assert.throws(
      () =>
        grammarPolicy({ snapshot: { version: 1, problems: [{ id: 'a', question: QUESTION, programs: [['0:fly']] }] } }),
      /0:fly/,
    )
  })

  test('of two right programs of a problem, the one that other problems support is believed', () => {
    const doubtful = 'Ana has 30 pens. Ana loses 15 pens. How many pens does Ana have?'
    const policy = taught()
    policy.learn('doubtful', doubtful, [
      [step('start = 30'), step('now = start - 15'), final('print(now)')],
      [step('start = 30'), step('now = start / 2'), final('print(now)')],
    ])
    policy.refit()
    const half = policy.describe('Ana loses 15 pens.').find(({ action }) => action === '/ two')!
    assert.ok(half.probability < 0.02, String(half.probability))
  })

  test('it goes on from steps in other words: other variable names, no comments, `-=`, `//`', async () => {
    const policy = taught()
    const texts = async (steps: Step[]) =>
      new Set((await propose(policy, QUESTION, steps, 300)).map(({ text }) => text))
    assert.ok((await texts([step('x0 = 219')])).has('# Mia loses 27 shells.\nnow = x0 - 27'))
    assert.ok((await texts([step('x0 = 219'), step('x0 -= 27')])).has('print(x0)'))
    const scored = (steps: Step[]) => policy.stepLogProbabilities(QUESTION, steps)
    assert.deepEqual(scored([step('x = 219'), step('y = x - 27'), final('print(y)')]), scored(RIGHT))
    assert.deepEqual(
      scored([START, step('now = start // 27')]).map((p) => p.toFixed(6)),
      scored([START, step('now = start / 27')]).map((p) => p.toFixed(6)),
    )
  })

  test('a step that is no operation of the grammar is scored as all but impossible, and does not stop it', async () => {
    const strange = step('import math\nnow = math.sqrt(start)')
    const scores = taught().stepLogProbabilities(QUESTION, [START, strange, final('print(now)')])
    assert.equal(scores.length, 3)
    assert.ok(scores[1]! < -13 && scores.every((score) => Number.isFinite(score)))
    assert.equal((await propose(taught(), QUESTION, [START, strange], 8)).length, 8)
  })

  test('without comments it writes code only', async () => {
    for (const { text } of await propose(grammarPolicy({ comments: false }), QUESTION, [START], 40))
      assert.ok(!text.includes('#'))
  })

  test('a question without numbers gets no proposals', async () => {
    assert.deepEqual(await propose(grammarPolicy(), 'What is the capital of France?', [], 4), [])
  })

  test('search and learning on easy problems teach it to answer unseen ones', async () => {
    const families = ['collecting', 'farm', 'baking']
    const train = generateProblems({ seed: 1, counts: [45, 45], families })
    const unseen = generateProblems({ seed: 2, counts: [20, 20], families, except: train })
    const policy = grammarPolicy()
    const right = () =>
      unseen.filter(({ question, answer }) => runChain(policy.greedy(question)) === Number(answer)).length
    const before = right()
    for (const problem of train) {
      policy.learn(problem.id, problem.question, await solve(policy, problem, 60))
      policy.refit()
    }
    assert.ok(right() >= before + 15, `${before} right before, ${right()} after, of ${unseen.length}`)
  })
})
