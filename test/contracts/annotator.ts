// The laws of every annotator (lib/search/annotator.ts). One with a PPM is held to the laws of that PPM by ppm.ts.
import assert from 'node:assert/strict'
import type { Annotator, TerminalFacts, TerminalKind } from '../../lib/search/annotator.ts'
import { type ContractOptions, declareLaws, expectName, type Law, type Make, using } from './laws.ts'

const kinds: readonly TerminalKind[] = ['answered', 'unparsable', 'codeFailed', 'tooDeep', 'deadEnd']
const scores = [-1, -0.5, -1e-9, 0, 0.25, 1]
const depths = [1, 2, 5, 16]

/** Everything that a search can tell this annotator of a terminal. */
function facts({ usesReference, ppm }: Annotator): TerminalFacts[] {
  return kinds.flatMap((kind) => {
    const rights = kind === 'answered' && usesReference ? [true, false] : [null]
    const scored = ppm === null || kind === 'codeFailed' ? [null] : scores
    return depths.flatMap((depth) => rights.flatMap((right) => scored.map((score) => ({ kind, right, score, depth }))))
  })
}

const inRange = (value: number, what: unknown): void =>
  assert.ok(
    typeof value === 'number' && value >= -1 && value <= 1,
    `${typeof value} ${value} for ${JSON.stringify(what)}`,
  )

/** The laws of an annotator, one by one, for `brokenLaws`. */
export const annotatorLaws: readonly Law<Annotator>[] = [
  {
    title: 'it has a name, and a PPM or none',
    check({ name, usesReference, ppm }) {
      expectName(name)
      assert.equal(typeof usesReference, 'boolean')
      assert.ok(ppm === null || typeof ppm.score === 'function')
    },
  },
  {
    title: 'what a terminal sends is in [-1, 1]',
    check(annotator) {
      for (const terminal of facts(annotator)) inRange(annotator.reward(terminal), terminal)
    },
  },
  {
    title: 'what a child starts with is in [-1, 1], for every score',
    check(annotator) {
      if (annotator.ppm !== null) for (const score of scores) inRange(annotator.initial(score), score)
    },
  },
  {
    title: 'with the reference, a right answer is worth more than anything else of the same depth and score',
    check(annotator) {
      const known = facts(annotator)
      for (const right of known.filter((terminal) => terminal.right === true))
        for (const other of known.filter(({ right: isRight, depth }) => isRight !== true && depth === right.depth))
          if (other.score === null || other.score === right.score)
            assert.ok(annotator.reward(right) > annotator.reward(other), JSON.stringify([right, other]))
    },
  },
  {
    title: 'equal facts are worth the same, in whatever order they come',
    check(annotator) {
      const known = facts(annotator)
      const rewards = known.map((terminal) => annotator.reward(terminal))
      const again = [...known].reverse().map((terminal) => annotator.reward({ ...terminal }))
      assert.deepEqual(again.reverse(), rewards)
      if (annotator.ppm === null) return
      const initial = scores.map((score) => annotator.initial(score))
      assert.deepEqual(
        [...scores].reverse().map((score) => annotator.initial(score)),
        [...initial].reverse(),
      )
    },
  },
  {
    title: 'two annotators made alike judge alike',
    check: (annotator, make) =>
      using(make, async (other) => {
        const rewards = ({ reward }: { reward: Annotator['reward'] }) => facts(annotator).map(reward)
        assert.deepEqual(
          rewards({ reward: (terminal) => other.reward(terminal) }),
          rewards({ reward: (terminal) => annotator.reward(terminal) }),
        )
      }),
  },
  {
    title: 'facts are left as they were',
    check(annotator) {
      const known = facts(annotator)
      for (const terminal of known) annotator.reward(terminal)
      assert.deepEqual(known, facts(annotator))
    },
  },
]

/**
 * Declares the laws as tests. `make` gives a fresh annotator for each.
 * Example: `annotatorContract('discounted', () => discounted(terminalGuided()))`
 */
export function annotatorContract(name: string, make: Make<Annotator>, options: ContractOptions = {}): void {
  declareLaws(`${name} keeps the annotator contract`, annotatorLaws, make, options)
}
