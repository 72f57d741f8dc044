import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { bandOf, defaultProblems, families, generateProblems, normalizeQuestion } from '../../datasets/index.ts'
import { fillTemplate } from '../../lib/problem/counterfactual.ts'
import { parseExpression } from '../../lib/problem/expression.ts'
import { literalsOf } from '../../lib/problem/literals.ts'
import { type Rational, rationalOf } from '../../lib/problem/rational.ts'

const { train, heldOut } = defaultProblems(1)
const all = [...train, ...heldOut]

describe('generated problems', () => {
  test('Python computes each answer from the reference program', () => {
    const source = all.map(({ template }) => {
      const slots = template!.numbers.map((number, i) => `n${i}=${number}`).join(';')
      return `${slots}\nprint(${template!.program})`
    })
    const printed = execFileSync('python3', ['-'], { input: source.join('\n'), encoding: 'utf8' })
      .trim()
      .split('\n')
    assert.deepEqual(
      printed.map(Number),
      all.map(({ answer }) => Number(answer)),
    )
  })

  test('every result on the way is a whole number from 8 to 20000', () => {
    for (const { template } of all) {
      const numbers = template!.numbers.map((number) => rationalOf(number)!)
      const check = ({ numerator, denominator }: Rational) =>
        assert.ok(denominator === 1n && numerator >= 8n && numerator <= 20_000n, template!.program)
      parseExpression(template!.program)(numbers, check)
    }
  })

  test('a problem has as many operations as its template says, in the band of that number', () => {
    for (const { template, level } of all) {
      assert.equal(template!.program.match(/[-+*/]/g)!.length, template!.operations)
      assert.equal(level, bandOf(template!.operations))
    }
    assert.deepEqual([1, 2, 3, 4, 5, 6].map(bandOf), ['easy', 'easy', 'medium', 'medium', 'hard', 'hard'])
  })

  test('the numbers of a question are those of its template: distinct, none 0, 1 or 2, at most three digits', () => {
    for (const { question, template } of all) {
      const { numbers, text } = template!
      assert.equal(fillTemplate(text, numbers), question)
      assert.deepEqual(
        literalsOf(question).map(({ code }) => Number(code)),
        numbers,
      )
      assert.equal(new Set(numbers).size, numbers.length)
      assert.ok(numbers.every((number) => number >= 3 && number <= 999))
      assert.doesNotMatch(question, /[{}#@]/)
    }
  })

  test('training and held-out problems share no question, and no text with the same numbers', () => {
    const seen = (list: typeof train) => ({
      questions: new Set(list.map((problem) => normalizeQuestion(problem.question))),
      chains: new Set(list.map(({ source, template }) => `${source} ${template!.program} ${template!.numbers}`)),
    })
    const [a, b] = [seen(train), seen(heldOut)]
    assert.equal(a.questions.size, train.length)
    for (const question of b.questions) assert.ok(!a.questions.has(question))
    for (const chain of b.chains) assert.ok(!a.chains.has(chain))
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
  })

  test('the default set has 800 and 180 problems, each k and family in its share', () => {
    const count = (list: typeof train, k: number) => list.filter(({ template }) => template!.operations === k).length
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map((k) => count(train, k)),
      [120, 160, 160, 160, 120, 80],
    )
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map((k) => count(heldOut, k)),
      [30, 30, 30, 30, 30, 30],
    )
    assert.ok(families.length >= 8)
    for (const { name } of families)
      assert.equal(train.filter(({ source }) => source === `generated/${name}`).length, train.length / families.length)
  })

  test('the words are few, the sentences short', () => {
    const words = new Set(all.flatMap(({ question }) => question.toLowerCase().match(/[a-z]+/g)!))
    assert.ok(words.size <= 350, `${words.size} words`)
    for (const { question } of all)
      for (const sentence of question.split(/(?<=[.?])\s/)) assert.ok(sentence.split(' ').length <= 12, sentence)
  })

  test('every family uses all four operations, some have distractors, totals and references to the start', () => {
    for (const { name } of families) {
      const programs = train
        .filter(({ source }) => source.endsWith(`/${name}`))
        .map(({ template }) => template!.program)
      for (const operator of ['+', '-', '*', '/'])
        assert.ok(
          programs.some((program) => program.includes(operator)),
          `${name} never uses ${operator}`,
        )
    }
    const has = (matches: (template: NonNullable<(typeof train)[0]['template']>) => boolean) =>
      train.filter(({ template }) => matches(template!)).length
    assert.ok(has(({ numbers, program }) => numbers.some((_, i) => !program.includes(`n${i}`))) > 100, 'distractors')
    assert.ok(has(({ program }) => /\(n\d+ - \(/.test(program)) > 50, 'totals')
    assert.ok(has(({ program }) => (program.match(/n0/g) ?? []).length > 1) > 30, 'references to the start')
    assert.ok(has(({ program }) => / [*/] 2\)/.test(program)) > 100, 'twice and half')
  })

  test('in three families a gain and a loss are told apart by the order of the words alone', () => {
    const bags = new Map<string, Set<string>>()
    for (const { name, words } of families)
      for (const [event, sentences] of [
        ['plus', words.plus],
        ['minus', words.minus],
      ] as const)
        for (const sentence of sentences) {
          const bag = `${name} ${sentence
            .toLowerCase()
            .match(/[a-z#{}]+/g)!
            .sort()
            .join(' ')}`
          bags.set(bag, (bags.get(bag) ?? new Set()).add(event))
        }
    const twofold = [...bags].flatMap(([bag, events]) => (events.size === 2 ? [bag.split(' ')[0]] : []))
    assert.deepEqual(twofold, ['collecting', 'library', 'savings'])
  })

  test('the same seed gives the same problems, another seed others; families can be chosen', () => {
    const generate = (seed: number) => generateProblems({ seed, counts: [5, 5], families: ['farm', 'tank'] })
    assert.deepEqual(generate(3), generate(3))
    assert.notDeepEqual(generate(3), generate(4))
    assert.deepEqual([...new Set(generate(3).map(({ source }) => source))].sort(), ['generated/farm', 'generated/tank'])
    assert.throws(() => generateProblems({ seed: 1, counts: [1], families: ['zoo'] }), /farm.*got "zoo"/)
    assert.throws(() => generateProblems({ seed: 1, counts: [1.5] }), /counts/)
  })
})
