import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseExpression } from '../../lib/problem/expression.ts'
import { rationalOf, rationalText } from '../../lib/problem/rational.ts'

const evaluate = (source: string, ...numbers: number[]): string | null => {
  const value = parseExpression(source)(numbers.map((number) => rationalOf(number)!))
  return value && rationalText(value)
}

describe('expression', () => {
  test('values are exact', () => {
    assert.equal(evaluate('(n0 - n1) / 2', 9, 4), '5/2')
    assert.equal(evaluate('0.1 + 0.2'), '3/10')
    assert.equal(evaluate('n0 / n1 * n1', 7, 3), '7')
    assert.equal(evaluate('n0 * n0 * n0 * n0', 99_999_999), '99999996000000059999999600000001')
  })

  test('products bind tighter than sums, both to the left; minus signs may stand in front', () => {
    assert.equal(evaluate('2 + 3 * 4 - 1'), '13')
    assert.equal(evaluate('20 - 5 - 3'), '12')
    assert.equal(evaluate('24 / 4 / 2'), '3')
    assert.equal(evaluate('-(n0 - 3) * -2', 5), '4')
  })

  test('division by zero and a slot without a number have no value', () => {
    assert.equal(evaluate('n0 / (n1 - 4)', 1, 4), null)
    assert.equal(evaluate('n0 + n7', 1), null)
  })

  test('each operation is visited, innermost first', () => {
    const seen: string[] = []
    parseExpression('(n0 + n1) * 2')(
      [1, 2].map((n) => rationalOf(n)!),
      (result) => seen.push(rationalText(result)),
    )
    assert.deepEqual(seen, ['3', '6'])
  })

  test('anything else is an error that says what and where', () => {
    assert.throws(() => parseExpression('n0 + foo'), /Expected .* in the expression "n0 \+ foo", got "foo"/)
    assert.throws(() => parseExpression('(n0 + 1'), /closing parenthesis.*got the end/)
    assert.throws(() => parseExpression('n0 n1'), /operator or the end.*got "n1"/)
    assert.throws(() => parseExpression(''), /got the end/)
    assert.throws(() => parseExpression('__import__("os")'), SyntaxError)
  })
})
