// A stand-in for Python that runs the programs of the grammar: `start = 3`, `now = start * 4`, `print(now)`.
import type { Step } from '../../lib/problem/problem.ts'

/** What a program prints; null when it does not end, divides by zero or uses an unknown name. */
export function runChain(steps: readonly Step[]): number | null {
  const values = new Map<string, number>()
  const numberOf = (text: string): number => (/^\d/.test(text) ? Number(text) : (values.get(text) ?? Number.NaN))
  for (const step of steps) {
    const code = step.text.split('\n').at(-1)!
    const printed = /^print\((\w+)\)$/.exec(code)
    if (printed) return Number.isFinite(numberOf(printed[1]!)) ? numberOf(printed[1]!) : null
    const [, name, left, operator, right] = /^(\w+) = (\S+)(?: (\S) (\S+))?$/.exec(code)!
    const [a, b] = [numberOf(left!), numberOf(right ?? '0')]
    values.set(name!, operator === '-' ? a - b : operator === '*' ? a * b : operator === '/' ? a / b : a + b)
  }
  return null
}
