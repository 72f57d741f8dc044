import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultProblems } from '../../datasets/index.ts'
import { grammarPolicy } from '../../lib/policy/grammar/grammar.ts'
import type { Step } from '../../lib/problem/problem.ts'
import { random } from '../../lib/seed/random.ts'
import { readStory, recombiner, type Solved, writeStory } from '../../lib/train/recombine.ts'

const steps = (...texts: string[]): Step[] => texts.map((text, i) => ({ text, final: i === texts.length - 1 }))
const solved = (question: string, ...texts: string[]): Solved => ({ question, steps: steps(...texts) })

const mia = solved(
  'Mia has 20 cards. Mia finds 5 more cards. Mia loses 3 cards. Mia is 9 years old. How many cards does Mia have now?',
  ...['start = 20', 'now = start + 5', 'now = now - 3', 'print(now)'],
)
const tom = solved(
  'Tom has 50 coins. Tom gives a friend 7 coins. How many coins does Tom have now?',
  ...['start = 50', 'now = start - 7', 'print(now)'],
)

/** What a chain of steps computes. */
const run = ({ steps }: Solved): number => {
  const values: Record<string, number> = {}
  let result = 0
  for (const { text } of steps.slice(0, -1)) {
    const [, name, left, operator, right] = /(\w+) = (\w+)(?: (.) (\w+))?$/.exec(text)!
    const value = (word: string): number => values[word] ?? Number(word)
    const a = value(left!)
    const b = right === undefined ? 0 : value(right)
    result =
      operator === undefined
        ? a
        : operator === '+'
          ? a + b
          : operator === '-'
            ? a - b
            : operator === '*'
              ? a * b
              : a / b
    values[name!] = result
  }
  return result
}

test('a story that is read and written again is the same', () => {
  for (const example of [mia, tom]) assert.deepEqual(writeStory(readStory(example)!), example)
})

test('sentences move with their steps, and the first operation is the one on the first number', () => {
  const retell = recombiner([mia], { shuffle: 1, splice: 0 })
  const orders = new Set<string>()
  for (let i = 0; i < 40; i++) {
    const { question, steps } = retell(mia, random(i))
    orders.add(question)
    assert.match(question, /^Mia has 20 cards\..*How many cards does Mia have now\?$/)
    const [found, lost] = ['finds', 'loses'].map((word) => question.indexOf(word))
    const expected =
      found! < lost!
        ? ['start = 20', 'now = start + 5', 'now = now - 3']
        : ['start = 20', 'now = start - 3', 'now = now + 5']
    assert.deepEqual(
      steps.map(({ text }) => text),
      [...expected, 'print(now)'],
    )
  }
  assert.equal(orders.size, 6)
})

test('a part of another story comes in under the names of this one, and never makes a story longer than the longest', () => {
  const retell = recombiner([mia, tom], { shuffle: 0, splice: 1 })
  const told = Array.from({ length: 30 }, (_, i) => retell(tom, random(i)))
  for (const story of told) assert.ok(story.steps.length <= mia.steps.length)
  assert.ok(told.some(({ question }) => question.includes('Tom finds 5 more coins.')))
  assert.ok(told.every(({ question }) => !/Mia|cards/.test(question)))
  const longer = told.find(({ steps }) => steps.length === 4)!
  assert.equal(run(longer), longer.question.includes('finds') ? 48 : 40)
})

test('what is no single chain of told operations stays as it is', () => {
  const strange = [
    solved('Mia has 20 cards. Mia finds 5 more. How many now?', 'a = 20', 'b = 5', 'print(a + b)'),
    solved('Mia has 20 cards. Mia finds 5 more. How many now?', 'print(25)'),
    solved('How many?', 'start = 1', 'print(start)'),
  ]
  for (const example of strange) {
    assert.equal(readStory(example), null)
    assert.equal(recombiner(strange, { shuffle: 1, splice: 1 })(example, random(1)), example)
  }
})

test('an event without a number that is told first stays first: its program may be right only there', () => {
  const doubled = solved(
    'Mia has 20 cards. Then Mia has twice as many cards. Mia loses 3 cards. Mia finds 8 cards. How many cards does Mia have now?',
    ...['start = 20', 'now = start + start', 'now = now - 3', 'now = now + 8', 'print(now)'],
  )
  const retell = recombiner([doubled], { shuffle: 1, splice: 0 })
  for (let i = 0; i < 20; i++)
    assert.match(retell(doubled, random(i)).question, /^Mia has 20 cards\. Then Mia has twice/)
})

test('a story told anew asks what its program computes: each sentence keeps its effect', () => {
  // The grammar aligns the steps of every retold problem with its sentences; a sentence lost or doubled would show.
  const grammar = grammarPolicy()
  const problems = defaultProblems(3).train.slice(300, 400)
  const examples = problems.map(({ question }) => ({ question, steps: grammar.greedy(question) }))
  const retell = recombiner(examples, { shuffle: 1, splice: 0 })
  for (const [i, example] of examples.entries()) {
    const story = readStory(example)
    const told = retell(example, random(i))
    const sentences = (text: string) => text.split(/(?<=[.?]) /).sort()
    assert.deepEqual(sentences(told.question), sentences(example.question))
    assert.equal(told.steps.length, example.steps.length)
    if (story) assert.deepEqual(writeStory(readStory(told)!), told)
  }
})
