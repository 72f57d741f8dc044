// Chance is no reasoning: what a heap of programs prints says how easily it hits a number.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chanceOfHit } from '../../lib/pairs/chance.ts'
import { below, random } from '../../lib/seed/random.ts'

const answers = ['4', '3', '5', '6', '12', '9', '8', '7', '27', '2', '1', '0.75']

test('the smaller an answer, the easier it is hit by chance', () => {
  const wide = Array.from({ length: 40 }, (_, i) => String(Math.round(1.25 ** i)))
  const chances = ['3', '8', '35', '140', '1251'].map((reference) => chanceOfHit(reference, wide))
  for (const [i, chance] of chances.entries()) assert.ok(i === 0 || chance < chances[i - 1]!, String(chances))
})

test('the more programs were tried, the easier', () => {
  const often = (times: number) => chanceOfHit('6', Array.from({ length: times }, () => answers).flat())
  assert.ok(often(1) < often(2) && often(2) < often(8))
})

test('a round answer is easier where round values are printed, and no harder where they are not', () => {
  const round = ['100', '200', '500', '700', '800', '400', '1200', '900']
  const odd = ['113', '217', '511', '703', '804', '431', '1207', '911']
  assert.ok(chanceOfHit('600', round) > 3 * chanceOfHit('601', round))
  assert.ok(chanceOfHit('600', odd) < chanceOfHit('600', round))
})

test('a fraction is one of the fractions with its denominator, however it is written', () => {
  assert.equal(chanceOfHit('57/160', answers), chanceOfHit('.35625', answers))
  assert.equal(chanceOfHit('\\frac{1}{2}', answers), chanceOfHit('0.5', answers))
  assert.ok(chanceOfHit('57/160', answers) < chanceOfHit('1/2', answers))
})

test('the sign and the scale count: what nobody prints near the reference is hardly hit', () => {
  const large = Array.from({ length: 12 }, (_, i) => String(700 + 31 * i))
  assert.ok(chanceOfHit('7', large) < chanceOfHit('7', answers))
  assert.ok(chanceOfHit('-7', answers) < chanceOfHit('7', answers))
})

test('an answer that is no number is one of the texts that were printed', () => {
  const letters = ['A', 'B', 'C', 'D', 'A', 'C', 'B', 'D']
  assert.ok(chanceOfHit('B', letters) > 0.5)
  assert.ok(chanceOfHit('B', ['A']) < chanceOfHit('B', letters))
})

test('it is a probability for whatever is printed, and tiny without a program', () => {
  const odd = ['', 'nan', '1e999', '9'.repeat(500), '-0', '0', 'x + 1', '1/0', '\ud800', '1e-320']
  for (const reference of odd) {
    const chance = chanceOfHit(reference, odd)
    assert.ok(chance > 0 && chance < 1, `${reference}: ${chance}`)
  }
  assert.ok(chanceOfHit('7', []) < 1e-5)
})

test('it is near the share of random references that random programs hit', () => {
  const rng = random(1, 'chance')
  // Programs and references alike: the sum of two numbers below 40.
  const draw = () => String(1 + below(rng, 40) + below(rng, 40))
  let [expected, hit] = [0, 0]
  for (let i = 0; i < 4000; i++) {
    const printed = Array.from({ length: 12 }, draw)
    const reference = draw()
    expected += chanceOfHit(reference, printed)
    if (printed.includes(reference)) hit++
  }
  assert.ok(expected > 0.7 * hit && expected < 1.5 * hit, `${expected} expected, ${hit} hit`)
})
