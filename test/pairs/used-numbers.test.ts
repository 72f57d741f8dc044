// Numbers of a question, as people and Python write them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedNumbers, codeNumbers, numberUse } from '../../lib/pairs/used-numbers.ts'

/** How many numbers the question has, how many the code leaves unused, and whether it uses none. */
const use = (question: string, code: string) => numberUse(askedNumbers(question), codeNumbers(code))
const unused = (question: string, code: string): number => use(question, code).unused

test('a number is used when the code holds it, once for all places of the question', () => {
  assert.deepEqual(use('Ana has 3 bags of 12 and 3 more.', 'print(3 * 12 + 3)'), {
    asked: 2,
    unused: 0,
    usesNone: false,
  })
  assert.equal(unused('Ana has 3 bags of 12.', 'print(12 * 2)'), 1)
  assert.equal(unused('A 150-mile trip, 5km a day.', 'print(150 / 5)'), 0)
  assert.equal(unused('Ana has 12.', 'x12 = 120\nprint(x12)'), 1)
})

test('thousands, decimals of both kinds, currency and LaTeX are read as they are meant', () => {
  for (const [question, code] of [
    ['It costs $1,200.50.', '1200.5'],
    ['Es kostet 1.200,50 Euro.', '1200.50'],
    ['Es wiegt 3,5 kg.', '3.5'],
    ['Il y a 12 500 voix.', '12500'],
    ['He has \\$20{,}000 of it.', '20_000'],
    ['Take $\\frac{3}{20}$ of it.', '3 / 20'],
    ['Take $\\frac{3}{20}$ of it.', '0.15'],
    ['Take $\\frac12$ of it.', '1 / 2'],
    ['Take 3/4 of it.', '0.75'],
    ['Find $2x$ for $x^{10}$.', '2 * x ** 10'],
    ['Add the list 4,7,9.', '4 + 7 + 9'],
    ['It weighs .5 kg.', '0.5'],
  ] as const)
    assert.equal(unused(question, code), 0, `${question} ${code}`)
})

test('per cent may be a share or a change, the end of a range one more', () => {
  for (const code of ['x * 25 / 100', 'x * 0.25', 'x * 1.25', 'x * 0.75'])
    assert.equal(unused('It rises by 25 %.', code), 0, code)
  assert.equal(unused('It rises by 25 %.', 'x * 0.8'), 1)
  assert.equal(unused('Add the first 100 numbers.', 'sum(range(1, 101))'), 0)
})

test('digits of other scripts are digits', () => {
  assert.equal(unused('لدى آنا ٣٤ كتابا', 'print(34)'), 0)
  assert.equal(unused('アナは３４冊の本を持つ。', 'print(34)'), 0)
  assert.equal(unused('अना के पास ३४ किताबें', 'print(33)'), 1)
})

test('number words speak for a program that uses them and against none', () => {
  assert.deepEqual(use('Half of a dozen, twice.', 'print(12 / 2 * 2)'), { asked: 0, unused: 0, usesNone: false })
  assert.equal(use('Half of a dozen.', 'print(7)').usesNone, true)
  assert.deepEqual(use('She gives half of her 8 apples away.', 'print(8 / 2)'), {
    asked: 1,
    unused: 0,
    usesNone: false,
  })
  assert.equal(use('She gives one of her 8 apples away.', 'print(8)').unused, 0)
})

test('a question without numbers blames nobody', () => {
  assert.deepEqual(use('How many days has a leap year?', 'print(366)'), { asked: 0, unused: 0, usesNone: false })
  assert.deepEqual(use('Wie viele Tage?', ''), { asked: 0, unused: 0, usesNone: false })
})
