// The reference programs of generated problems: Python expressions of + - * / and parentheses over slots n0, n1 …
// and number literals, evaluated exactly. Not a Python interpreter: anything else is an error that says where.
import { add, divide, multiply, negate, parseRational, type Rational, subtract } from './rational.ts'

/** A parsed expression; evaluates it for the numbers of the slots. */
export type Expression = (numbers: readonly Rational[], visit?: Visit) => Rational | null

/** Told of the result of every operation, innermost first. */
export type Visit = (result: Rational) => void

const TOKEN = /\s*(?:(n\d+\b)|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([-+*/()]))/y

/**
 * Parses an expression. The result is null where it divides by zero or reads a slot that has no number.
 * Example: `parseExpression('(n0 - n1) / 2')` of 9 and 4 is 5/2. Throws a SyntaxError that names the position.
 */
export function parseExpression(source: string): Expression {
  const tokens = tokenize(source)
  let at = 0
  const sum = (): Expression => chain(product, ['+', '-'])
  const product = (): Expression => chain(unary, ['*', '/'])

  function chain(part: () => Expression, operators: readonly string[]): Expression {
    let left = part()
    while (operators.includes(tokens[at]?.text ?? '')) left = operation(tokens[at++]!.text, left, part())
    return left
  }

  function unary(): Expression {
    if (tokens[at]?.text !== '-') return atom()
    at++
    const operand = unary()
    return (numbers, visit) => {
      const value = operand(numbers, visit)
      return value && negate(value)
    }
  }

  function atom(): Expression {
    const token = tokens[at++]
    if (token?.text === '(') {
      const inner = sum()
      if (tokens[at++]?.text !== ')') throw unexpected(source, tokens[at - 1]?.at, 'a closing parenthesis')
      return inner
    }
    if (token !== undefined && /^n\d/.test(token.text)) {
      const slot = Number(token.text.slice(1))
      return (numbers) => numbers[slot] ?? null
    }
    const value = token && parseRational(token.text)
    if (!value) throw unexpected(source, token?.at, 'a slot such as n0, a number or an opening parenthesis')
    return () => value
  }

  const expression = sum()
  if (at < tokens.length) throw unexpected(source, tokens[at]!.at, 'an operator or the end')
  return expression
}

function operation(operator: string, left: Expression, right: Expression): Expression {
  const apply = operator === '+' ? add : operator === '-' ? subtract : operator === '*' ? multiply : divide
  return (numbers, visit) => {
    const a = left(numbers, visit)
    const b = right(numbers, visit)
    const result = a && b && apply(a, b)
    if (result && visit) visit(result)
    return result
  }
}

function tokenize(source: string): { text: string; at: number }[] {
  const tokens: { text: string; at: number }[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.trimEnd().length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(source)
    if (match === null) throw unexpected(source, at, 'a slot, a number, + - * / or a parenthesis')
    tokens.push({ text: match[1] ?? match[2] ?? match[3]!, at })
  }
  return tokens
}

function unexpected(source: string, at: number | undefined, expected: string): SyntaxError {
  const got = at === undefined ? 'the end' : JSON.stringify(source.slice(at).trim().slice(0, 12))
  return new SyntaxError(`Expected ${expected} in the expression ${JSON.stringify(source)}, got ${got}`)
}
