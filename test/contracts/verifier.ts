// The laws of every verifier (lib/verify/contract.ts). Steps are Python; each law takes a fraction of a second but the one
// of the step that never ends, which takes as long as the verifier lets it run.
import assert from 'node:assert/strict'
import type { Step } from '../../lib/problem/problem.ts'
import { runWhole, type Verifier } from '../../lib/verify/contract.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { type ContractOptions, declareLaws, disposesTwice, type Law, type Make } from './laws.ts'

const step = (text: string): Step => ({ text, final: text.startsWith('print(') })
const steps = (...texts: string[]): Step[] => texts.map(step)

/** What each printed; the kind of verdict where it is not `ok`. */
const said = (verdicts: readonly Verdict[]): string[] =>
  verdicts.map((verdict) => (verdict.kind === 'ok' ? verdict.stdout : `(${verdict.kind})`))

const before = () => steps('start = 12', 'def half(n):\n    return n // 2\nprint("aside")')
const candidates = () => steps('now = start - 5', 'print(half(start))', 'now = 1 // 0', 'print(start, half(start))')
const expected = ['', '6', '(error)', '12 6']

/** The laws of a verifier, one by one, for `brokenLaws`. */
export const verifierLaws: readonly Law<Verifier>[] = [
  {
    title: 'each candidate gets one verdict, in order, after the steps before it, with what it printed alone',
    check: async (verifier) => assert.deepEqual(said(await verifier.verify(before(), candidates())), expected),
  },
  {
    title: 'no candidate, no verdict',
    check: async (verifier) => assert.deepEqual(await verifier.verify(before(), []), []),
  },
  {
    title: 'a step that fails has a verdict that is not ok, and does not disturb its neighbours',
    async check(verifier) {
      const failing = [
        '1 // 0',
        'print(unknown)',
        'now = (',
        'raise SystemExit(3)',
        'assert start == 13',
        'import nowhere',
      ]
      const mixed = failing.flatMap((text) => [step(text), step('print(start)')])
      const verdicts = await verifier.verify(steps('start = 12'), mixed)
      for (const [i, verdict] of verdicts.entries())
        if (i % 2 === 0) assert.notEqual(verdict.kind, 'ok', mixed[i]!.text)
        else assert.deepEqual(said([verdict]), ['12'])
    },
  },
  {
    title: 'a step that never ends gets a verdict that is not ok, and its neighbours theirs',
    async check(verifier) {
      const [first, endless, last] = await verifier.verify([], steps('print(1)', 'while True: pass', 'print(2)'))
      assert.notEqual(endless!.kind, 'ok')
      assert.deepEqual(said([first!, last!]), ['1', '2'])
    },
  },
  {
    title: 'a step that prints the word error is ok',
    check: async (verifier) =>
      assert.deepEqual(said(await verifier.verify([], steps('print("error: Traceback, timeout")'))), [
        'error: Traceback, timeout',
      ]),
  },
  {
    title: 'candidates do not see each other, and a call leaves nothing behind for later ones',
    async check(verifier) {
      const verdicts = await verifier.verify(steps('x = 1'), steps('x = 2', 'print(x)', 'y = 3', 'print(y)'))
      assert.deepEqual(said(verdicts), ['', '1', '', '(error)'])
      assert.deepEqual(said(await verifier.verify([], steps('print(x)'))), ['(error)'])
    },
  },
  {
    title: 'the same steps get the same verdicts, equal candidates equal ones, in whatever order',
    async check(verifier) {
      const verdicts = await verifier.verify(before(), candidates())
      assert.deepEqual(await verifier.verify(before(), candidates()), verdicts)
      assert.deepEqual(await verifier.verify(before(), candidates().reverse()), [...verdicts].reverse())
      const twice = candidates().flatMap((candidate) => [candidate, candidate])
      assert.deepEqual(
        await verifier.verify(before(), twice),
        verdicts.flatMap((verdict) => [verdict, verdict]),
      )
    },
  },
  {
    title: 'calls that run at once do not disturb each other',
    async check(verifier) {
      const numbers = Array.from({ length: 12 }, (_, i) => i)
      const lists = await Promise.all(
        numbers.map((n) => verifier.verify(steps(`x = ${n}`), steps('print(x)', 'x / 0'))),
      )
      assert.deepEqual(
        lists.map(said),
        numbers.map((n) => [String(n), '(error)']),
      )
    },
  },
  {
    title: 'whole programs get the verdict of their last step, or of the first that fails, as step by step',
    async check(verifier) {
      const programs = [
        steps('start = 12', 'print("aside")', 'print(start - 5)'),
        steps('start = 12', 'now = start // 0', 'print(now)'),
        steps('print(unknown)'),
        steps('print(3)'),
      ]
      const { verify } = verifier
      const whole = await runWhole(verifier, programs)
      const byStep = await runWhole(
        { executions: 0, verify: verify.bind(verifier), dispose: async () => undefined },
        programs,
      )
      assert.deepEqual(said(whole), ['7', '(error)', '(error)', '3'])
      assert.deepEqual(said(byStep), said(whole))
    },
  },
  {
    title: 'steps and candidates are left as they were',
    async check(verifier) {
      const [given, asked] = [before(), candidates()]
      await verifier.verify(given, asked)
      assert.deepEqual([given, asked], [before(), candidates()])
    },
  },
  {
    title: 'executions are counted from 0 up and never fewer',
    async check(verifier) {
      const first = verifier.executions
      await verifier.verify(before(), candidates())
      assert.ok(
        Number.isInteger(first) && first >= 0 && verifier.executions >= first,
        `${first}, ${verifier.executions}`,
      )
    },
  },
  disposesTwice,
]

/**
 * Declares the laws as tests. `make` gives a fresh verifier for each; the suite disposes it.
 * Example: `verifierContract('python', () => openVerifier({ processes: 1 }))`
 */
export function verifierContract(name: string, make: Make<Verifier>, options: ContractOptions = {}): void {
  declareLaws(`${name} keeps the verifier contract`, verifierLaws, make, options)
}
