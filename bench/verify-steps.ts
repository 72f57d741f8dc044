// The steps that the bench of the verifier runs: arithmetic that is plain, arithmetic that is not, and sympy. Each number
// gives other code, so that no cache, ours or sympy's, has seen it; none of the sympy is in lib/verify/python/sympy_warm_up.py.
import type { Step } from '../lib/problem/problem.ts'

/** Candidates in a group. */
export const WIDTH = 8

export const step = (text: string): Step => ({ text, final: false })

/** Four plain steps. */
export const plainPrefix = (seed: number): Step[] => [
  step(`# Tom has ${seed} apples and buys 5 more\na = ${seed} + 5`),
  step('# He gives 3 of them away\nb = a - 3'),
  step('# Each of the rest costs 4 dollars\nc = b * 4'),
  step('# Half of that is a discount\nd = c / 2'),
]

/** Eight plain steps, any of which may follow those four. */
export const plainCandidates = (seed: number): Step[] =>
  Array.from({ length: WIDTH }, (_, k) =>
    step(`# The rest is shared by ${k + 2} friends\ne = d / ${k + 2} + ${seed}\nprint(e)`),
  )

/** Arithmetic that no group takes: loops, functions, modules, lists. */
const ARITHMETIC: readonly ((n: number) => string)[] = [
  (n) => `total = 0\nfor i in range(1, ${10 + (n % 40)}):\n    total += i * ${n}\nprint(total)`,
  (n) => `import math\nprint(math.gcd(${n * 12}, ${n * 18}) + math.factorial(${n % 20}))`,
  (n) => `def price(count):\n    return count * ${n} - count // 3\nprint(price(7) + price(12))`,
  (n) => `shares = [${n} * k for k in (1, 2, 3, 5)]\nprint(sum(shares), max(shares))`,
  (n) => `from math import sqrt\na, b = ${n}, ${n + 7}\nprint(round(sqrt(a * a + b * b), 3))`,
  (n) => `days = {'Mon': ${n}, 'Tue': ${n + 2}}\nprint(sum(days.values()) / len(days))`,
  (n) => `n = ${n + 30}\nprint([d for d in range(1, n + 1) if n % d == 0])`,
  (n) => `a, b = 0, 1\nwhile b < ${1000 + n}:\n    a, b = b, a + b\nprint(a)`,
]

const SYMPY: readonly ((n: number) => string)[] = [
  (n) => `print(solve(x ** 2 - ${n + 3} * x + ${n + 2}, x))`,
  (n) => `print(diff(x ** ${(n % 7) + 2} * sin(${n} * x), x))`,
  (n) => `print(integrate(${n} * x ** 3 - ${n + 1} * x, (x, 1, ${(n % 5) + 2})))`,
  (n) => `print(factor(x ** 3 - ${n} * x ** 2 + x - ${n}))`,
  (n) => `print(Matrix([[${n}, 1], [2, ${n + 4}]]).eigenvals())`,
  (n) => `print(solve([x + ${n} * y - ${n + 9}, 2 * x - y - 1], [x, y]))`,
  (n) => `print(expand((x + ${n}) ** 2 * (y - 1)), Rational(${n}, ${n + 6}) + Rational(1, 3))`,
  (n) => `print(simplify((x ** 2 - ${n * n}) / (x - ${n})))`,
]

export const arithmetic = (n: number): Step => step(ARITHMETIC[n % ARITHMETIC.length]!(n))

export const sympy = (n: number): Step =>
  step(`from sympy import *\nx, y = symbols('x y')\n${SYMPY[n % SYMPY.length]!(n)}`)

/** Eight steps with sympy that build on each other. */
export const sympyChain = (seed: number): Step[] =>
  [
    `from sympy import *\nx, y = symbols('x y')\nf = (x - ${seed}) * (x + ${seed + 1})`,
    'g = expand(f)',
    'roots = solve(g, x)',
    'slope = diff(g, x)',
    'low = solve(slope, x)[0]',
    'area = integrate(g, (x, low, roots[-1]))',
    'h = factor(g * slope)',
    'total = simplify(h / f + area)',
  ].map(step)

/** Eight steps that a search might try after some of those. */
export const sympyCandidates = (seed: number): Step[] =>
  Array.from({ length: WIDTH }, (_, k) => k + 3).map((k) =>
    step(`print(expand((x + ${k}) * (x - ${seed})).subs(x, ${k + 1}))`),
  )
