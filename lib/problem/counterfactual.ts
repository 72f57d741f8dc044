// Does a program stay right when the question's numbers change? Right answers of wrong programs rarely do. Only for
// generated problems, whose reference program gives the new answer; a measure for reports, never a training signal.
import { below, type Random } from '../seed/random.ts'
import { parseExpression } from './expression.ts'
import { literalKey } from './literals.ts'
import type { Problem, ProblemTemplate, Step } from './problem.ts'
import { isInteger, type Rational, rationalOf, rationalText } from './rational.ts'
import { renumberSteps } from './renumber.ts'

/** The same question and program with other numbers, and what the program must now print. */
export interface Counterfactual {
  readonly question: string
  readonly steps: Step[]
  /** Exact: a whole number or a fraction `a/b`. */
  readonly answer: string
}

/** Draws before one with a division that leaves a remainder is accepted. */
const DRAWS = 200

/**
 * Draws new distinct numbers, as many digits each as before, and puts them into question and code. Prefers numbers for
 * which every result is a positive whole number, as in the problem itself, so that `//` is not held against a program.
 * Null without a template, when two of its numbers are equal (then a literal of the code has no single meaning), or
 * when the reference program divides by zero for each of 200 draws.
 * Errors: a SyntaxError, with the position, for a template whose `program` is no expression.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] }) // Eva starts with 340 cards. Soon 9 times as many …
 * const steps = [{ text: 'print(340 * 9)', final: true }]
 * counterfactual(problem!, steps, random(1, 'cf'))?.steps[0]?.text // 'print(685 * 4)'
 * counterfactual(problem!, steps, random(1, 'cf'))?.answer // '2740'
 */
export function counterfactual(problem: Problem, steps: readonly Step[], rng: Random): Counterfactual | null {
  const { template } = problem
  if (template === undefined || new Set(template.numbers).size < template.numbers.length) return null
  const drawn = drawNumbers(template, rng)
  if (drawn === null) return null
  const fresh = new Map(
    template.numbers.map((number, slot) => [literalKey(String(number)), String(drawn.numbers[slot])]),
  )
  return {
    question: fillTemplate(template.text, drawn.numbers),
    steps: renumberSteps(steps, fresh),
    answer: drawn.answer,
  }
}

/** Puts numbers into the slots `{0}`, `{1}` … of a template's text. */
export const fillTemplate = (text: string, numbers: readonly number[]): string =>
  text.replace(/\{(\d+)\}/g, (slot, index) => String(numbers[Number(index)] ?? slot))

function drawNumbers(template: ProblemTemplate, rng: Random): { numbers: number[]; answer: string } | null {
  const program = parseExpression(template.program)
  let fallback: { numbers: number[]; answer: string } | null = null
  for (let attempt = 0; attempt < DRAWS; attempt++) {
    const numbers = distinctNumbers(template.numbers, rng)
    let whole = true
    const answer = program(
      numbers.map((number) => rationalOf(number)!),
      (result: Rational) => {
        whole &&= isInteger(result) && result.numerator > 0n
      },
    )
    if (answer === null) continue
    fallback = { numbers, answer: rationalText(answer) }
    if (whole) return fallback
  }
  return fallback
}

/** As many digits as the originals; different from each other, from all originals and from 2. */
function distinctNumbers(originals: readonly number[], rng: Random): number[] {
  const taken = new Set([2, ...originals])
  return originals.map((original) => {
    const low = original < 10 ? 3 : 10 ** (String(Math.trunc(original)).length - 1)
    let high = original < 10 ? 10 : low * 10
    for (let attempt = 1; ; attempt++) {
      const value = low + below(rng, high - low)
      if (!taken.has(value)) {
        taken.add(value)
        return value
      }
      if (attempt % 20 === 0) high *= 2
    }
  })
}
