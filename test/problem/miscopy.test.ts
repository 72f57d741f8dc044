import assert from 'node:assert/strict'
import test from 'node:test'
import { slipAgain, slipOf } from '../../lib/problem/miscopy.ts'
import { renumber } from '../../lib/problem/renumber.ts'
import { below, random } from '../../lib/seed/random.ts'

test('a wrong copy is a slip of the number that it shares most with, and of none if that is less than half', () => {
  assert.equal(slipOf('41', ['219', '43']), '43')
  assert.equal(slipOf('29', ['219', '43']), '219')
  assert.equal(slipOf('777', ['219', '43']), null)
  assert.equal(slipOf('41', []), null)
})

test('the same slip again: digits change by as much and drop at the same places, and what came in comes in again', () => {
  assert.equal(slipAgain('43', '41', '87'), '85')
  assert.equal(slipAgain('219', '29', '583'), '53')
  assert.equal(slipAgain('43', '433', '87'), '837')
  assert.equal(slipAgain('43', '23', '20'), '90', 'a leading zero becomes a nine')
})

test('a slip of a fresh number is a number without leading zero, and that number itself only where the wrong one is', () => {
  const rng = random(7, 'slips')
  for (let i = 0; i < 500; i++) {
    const [source, wrong, fresh] = [1, 2, 3].map(() => String(100 + below(rng, 900)))
    if (source === wrong) continue
    const again = slipAgain(source!, wrong!, fresh!)
    assert.ok(again !== fresh || wrong === fresh, `${source} → ${wrong}, ${fresh} → ${again}`)
    assert.match(again, /^[1-9]\d*$/)
  }
})

test('fresh numbers keep a slip in wrong steps a slip, and a constant of right steps a constant', () => {
  const steps = ['start = 43', 'now = start * 12', 'start = 41'].map((text) => ({ text, final: false }))
  const told = renumber('Mia has 43 pens.', steps, random(3, 'numbers'), { sizes: 'alike', wrongFrom: 2 })
  const [number] = told.question.match(/\d+/)!
  assert.notEqual(number, '43')
  assert.deepEqual(
    told.steps.map(({ text }) => text),
    [`start = ${number}`, 'now = start * 12', `start = ${slipAgain('43', '41', number!)}`],
  )
  const plain = renumber('Mia has 43 pens.', steps, random(3, 'numbers'), { sizes: 'alike' })
  assert.equal(plain.steps[2]!.text, 'start = 41', 'without wrong steps it stays')
})

test('a wrong step never becomes right: no fresh number is the wrong one, and no slip is the fresh number', () => {
  const steps = ['start = 4', 'start = 7'].map((text) => ({ text, final: false }))
  for (let seed = 0; seed < 300; seed++) {
    const told = renumber('Mia has 4 pens.', steps, random(seed), { sizes: 'alike', wrongFrom: 1 })
    assert.notEqual(told.steps[1]!.text, told.steps[0]!.text)
  }
})
