// The laws of every problem family (lib/problem/family.ts), as one suite that each kind of family runs.
import assert from 'node:assert/strict'
import { counterfactual, fillTemplate } from '../../lib/problem/counterfactual.ts'
import { parseExpression } from '../../lib/problem/expression.ts'
import type { ProblemDraft, ProblemFamily } from '../../lib/problem/family.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { rationalOf, rationalText } from '../../lib/problem/rational.ts'
import { normalizeQuestion } from '../../lib/problem/split.ts'
import { random } from '../../lib/seed/random.ts'
import { type ContractOptions, declareLaws, type Law, type Make } from './laws.ts'

/** What a family is made for. */
export interface ProblemFamilyScope {
  /** Numbers of operations that it has problems for; any other may always give null. @default [1, 2, 3, 4, 5, 6] */
  readonly operations?: readonly number[]
  /** Different questions that 200 seeds give at least, for each of these. From 1 up. @default 20 */
  readonly distinct?: number
}

const ASKED = [1, 2, 3, 4, 5, 6]
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed)

const draw = (from: ProblemFamily, seed: number, count: number) => from.draw(random(seed, 'contract', count), count)
const drafts = (from: ProblemFamily, count: number): ProblemDraft[] =>
  SEEDS.flatMap((seed) => draw(from, seed, count) ?? [])
const all = (from: ProblemFamily) => ASKED.flatMap((count) => drafts(from, count).map((draft) => ({ count, draft })))

/** The laws of a family with such a scope. */
export const problemFamilyLaws = ({
  operations = ASKED,
  distinct = 20,
}: ProblemFamilyScope = {}): readonly Law<ProblemFamily>[] => [
  {
    title: 'it has a name',
    check: ({ name }) => assert.notEqual(name.trim(), ''),
  },
  {
    title: 'the same random numbers give the same draft, whatever was drawn before',
    async check(family, make) {
      const second = await make()
      const forth = SEEDS.map((seed) => ASKED.map((count) => draw(family, seed, count)))
      const back = SEEDS.toReversed().map((seed) => ASKED.toReversed().map((count) => draw(second, seed, count)))
      assert.deepEqual(back.map((row) => row.reverse()).reverse(), forth)
    },
  },
  {
    title: 'different seeds give different questions',
    check(family) {
      for (const count of operations) {
        const questions = new Set(drafts(family, count).map(({ question }) => normalizeQuestion(question)))
        assert.ok(questions.size >= distinct, `${questions.size} with ${count} operations, expected ${distinct}`)
      }
    },
  },
  {
    title: 'no draw of 1 to 6 operations throws; each is null or has a question and an answer',
    check(family) {
      for (const { draft } of all(family)) {
        assert.notEqual(draft.question.trim(), '')
        assert.notEqual(draft.answer.trim(), '')
      }
    },
  },
  {
    title: 'a template filled with its numbers is the question',
    check(family) {
      for (const { draft } of all(family))
        if (draft.template) assert.equal(fillTemplate(draft.template.text, draft.template.numbers), draft.question)
    },
  },
  {
    title: 'the program of a template gives the answer',
    check(family) {
      for (const { draft } of all(family)) {
        if (!draft.template) continue
        const { program, numbers } = draft.template
        const result = parseExpression(program)(numbers.map((number) => rationalOf(number)!))
        assert.ok(result, `${program} of ${numbers} has no value`)
        assert.ok(numericGrader.equivalent(rationalText(result), draft.answer), `${draft.question} ${draft.answer}`)
      }
    },
  },
  {
    title: 'a template has as many operations as were asked for, and asks again with other numbers',
    check(family) {
      for (const { count, draft } of all(family)) {
        if (!draft.template) continue
        assert.equal(draft.template.operations, count)
        const problem = { ...draft, id: 'contract', level: '', source: '' }
        const other = counterfactual(problem, [], random(count, 'other numbers'))
        assert.ok(other, `${draft.template.program} of ${draft.template.numbers} cannot be asked with other numbers`)
        assert.notEqual(other.question, draft.question)
      }
    },
  },
]

/**
 * Declares the laws as tests. `make` gives a fresh family for each.
 * Example: `problemFamilyContract('apples', () => apples)`
 */
export function problemFamilyContract(
  name: string,
  make: Make<ProblemFamily>,
  { operations, distinct, ...options }: ProblemFamilyScope & ContractOptions = {},
): void {
  const laws = problemFamilyLaws({ ...(operations && { operations }), ...(distinct !== undefined && { distinct }) })
  declareLaws(`${name} keeps the problem family contract`, laws, make, options)
}
