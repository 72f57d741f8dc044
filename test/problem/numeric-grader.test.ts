import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseAnswer } from '../../lib/problem/answer.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { graderContract } from '../contracts/grader.ts'

graderContract('numeric', () => numericGrader)

const same = (a: string, b: string): void => {
  assert.ok(numericGrader.equivalent(a, b), `${a} should equal ${b}`)
  assert.ok(numericGrader.equivalent(b, a), `${b} should equal ${a}`)
}
const differ = (a: string, b: string): void => {
  assert.ok(!numericGrader.equivalent(a, b), `${a} should differ from ${b}`)
  assert.ok(!numericGrader.equivalent(b, a), `${b} should differ from ${a}`)
}

describe('answers', () => {
  test('the answer is the last line that is not empty', () => {
    assert.equal(parseAnswer('first\n 42 \n\n'), '42')
    assert.equal(parseAnswer('42'), '42')
    assert.equal(parseAnswer(' \n\n'), null)
    assert.equal(parseAnswer(''), null)
  })

  test('integers, decimals, fractions, mixed numbers and powers of ten are compared by value', () => {
    for (const text of ['1.5', '3/2', '1 1/2', '15e-1', '1.50', '+1.5', '\\frac{3}{2}', '1\\frac{1}{2}', ' 1.5 '])
      same(text, '1.5')
    same('-1 1/2', '-1.5')
    same('-3/2', '3/-2')
    same('1200', '1.2e3')
    same('.5', '1/2')
    differ('1.5', '1.6')
    differ('-1.5', '1.5')
  })

  test('thousands commas, currency, percent signs and units do not count', () => {
    for (const text of [
      '1,200',
      '$1,200.00',
      '\\$1,200',
      '1200 dollars',
      '1200 km per hour',
      '1200.',
      '$1200$',
      '1200%',
    ])
      same(text, '1200')
    same('90^\\circ', '90')
    same('18 cm^2', '18\\text{ cm}^2')
    differ('1,2', '12')
    differ('50%', '0.5')
  })

  test('the noise of floating point is forgiven, beside whole numbers and fractions alike', () => {
    same('0.30000000000000004', '0.3') // 0.1 + 0.2
    same('2.0000000000000004', '2') // 2 ** 0.5 squared
    same('7.000000000000001', '7')
    same('354.99999999999994', '355')
    same('99.9999999999986', '100') // 0.1, a thousand times
    same('0.49999999999999994', '1/2')
    same('-1.8369701987210297e-16', '0') // the cosine of 3/2 pi
    same('1e-17', '0')
    differ('0.001', '0')
  })

  test('a float near a number that was never computed is another number', () => {
    differ('1.0000000084953279', '1') // 1 + 2 / 235423523
    differ('0.9999999', '1')
    differ('41.99999998', '42')
    differ('0.5000000042', '1/2')
    differ('2.5000001', '2.5')
    differ('123456.00004', '123456')
    differ('4.2476639e-09', '0') // 1 / 235423523
  })

  test('a decimal of six digits or more stands for what it is rounded from, a shorter one for itself', () => {
    same('0.33333333', '1/3')
    same('0.666667', '2/3')
    same('3.14159265', '3.141592653589793')
    same('0.6666666666666666', '2/3')
    differ('0.33334', '1/3')
    differ('0.3334', '1/3')
    differ('0.666666', '2/3')
    differ('0.33333334', '1/3')
  })

  test('whole numbers are equal only when they are the same, however large', () => {
    differ('12345678', '12345679')
    differ('12345678.0', '12345679')
    differ('100000000000000000000001', '100000000000000000000002')
    same('100000000000000000000001', '100,000,000,000,000,000,000,001')
    same('1e+22', '10000000000000000000000')
    same('1.2345678901234568e+22', '12345678901234567890123')
  })

  test('infinity and NaN equal nothing, not even themselves', () => {
    for (const text of ['inf', '-inf', 'nan', 'NaN', 'Infinity', '∞']) differ(text, text)
    differ('1/0', '1/0 dollars')
    differ('1e999', 'inf')
  })

  test('what is no number equals the same text, blanks aside, and no number', () => {
    same('(3, \\frac{\\pi}{2})', '(3,\\frac{\\pi}{2})')
    differ('x + 1', '1')
    differ('12:00', '12')
    differ('[1, 2]', '(1, 2)')
    differ('', '')
    differ('True', '1')
  })

  test('tiny numbers are told apart', () =>
    differ('1/633825300114114700748351602688', '1/316912650057057350374175801344'))
})
