import assert from 'node:assert/strict'
import { test } from 'node:test'
import { families, generateProblems, type ProblemDraft, type ProblemFamily, storyFamily } from '../../datasets/index.ts'
import { below } from '../../lib/seed/random.ts'
import { problemFamilyContract } from '../contracts/problem-family.ts'

/** Ten lines are a family. */
const apples: ProblemFamily = {
  name: 'apples',
  draw(rng, operations) {
    const numbers = Array.from({ length: operations + 1 }, () => 10 + below(rng, 90))
    if (new Set(numbers).size < numbers.length) return null
    const program = numbers.map((_, slot) => `n${slot}`).join(' + ')
    const question = (list: readonly unknown[]) => `Baskets hold ${list.join(', ')} apples. How many are that?`
    const answer = String(numbers.reduce((sum, number) => sum + number))
    const text = question(numbers.map((_, slot) => `{${slot}}`))
    return { question: question(numbers), answer, template: { text, numbers, program, operations } }
  },
}

for (const family of families) problemFamilyContract(family.name, () => family)
problemFamilyContract('a family of ten lines', () => apples)
problemFamilyContract('a family without templates', () => ({
  name: 'plain',
  draw: (rng) => ({ question: `Count to ${below(rng, 1000)}.`, answer: 'done' }),
}))
const { farm } = Object.fromEntries(families.map((family) => [family.name, family]))
problemFamilyContract(
  'a story that needs two operations',
  () =>
    storyFamily({
      ...farm!.words,
      opening: [['A farm has # barns.', 'Each holds # {animal}.']],
      total: ['There is room for # {animal}.'],
    }),
  { operations: [2, 3, 4, 5, 6] },
)

/** A family that draws the same each time. */
const always = (draft: unknown): ProblemFamily => ({ name: 'fixed', draw: () => draft as ProblemDraft })
const one = (family: ProblemFamily, count = 1) => generateProblems({ seed: 1, counts: [count], families: [family] })

test('own families and built-in ones are used in turn, and take nothing from each other', () => {
  const mixed = generateProblems({ seed: 3, counts: [4, 4], families: ['farm', apples] })
  const farms = generateProblems({ seed: 3, counts: [4, 4], families: ['farm'] })
  assert.deepEqual(
    mixed.slice(0, 4).map(({ id }) => id),
    ['p1-0000-farm', 'p1-0001-apples', 'p1-0002-farm', 'p1-0003-apples'],
  )
  assert.deepEqual(mixed[2], farms[2])
  assert.equal(mixed[1]!.source, 'generated/apples')
  assert.deepEqual([mixed[1]!.level, mixed[1]!.template!.operations], ['easy', 1])
})

test('a family object gives what its name gives', () => {
  const generate = (family: string | ProblemFamily) =>
    generateProblems({ seed: 2, counts: [2, 2, 2, 2, 2, 2], families: [family] })
  for (const family of families) assert.deepEqual(generate(family), generate(family.name))
})

test('a problem without a template has no such field', () => {
  const [problem] = one(always({ question: 'How many legs has a hen?', answer: '2' }))
  assert.deepEqual(Object.keys(problem!), ['id', 'question', 'answer', 'level', 'source'])
})

test('a question that was there before is drawn again', () => {
  let drawn = 0
  const slow: ProblemFamily = {
    name: 'slow',
    draw: () => ({ question: `What comes after ${Math.floor(drawn++ / 3)}?`, answer: '1' }),
  }
  const questions = one(slow, 3).map(({ question }) => question)
  assert.deepEqual(questions, ['What comes after 0?', 'What comes after 1?', 'What comes after 2?'])
})

test('a family without a new problem ends in an error that names it', () => {
  assert.throws(() => one(always(null)), /The family fixed told no new story with 1 operations in 20000 draws/)
  assert.throws(() => one(always({ question: 'Again?', answer: '1' }), 2), /The family fixed told no new story/)
})

test('a draft that breaks the contract is refused, with what was expected and what came', () => {
  const question = 'Mia has 12 pens and gets 30. How many are that?'
  const text = 'Mia has {0} pens and gets {1}. How many are that?'
  const template = { text, numbers: [12, 30], program: 'n0 + n1', operations: 1 }
  const draft = { question, answer: '42', template }
  assert.equal(one(always(draft))[0]!.question, question)
  const refused: [unknown, RegExp][] = [
    [undefined, /family fixed: expected `draw` to give null or a problem with a question, got undefined/],
    [{ ...draft, question: ' ' }, /expected `draw` to give null or a problem with a question, got {"question":" "/],
    [{ ...draft, answer: '' }, /expected an answer as text, got ""/],
    [{ ...draft, answer: 42 }, /expected an answer as text, got 42/],
    [{ ...draft, template: { ...template, numbers: [12, 31] } }, /gives the question "Mia has 12 .*, got "Mia .* 31/],
    [{ ...draft, template: { ...template, operations: 2 } }, /expected a template of 1 operations, got 2/],
    [{ ...draft, template: { ...template, program: 'n0 * n1' } }, /n0 \* n1 to give the answer 42, got "360"/],
    [
      { question: 'Is 7 7?', answer: '14', template: { ...template, text: 'Is {0} {1}?', numbers: [7, 7] } },
      /expected distinct numbers in the template, got \[7,7\]/,
    ],
  ]
  for (const [broken, message] of refused) assert.throws(() => one(always(broken)), message)
})

test('at least one family is expected', () => {
  assert.throws(() => generateProblems({ seed: 1, counts: [1], families: [] }), /at least one family/)
})

test('two families of one name are refused, be one of them built in', () => {
  for (const twice of [
    [apples, apples],
    ['farm', 'farm'],
    [{ ...apples, name: 'farm' }, 'farm'],
  ])
    assert.throws(
      () => generateProblems({ seed: 1, counts: [1], families: twice }),
      /Expected families of different names, got "(apples|farm)" twice/,
    )
})
