import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parseAnswer } from '../../lib/problem/answer.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { graderContract } from '../contracts/grader.ts'
import { fixture } from '../fixtures.ts'

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

  test('thousands separators and currency signs are spelling; a comma elsewhere separates', () => {
    for (const text of [
      '1,200',
      '$1,200.00',
      '\\$1,200',
      '1200.',
      '$1200$',
      '1 200',
      '1{,}200',
      '1\\,200',
      '\\$1200.0',
    ])
      same(text, '1200')
    same('1 234 567', '1,234,567')
    for (const [a, b] of [
      ['1,2', '12'],
      ['12,34', '1234'],
      ['1 2', '12'],
      ['[1, 234]', '1,234'],
      ['1, 234', '1,234'],
      ['(1,234)', '1234'],
    ] as const)
      differ(a, b)
  })

  test('a percentage is its value: 28% is 0.28 and neither 28 nor 28 percent points', () => {
    for (const [a, b] of [
      ['0.28', '28\\%'],
      ['50%', '0.5'],
      ['1/4', '25%'],
      ['12.5\\%', '0.125'],
      ['28 percent', '28%'],
    ] as const)
      same(a, b)
    differ('28', '28%')
    differ('0.5', '50')
    differ('1200%', '1200')
  })

  test('a unit may be missing on one side; on both it must be the same, in any spelling, and is never converted', () => {
    for (const [a, b] of [
      ['18', '18 (dollars)'],
      ['18 dollars', '$18'],
      ['18', '$18'],
      ['5', '5\\text{ cm}'],
      ['5 cm', '5cm'],
      ['5 centimeters', '5\\mathrm{~cm}'],
      ['15\\mbox{ cm}^2', '15 cm^2'],
      ['840\\text{ square inches}', '840 inches^2'],
      ['240\\text{ ways.}', '240'],
      ['12 apples', '12'],
      ['1 apple', '1 apples'],
      ['90.0', '90^{\\circ}'],
      ['90 degrees', '90°'],
      ['60 mph', '60 miles per hour'],
      ['1200 km per hour', '1200 km/h'],
      ['12\\sqrt{13}\\text{ feet}', '12*sqrt(13)'],
    ] as const)
      same(a, b)
    for (const [a, b] of [
      ['5 cm', '5 m'],
      ['500', '5\\text{ m}'],
      ['500 cm', '5 m'],
      ['5 cents', '5 dollars'],
      ['$5', '5 cents'],
      ['€5', '$5'],
      ['12 apples', '12 oranges'],
      ['15 cm', '15 cm^2'],
      ['5 hours', '5 minutes'],
      ['60 km/h', '60 m/s'],
    ] as const)
      differ(a, b)
  })

  test('letters and words that are part of a value are no unit', () => {
    const parts = [
      'x',
      'xy',
      'i',
      'j',
      'e',
      'pi',
      '\\pi',
      ' pi',
      ' x',
      ' \\pi',
      '!',
      '^2',
      '\\sqrt{2}',
      '\\sqrt',
      ' sin x',
    ]
    const words = [
      ' sqrt',
      ' and 3',
      ' million',
      ' dozen',
      ' PM',
      ' factorial',
      ' mod 7',
      ' or more',
      ' (sqrt)',
      ' thirds',
    ]
    for (const part of [...parts, ...words]) differ('5', `5${part}`)
    differ('5 PM', '5 AM')
    differ('10_2', '10_3')
    differ('10_2', '10')
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

  test('beside a whole number, noise is one part in a billion; fractions and short decimals are exact', () => {
    same('1.9999999999', '2')
    same('1.8446744073709552e+19', '18446744073709551616')
    for (const [a, b] of [
      ['1.0000000085', '1'],
      ['1+2/235423523', '1'],
      ['1/3', '333333333/1000000000'],
      ['0.333', '1/3'],
      ['1000000.5', '1000000.6'],
      ['0', '10^{-10}'],
      ['pi', '22/7'],
      ['3.14', '\\pi'],
      ['3.4641', '2\\sqrt{3}'],
    ] as const)
      differ(a, b)
  })

  test('formulas are equal when their values are, at every point, however LaTeX, Python and sympy write them', () => {
    for (const [a, b] of [
      ['sqrt(2)/2', '\\frac{\\sqrt{2}}{2}'],
      ['sqrt(12)', '2\\sqrt3'],
      ['1.5707963267948966', '\\frac{\\pi}{2}'],
      ['12*pi', '12\\pi'],
      ['3.4641016151377544', '2\\sqrt{3}'],
      ['2**(1/3)', '\\sqrt[3]{2}'],
      ['2^10', '1024'],
      ['2^{64}', '18446744073709551616'],
      ['1200000.0', '1.2 \\times 10^6'],
      ['120', '5!'],
      ['x**2 - 1', '(x-1)(x+1)'],
      ['1 + x', 'x + 1'],
      ['2*I', '2i'],
      ['I', 'i'],
      ['-2\\frac12', '-5/2'],
      ['½', '0.5'],
      ['x²', 'x^2'],
      ['3 − 5', '-2'],
    ] as const)
      same(a, b)
    for (const [a, b] of [
      ['x^2-1', 'x^2+1'],
      ['x+1', 'y+1'],
      ['2x', '2X'],
      ['sqrt(x**2)', 'x'],
      ['2^64-1', '18446744073709551616'],
      ['2**1000', '2^{1000}+1'],
      ['2', '2 2/3'],
    ] as const)
      differ(a, b)
  })

  test('brackets count, and so does the order within them, but for sets and bare lists', () => {
    for (const [a, b] of [
      ['1, 2', '2,1'],
      ['3, 5', '3 and 5'],
      ['{1, 2}', '\\{2,1\\}'],
      ['(3, pi/2)', '\\left(3, \\frac{\\pi}{2}\\right)'],
      ['Interval.open(0, 1)', '(0,1)'],
      ['Interval(-oo, 2)', '(-\\infty,2]'],
      ['Union(Interval.open(-oo, -1), Interval.open(1, oo))', '(1,\\infty)\\cup(-\\infty,-1)'],
      ['Matrix([[1/2, 0], [0, sqrt(2)]])', '\\begin{bmatrix} \\frac12 & 0 \\\\ 0 & \\sqrt2 \\end{bmatrix}'],
      ['Matrix([[1], [2]])', '\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}'],
    ] as const)
      same(a, b)
    for (const [a, b] of [
      ['(1,2)', '(2,1)'],
      ['[1, 2]', '(1,2)'],
      ['(1,2]', '(1,2)'],
      ['(1,2)', '1,2'],
      ['1,2,3', '1,2'],
      ['Matrix([[1, 2]])', '\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}'],
    ] as const)
      differ(a, b)
  })

  test('a name before the value may be missing on one side; two names must be the same', () => {
    same('2', 'x=2')
    same('y = 2x+1', '2*x + 1')
    same('f(x)=x^2', 'x**2')
    differ('x=2', 'y=2')
    differ('x=1, y=2', 'x=2, y=1')
    differ('x>2', '2')
    differ('sin(x)=0.5', '0.5')
    differ('x>2', 'x<2')
  })

  test('a choice is its letter; words are equal whatever their case, single letters are not', () => {
    same('B', '(B)')
    same('\\textbf{(B)}', 'B')
    same('(B) 12', 'B')
    same('Yes', 'yes')
    same('even', '\\text{even}')
    same('\\boxed{5}', '5')
    same('2:30', '2:30')
    for (const [a, b] of [
      ['A', 'B'],
      ['A', 'A,B'],
      ['x', 'X'],
      ['no', 'on'],
      ['2:30', '2.5'],
      ['12:00', '12'],
    ] as const)
      differ(a, b)
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

  test('every stated pair has the stated verdict', () => {
    const pairs = readFileSync(fixture('answers', 'pairs.jsonl'), 'utf8').trim().split('\n')
    for (const { answer, reference, equal } of pairs.map((line) => JSON.parse(line)))
      assert.equal(numericGrader.equivalent(answer, reference), equal, `${answer} against ${reference}`)
  })

  test('towers, factorials, deep nesting and long products end at once, and are equal to themselves alone', () => {
    for (const text of [
      '2003^{2002^{2001}}',
      '9^{9^{9^9}}',
      '(10^9)!',
      '(a+b+c+d)^{500}',
      `${'('.repeat(900)}1${')'.repeat(900)}`,
      `${'[1,'.repeat(300)}1${']'.repeat(300)}`,
      Array(900).fill('x').join('*'),
      '\\sqrt{'.repeat(300),
      `${'1,'.repeat(999)}1`,
    ]) {
      const started = performance.now()
      assert.equal(numericGrader.equivalent(text, '5'), false)
      assert.equal(numericGrader.equivalent(` ${text}  `, text), true)
      assert.equal(numericGrader.equivalent(`${text}+1`, text), false)
      assert.ok(performance.now() - started < 3000, text.slice(0, 20))
    }
  })

  test('tiny numbers are told apart', () =>
    differ('1/633825300114114700748351602688', '1/316912650057057350374175801344'))
})
