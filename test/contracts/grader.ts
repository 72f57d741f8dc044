// The laws of every grader (lib/problem/grader.ts). What answers mean is the grader's own affair; of few nobody doubts that
// they differ.
import assert from 'node:assert/strict'
import type { Grader } from '../../lib/problem/grader.ts'
import { type ContractOptions, declareLaws, type Law, type Make } from './laws.ts'

const answers = [
  '7',
  '-12',
  '0',
  '3/4',
  '0.75',
  '1,200',
  '1e3',
  'Paris',
  '\\frac{3}{4}',
  'x + 1',
  '50%',
  '12 apples',
  '(1, 2)',
]

/** Pairs that no grader takes for equal. */
const apart: readonly (readonly [answer: string, reference: string])[] = [
  ['7', '8'],
  ['12', '-12'],
  ['100', '1000'],
  ['2', '1/2'],
  ['0', '5'],
  ['Paris', 'London'],
  ['Paris', '7'],
]

/** What a program can print. */
const hostile = [
  ...['', ' ', 'NaN', 'nan', 'inf', '-Infinity', 'None', 'undefined', '1e999999999', '1/0', '0/0', '-', '.', '1..2'],
  ...['🦊', '١٢', '\u0000', '\ud800', '\\frac{', '\\frac{1}{0}', '$$', '\\sqrt{-1}', '((((', '[a-z]+', '%', '"', "'"],
  ...['9'.repeat(100_000), `${'1'.repeat(50_000)}/${'3'.repeat(50_000)}`, `1${',000'.repeat(25_000)}`],
  ...['('.repeat(100_000), ' '.repeat(100_000), 'a '.repeat(50_000), '\\frac{1}{'.repeat(10_000), '-'.repeat(100_000)],
]

/** Above it a comparison is called hung, in milliseconds; a good one takes microseconds, as a run makes millions of them. */
const PATIENCE = 3_000

/** The laws of a grader, one by one, for `brokenLaws`. */
export const graderLaws: readonly Law<Grader>[] = [
  {
    title: 'an answer equals itself',
    check(grader) {
      for (const answer of answers)
        assert.equal(grader.equivalent(answer, answer), true, `expected ${answer} to equal ${answer}`)
    },
  },
  {
    title: 'different answers are told apart, whichever of them is the reference',
    check(grader) {
      for (const [a, b] of apart) {
        assert.equal(grader.equivalent(a, b), false, `expected ${a} not to equal ${b}`)
        assert.equal(grader.equivalent(b, a), false, `expected ${b} not to equal ${a}`)
      }
    },
  },
  {
    title: 'the same two texts always compare alike, whatever was compared between',
    check(grader) {
      const compare = () => answers.flatMap((a) => answers.map((b) => grader.equivalent(a, b)))
      const first = compare()
      for (const text of hostile.slice(0, 20)) grader.equivalent(text, '7')
      assert.deepEqual(compare(), first)
    },
  },
  {
    title: 'nothing that a program can print makes it throw, or answer anything but yes or no',
    check(grader) {
      for (const text of hostile)
        for (const [a, b] of [[text, '7'] as const, ['7', text] as const, [text, text] as const])
          assert.equal(typeof grader.equivalent(a, b), 'boolean', text.slice(0, 40))
    },
  },
  {
    title: 'no text makes it think for seconds',
    check(grader) {
      for (const text of hostile) {
        const started = performance.now()
        grader.equivalent(text, '7')
        const took = performance.now() - started
        assert.ok(took < PATIENCE, `${Math.round(took)} ms for ${text.length} characters, ${text.slice(0, 20)}…`)
      }
    },
  },
  {
    title: 'nothing that is no answer equals a number',
    check(grader) {
      for (const text of ['NaN', 'inf', 'None', '🦊', '\\frac{', '1/0'])
        assert.equal(grader.equivalent(text, '7'), false, text)
    },
  },
]

/**
 * Declares the laws as tests. `make` gives a fresh grader for each.
 * Example: `graderContract('within a cent', () => withinCent)`
 */
export function graderContract(name: string, make: Make<Grader>, options: ContractOptions = {}): void {
  declareLaws(`${name} keeps the grader contract`, graderLaws, make, options)
}
