import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ACTIONS,
  operationOf,
  PRIOR_NO_NUMBER,
  PRIOR_NUMBER,
  SKIP,
  START,
} from '../../../lib/policy/grammar/actions.ts'
import { AT_START, alignStep, indexSlots } from '../../../lib/policy/grammar/align.ts'
import { countActions, distribution, type Program } from '../../../lib/policy/grammar/counts.ts'
import { sentenceCount, sentencesOf, slotsOf } from '../../../lib/policy/grammar/sentences.ts'

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)

describe('slots', () => {
  test('sentences end at . ? ! and a blank, not inside numbers or after titles', () => {
    assert.deepEqual(sentencesOf('Mr. Lee pays $3.50.  Then he\nleaves! Why?'), [
      'Mr. Lee pays $3.50.',
      'Then he leaves!',
      'Why?',
    ])
    assert.equal(sentenceCount('One. Two. Three?'), 3)
  })

  test('each number is a slot, a sentence without one too, the closing question only if it holds a number', () => {
    const literals = (question: string) => slotsOf(question).map(({ literal }) => literal)
    assert.deepEqual(literals('Ana has 1,200 pens. She loses half. How many are left?'), ['1200', null])
    assert.deepEqual(literals('Ana has 12 pens. How many are left if she loses 5?'), ['12', '5'])
  })

  test('a sentence with several numbers gives each the words around it', () => {
    const [apples, pears] = slotsOf('Ana buys 3 red apples, and Tom sells 14 pears.')
    assert.deepEqual(apples!.words, ['ana', 'apples', 'buys', 'red'])
    assert.deepEqual(pears!.words, ['and', 'pears', 'sells', 'tom'])
    assert.equal(apples!.sentence, pears!.sentence)
  })
})

describe('alignment', () => {
  const question = 'Ana has 30 pens. Half of them go. Ana gets 12 pens. Ana gets 12 pens. How many pens?'
  const index = indexSlots(slotsOf(question))
  const align = (texts: string[]) => {
    let at = AT_START
    return texts.map((text) => {
      const { aligned, after } = alignStep(index, { text, final: false }, at)
      at = after
      return [aligned.slot, aligned.action]
    })
  }

  test('a quoted sentence decides the slot, also for operations without its number', () => {
    assert.deepEqual(align(['# Ana has 30 pens.\nstart = 30', '# Half of them go.\nnow = start / 2']), [
      [0, START],
      [1, operationOf('/', 'two')],
    ])
  })

  test('equal sentences and equal numbers are taken one after the other', () => {
    const expected = [
      [0, START],
      [2, operationOf('+', 'number')],
      [3, operationOf('+', 'number')],
    ]
    assert.deepEqual(align(['start = 30', 'now = start + 12', 'now = now + 12']), expected)
    assert.deepEqual(
      align(['start = 30', '# Ana gets 12 pens.\nnow = 12 + start', '# Ana gets 12 pens.\nnow += 12']),
      expected,
    )
  })

  test('operands the other way round are reversed operations', () => {
    assert.deepEqual(align(['start = 30', 'now = 12 - start'])[1], [2, operationOf('r-', 'number')])
    assert.deepEqual(align(['start = 30', 'now = start + start'])[1]![1], operationOf('+', 'start'))
  })

  test('a step without a number or quote uses the next sentence without a number', () => {
    assert.deepEqual(align(['start = 30', 'now = start / 2'])[1], [1, operationOf('/', 'two')])
  })

  test('numbers that the question lacks and operations on nothing have no action', () => {
    assert.equal(align(['start = 30', 'now = start + 99'])[1]![1], null)
    assert.equal(align(['start = 30', 'now = 12 + 12'])[1]![1], null)
    assert.equal(align(['start = 30', 'now = (start - 12) * 3'])[1]![1], null)
  })
})

describe('counts', () => {
  const [has, loses] = slotsOf('Ana has 30 pens. Ana loses 12 pens.')
  const minus = operationOf('-', 'number')
  const program: Program = [
    [0, START],
    [1, minus],
  ]
  const example = { slots: [has!, loses!], programs: [program] }

  test('priors and learned distributions sum to 1 and allow only the actions of their phase', () => {
    for (const prior of [PRIOR_NUMBER, PRIOR_NO_NUMBER]) assert.ok(Math.abs(sum(prior) - 1) < 1e-12)
    for (const counts of [null, countActions([example])]) {
      const start = distribution(counts, has!, 'start')
      assert.ok(Math.abs(sum(start) - 1) < 1e-12)
      assert.deepEqual(
        ACTIONS.filter((_, i) => start[i]! > 0),
        ['skip', 'start'],
      )
      const operate = distribution(counts, loses!, 'operate')
      assert.ok(Math.abs(sum(operate) - 1) < 1e-12)
      assert.equal(operate[START], 0)
    }
  })

  test('more evidence makes an action likelier, mixing bounds it, and no possible action becomes impossible', () => {
    const after = (n: number) => distribution(countActions(Array(n).fill(example)), loses!, 'operate', { mixing: 0.2 })
    assert.ok(after(1)[minus]! > PRIOR_NUMBER[minus]!)
    assert.ok(after(10)[minus]! > after(1)[minus]!)
    assert.ok(after(1000)[minus]! < 0.8 + 0.2 * 0.5 && after(1000)[minus]! > 0.8)
    assert.ok(after(1000).every((p, action) => action === START || p > 0))
  })

  test('without programs there are no counts', () => {
    assert.equal(countActions([{ slots: [has!], programs: [] }]), null)
  })

  test('a problem counts once, however many right programs it has', () => {
    const doubtful = {
      slots: [has!, loses!],
      programs: [
        program,
        [
          [0, START],
          [1, SKIP],
        ] as Program,
      ],
    }
    const all = (example: typeof doubtful) => countActions([example], { priorWeight: 1e-9 })!.number.marginal[START]!
    assert.ok(Math.abs(all(doubtful) - 0.5) < 1e-6)
    assert.ok(Math.abs(all(example) - 0.5) < 1e-6)
  })
})
