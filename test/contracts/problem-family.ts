// The laws of every problem family (lib/problem/family.ts), as one suite that each kind of family runs.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { numericGrader } from '../../lib/problem/answer.ts'
import { counterfactual, fillTemplate } from '../../lib/problem/counterfactual.ts'
import { parseExpression } from '../../lib/problem/expression.ts'
import type { ProblemDraft, ProblemFamily } from '../../lib/problem/family.ts'
import { rationalOf, rationalText } from '../../lib/problem/rational.ts'
import { normalizeQuestion } from '../../lib/problem/split.ts'
import { random } from '../../lib/seed/random.ts'

export interface ProblemFamilyContractOptions {
  /** Numbers of operations that it has problems for; any other may always give null. @default [1, 2, 3, 4, 5, 6] */
  operations?: readonly number[]
  /** Different questions that 200 seeds give at least, for each of these. @default 20 */
  distinct?: number
  /** Why the suite cannot run here. @default false */
  skip?: string | false
}

const ASKED = [1, 2, 3, 4, 5, 6]
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed)

/**
 * Declares the suite. `family` gives a fresh family for each test.
 * Example: `problemFamilyContract('apples', () => apples)`
 */
export function problemFamilyContract(
  name: string,
  family: () => ProblemFamily,
  { operations = ASKED, distinct = 20, skip = false }: ProblemFamilyContractOptions = {},
): void {
  const draw = (from: ProblemFamily, seed: number, count: number) => from.draw(random(seed, 'contract', count), count)
  const drafts = (from: ProblemFamily, count: number): ProblemDraft[] =>
    SEEDS.flatMap((seed) => draw(from, seed, count) ?? [])
  const all = (from: ProblemFamily) => ASKED.flatMap((count) => drafts(from, count).map((draft) => ({ count, draft })))

  describe(`${name} keeps the problem family contract`, { skip }, () => {
    test('it has a name', () => assert.notEqual(family().name.trim(), ''))

    test('the same random numbers give the same draft, whatever was drawn before', () => {
      const [first, second] = [family(), family()]
      const forth = SEEDS.map((seed) => ASKED.map((count) => draw(first, seed, count)))
      const back = SEEDS.toReversed().map((seed) => ASKED.toReversed().map((count) => draw(second, seed, count)))
      assert.deepEqual(back.map((row) => row.reverse()).reverse(), forth)
    })

    test('different seeds give different questions', () => {
      const from = family()
      for (const count of operations) {
        const questions = new Set(drafts(from, count).map(({ question }) => normalizeQuestion(question)))
        assert.ok(questions.size >= distinct, `${questions.size} with ${count} operations, expected ${distinct}`)
      }
    })

    test('no draw of 1 to 6 operations throws; each is null or has a question and an answer', () => {
      for (const { draft } of all(family())) {
        assert.notEqual(draft.question.trim(), '')
        assert.notEqual(draft.answer.trim(), '')
      }
    })

    test('a template filled with its numbers is the question', () => {
      for (const { draft } of all(family()))
        if (draft.template) assert.equal(fillTemplate(draft.template.text, draft.template.numbers), draft.question)
    })

    test('the program of a template gives the answer', () => {
      for (const { draft } of all(family())) {
        if (!draft.template) continue
        const { program, numbers } = draft.template
        const result = parseExpression(program)(numbers.map((number) => rationalOf(number)!))
        assert.ok(result, `${program} of ${numbers} has no value`)
        assert.ok(numericGrader.equivalent(rationalText(result), draft.answer), `${draft.question} ${draft.answer}`)
      }
    })

    test('a template has as many operations as were asked for, and asks again with other numbers', () => {
      for (const { count, draft } of all(family())) {
        if (!draft.template) continue
        assert.equal(draft.template.operations, count)
        const problem = { ...draft, id: 'contract', level: '', source: '' }
        const other = counterfactual(problem, [], random(count, 'other numbers'))
        assert.ok(other, `${draft.template.program} of ${draft.template.numbers} cannot be asked with other numbers`)
        assert.notEqual(other.question, draft.question)
      }
    })
  })
}
