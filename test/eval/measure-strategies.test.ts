import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureStrategies } from '../../lib/eval/measure-strategies.ts'
import type { Question, Strategy } from '../../lib/eval/strategy.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { problem } from '../search/fakes.ts'

const problems = [problem('a', '7'), problem('b', '8')]
const parts = {
  policy: null as never,
  ppm: null,
  verifier: null as never,
  grader: numericGrader,
  seed: 1,
  signal: undefined,
}
const saying = (name: string, answers: readonly unknown[]): Strategy => ({
  name,
  answer: async () => answers as never,
})

test('each strategy is graded by itself, and sees no reference', async () => {
  let seen: readonly Question[] = []
  const seven: Strategy = {
    name: 'seven',
    answer: async (questions) => {
      seen = questions
      return questions.map(() => ({ answer: '7.0', tokens: 3 }))
    },
  }
  const silent = saying('silent', [
    { answer: null, tokens: 0 },
    { answer: null, tokens: 1 },
  ])
  const { measures, tokens } = await measureStrategies(problems, [seven, silent], parts)
  assert.deepEqual([measures.seven!.all.value, measures.silent!.all.value], [0.5, 0])
  assert.deepEqual(tokens, { 'strategy seven': 6, 'strategy silent': 1 })
  assert.ok(seen.every((question) => !('answer' in question) && !('template' in question)))
})

test('what is no strategy, or no answer of one, is refused with its name', async () => {
  const refused = (strategies: readonly Strategy[], message: RegExp) =>
    assert.rejects(measureStrategies(problems, strategies, parts), message)
  const one = { answer: '7', tokens: 1 }
  await refused([saying('', [one, one])], /Expected a strategy to have a name, got ""/)
  await refused([saying('a', [one, one]), saying('a', [one, one])], /different names, got "a" twice/)
  await refused(
    [saying('few', [one])],
    /Expected 2 answers of the strategy "few", one for each question in order, got 1/,
  )
  await refused(
    [saying('number', [one, { answer: 5, tokens: 1 }])],
    /of the strategy "number" .* got \{"answer":5,"tokens":1\}/,
  )
  await refused([saying('none', [one, undefined])], /of the strategy "none"/)
})
