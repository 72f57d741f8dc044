import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultProblems } from '../../datasets/index.ts'
import { counterfactual, fillTemplate } from '../../lib/problem/counterfactual.ts'
import { literalsOf } from '../../lib/problem/literals.ts'
import type { Problem, Step } from '../../lib/problem/problem.ts'
import { renumber } from '../../lib/problem/renumber.ts'
import { random } from '../../lib/seed/random.ts'
import { runChain } from '../policy/chain.ts'

const step = (text: string): Step => ({ text, final: text.startsWith('print') })
const numbersOf = (text: string): string[] => literalsOf(text).map(({ code }) => code)

const QUESTION = 'Mia has 219 shells. She finds 27, then 219 more. Half go. How many?'
const STEPS = [
  step('# Mia has 219 shells.\nstart = 219'),
  step('# She finds 27.\nx2 = start + 27'),
  step('now = x2 / 2'),
]

describe('literals', () => {
  test('numbers in words are found with their commas and decimals; ordinals and names are not numbers', () => {
    assert.deepEqual(numbersOf('On the 3rd, x2 paid $1,200 for 12.50 of 5km, 1,2 or 007.'), ['1200', '12.50', '5', '7'])
    assert.deepEqual(numbersOf('It is 40.'), ['40'])
  })
})

describe('renumber', () => {
  test('the same number becomes the same new number everywhere; names and the constants of the code stay', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { question, steps } = renumber(QUESTION, STEPS, random(seed))
      const [first, second, third] = numbersOf(question)
      assert.equal(third, first)
      assert.notEqual(first, second)
      assert.equal(steps[0]!.text, `# Mia has ${first} shells.\nstart = ${first}`)
      assert.equal(steps[1]!.text, `# She finds ${second}.\nx2 = start + ${second}`)
      assert.equal(steps[2]!.text, 'now = x2 / 2')
    }
  })

  test('a fresh number never equals a constant of the code', () => {
    const constants = Array.from({ length: 6 }, (_, i) => `now = now + ${i + 3}`).map(step)
    for (let seed = 0; seed < 200; seed++) {
      const [fresh] = numbersOf(renumber('Ana has 44 pens.', constants, random(seed), { sizes: 'mixed' }).question)
      assert.ok(Number(fresh) < 3 || Number(fresh) > 8, fresh)
    }
  })

  test('decimals, percentages, fractions, times and 0, 1, 2 are left alone in question and code', () => {
    const question = 'Pay 4.50 at 12:30 for 2 of 3/4 with 50% off. Count to 15.'
    const code = [step('a = 4.50 * 2'), step('b = a * 50 / 100')]
    const renumbered = renumber(question, code, random(1))
    assert.match(renumbered.question, /^Pay 4\.50 at 12:30 for 2 of 3\/4 with 50% off\. Count to \d+\.$/)
    assert.notEqual(renumbered.question, question)
    assert.deepEqual(renumbered.steps, code)
  })

  test('`alike` keeps the number of digits and thousands commas', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { question, steps } = renumber('Sell 12,500 of 37 and 8.', [step('a = 12500.0 - 37')], random(seed), {
        sizes: 'alike',
      })
      assert.match(question, /^Sell \d\d,\d{3} of \d\d and [3-9]\.$/)
      assert.match(steps[0]!.text, /^a = \d{5}\.0 - \d\d$/)
    }
  })

  test('`mixed` draws about 30 % below 10, 30 % below 100 and the rest below 400', () => {
    const rng = random(3)
    const drawn = Array.from({ length: 3000 }, () => Number(numbersOf(renumber('Take 55.', [], rng).question)[0]))
    const share = (low: number, high: number) => drawn.filter((n) => n >= low && n < high).length / drawn.length
    assert.ok(Math.abs(share(3, 10) - 0.3) < 0.04)
    assert.ok(Math.abs(share(10, 100) - 0.3) < 0.04)
    assert.ok(Math.abs(share(100, 400) - 0.4) < 0.04)
  })

  test('the same random numbers give the same result', () => {
    assert.deepEqual(renumber(QUESTION, STEPS, random(9)), renumber(QUESTION, STEPS, random(9)))
  })
})

describe('counterfactual', () => {
  const problem: Problem = {
    id: 'p',
    question: 'Mia has 60 shells. She shares them among 5. Tom is 31.',
    answer: '12',
    level: 'easy',
    source: 'generated/test',
    template: {
      text: 'Mia has {0} shells. She shares them among {1}. Tom is {2}.',
      numbers: [60, 5, 31],
      program: '(n0 / n1)',
      operations: 1,
    },
  }
  const right = [step('# Mia has 60 shells.\nstart = 60'), step('now = start / 5'), step('print(now)')]
  const accident = [step('start = 31'), step('now = start - 19'), step('print(now)')]

  test('a right program stays right and an accident does not', () => {
    assert.equal(runChain(right), runChain(accident))
    for (let seed = 0; seed < 30; seed++) {
      const again = counterfactual(problem, right, random(seed))!
      assert.equal(String(runChain(again.steps)), again.answer)
      const other = counterfactual(problem, accident, random(seed))!
      assert.notEqual(String(runChain(other.steps)), other.answer)
    }
  })

  test('numbers change everywhere, stay as long as they were, and divisions stay even', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { question, answer, steps } = counterfactual(problem, right, random(seed))!
      const [shells, shares, age] = numbersOf(question)
      assert.match(`${shells} ${shares} ${age}`, /^\d\d [3-9] \d\d$/)
      assert.equal(Number(answer), Number(shells) / Number(shares))
      assert.ok(Number.isInteger(Number(answer)))
      assert.equal(steps[0]!.text, `# Mia has ${shells} shells.\nstart = ${shells}`)
    }
  })

  test('an answer that cannot be whole is an exact fraction', () => {
    const template = { text: '{0} {1}', numbers: [600, 7], program: 'n0 / n1 / 1000', operations: 2 }
    assert.match(counterfactual({ ...problem, template }, [], random(1))!.answer, /^\d+\/\d+$/)
  })

  test('there is none without a template or when two numbers of the question are equal', () => {
    const { template, ...plain } = problem
    assert.equal(counterfactual(plain, right, random(1)), null)
    const equal = { ...template!, numbers: [60, 5, 5] }
    assert.equal(counterfactual({ ...problem, template: equal }, right, random(1)), null)
    const never = { ...template!, program: 'n0 / (n1 - n1)' }
    assert.equal(counterfactual({ ...problem, template: never }, right, random(1)), null)
  })

  test('generated problems nearly always have one with whole positive results', () => {
    const problems = defaultProblems(1).heldOut
    const whole = problems.filter((each) => /^\d+$/.test(counterfactual(each, [], random(1))!.answer))
    assert.ok(whole.length >= 0.95 * problems.length, `${whole.length} of ${problems.length}`)
    for (const { question, template } of problems)
      assert.equal(fillTemplate(template!.text, template!.numbers), question)
  })
})
