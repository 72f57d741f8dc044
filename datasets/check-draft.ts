// A family may be anybody's: what it draws is checked before it becomes a problem that models learn from.

import { fillTemplate } from '../lib/problem/counterfactual.ts'
import { parseExpression } from '../lib/problem/expression.ts'
import type { ProblemDraft, ProblemFamily } from '../lib/problem/family.ts'
import { numericGrader } from '../lib/problem/numeric-grader.ts'
import { rationalOf, rationalText } from '../lib/problem/rational.ts'

/** Throws an Error that names the family, what was expected and what came. */
export function checkDraft(draft: ProblemDraft, { name }: ProblemFamily, operations: number): void {
  const expect = (holds: boolean, what: string, got: unknown) => {
    if (!holds) throw new Error(`The family ${name}: expected ${what}, got ${JSON.stringify(got)}`)
  }
  const isText = (value: unknown) => typeof value === 'string' && value.trim() !== ''
  expect(isText(draft?.question), '`draw` to give null or a problem with a question', draft)
  expect(isText(draft.answer), 'an answer as text', draft.answer)
  const { question, answer, template } = draft
  if (template === undefined) return
  const { text, numbers, program } = template
  const filled = fillTemplate(text, numbers)
  expect(filled === question, `a template that gives the question ${JSON.stringify(question)}`, filled)
  expect(new Set(numbers).size === numbers.length, 'distinct numbers in the template', numbers)
  expect(template.operations === operations, `a template of ${operations} operations`, template.operations)
  const computed = parseExpression(program)(numbers.map((number) => rationalOf(number)!))
  const result = computed && rationalText(computed)
  const isRight = result !== null && numericGrader.equivalent(result, answer)
  expect(isRight, `the program ${program} to give the answer ${answer}`, result)
}
