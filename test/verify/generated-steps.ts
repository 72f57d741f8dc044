// Seeded steps such as a small model writes them, right and wrong, for tests that compare two ways to run them.
import type { Step } from '../../lib/problem/problem.ts'
import { below, pick, type Random } from '../../lib/seed/random.ts'

export const step = (text: string): Step => ({ text, final: false })

const NAMES = ['a', 'b', 'total', 'höhe', 'x1']
const NUMBERS = ['0', '1', '2', '3', '7', '12', '365', '-4', '0.5', '2.75', '1e3', '10**6', '99999999999', '0.1']
const OPERATORS = ['+', '-', '*', '/', '//', '%']

const operand = (rng: Random) => (rng() < 0.6 ? pick(rng, NAMES) : pick(rng, NUMBERS))

function expression(rng: Random): string {
  const kind = rng()
  if (kind < 0.06) return `${pick(rng, NAMES)} ** ${pick(rng, ['0', '2', '3', '-1', '0.5', '1e3'])}`
  if (kind < 0.5) return `${operand(rng)} ${pick(rng, OPERATORS)} ${operand(rng)}`
  if (kind < 0.65) return `(${operand(rng)} ${pick(rng, OPERATORS)} ${operand(rng)}) * -${operand(rng)}`
  if (kind < 0.75) return `round(${operand(rng)} / 3, ${below(rng, 4)})`
  if (kind < 0.85) return `${pick(rng, ['int', 'float', 'abs'])}(${operand(rng)} * 1.5)`
  if (kind < 0.92) return `${pick(rng, ['min', 'max'])}(${operand(rng)}, ${operand(rng)})`
  return `sum([${operand(rng)}, ${operand(rng)}]) if ${operand(rng)} > 2 else ${operand(rng)}`
}

const ODD = [
  'a = 3 +',
  'print(undefined_name)',
  'print(1 / 0)',
  'a = 2 ** 64\nb = a ** 60\nprint(b * a)',
  'a = 9 ** 60 ** 1\nprint(a)',
  'print(10 ** 64 ** 2)',
  'a = 7 << 3\nprint(a)',
  "print('ab' * 3)",
  "a = 'text'\nprint(a)",
  'print("é", 3, "\\u2603")',
  'print(f"{a} and {b:.2f}")',
  'print(f"sum: {a + 1}")',
  '  a = 3',
  'a = 1; b = 2; print(a, b)',
  'print(a, end="")',
  'print()',
  'print(print)',
  'print(None)',
  'print = 3',
  'sum = a + 1\nprint(sum)',
  'a += 2\nprint(a)',
  'a -= undefined',
  'a, b = 1, 2\nprint(b)',
  '# only a comment',
  '',
  '"a docstring"',
  'a = b = 5\nprint(a * b)',
  'print(-8 ** 0.5, (-8) ** 0.5)',
  'print(1e308 * 10, -1e308 * 10)',
  'print(1e308 * 10 - 1e308 * 10)',
  'int(1e308 * 10)',
  'print(round(2.5), round(-3.5), round(2.675, 2))',
  'print(7 // -2, -7 % 3, 7.5 // 2)',
  'print(True + True, not 3, 2 < 3 < 1)',
  'raise SystemExit(0)',
  'exit()',
  'import math\nprint(math.floor(2.5))',
  'for i in range(3):\n    print(i)',
  'x = [1, 2, 3]\nprint(x)',
  'print(__name__)',
  'print(abs(1, 2))',
  'print(int())',
  'a = 1\n\n\nprint(a)\nprint(unknown)\n',
  'pass\nprint("done")',
  'a: int = 4',
  'print("a\\udc80b")',
  'print("\\ud800")',
  'a = 1\u0000',
  'print(0x1F, 0b11, 1_000)',
  '１ + a',
  'lambda: 3',
  'print(9999999999999999999999 * 1.0)',
  'a = a if a > b else b\nprint(a)',
  'print(a and b, a or b)',
  'print(3 .real)',
  'print(*[1, 2])',
]

/** One step: mostly arithmetic with a comment, often on a name that no earlier step bound, at times something odd. */
export function generatedStep(rng: Random): string {
  if (rng() < 0.15) return pick(rng, ODD)
  const name = pick(rng, NAMES)
  const lines = [`# the ${pick(rng, ['number', 'price', 'número'])} of ${name}`, `${name} = ${expression(rng)}`]
  if (rng() < 0.2) lines.push(`${pick(rng, NAMES)} = ${expression(rng)}`)
  if (rng() < 0.4) lines.push(`print(${rng() < 0.3 ? `"is", ${name}` : expression(rng)})`)
  return lines.join('\n')
}

/** The odd ones, each exactly once. */
export const oddSteps: readonly string[] = ODD
