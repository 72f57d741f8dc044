import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ppmAugmented } from '../../lib/annotate/ppm-augmented.ts'
import { annotate, qValues } from '../../lib/annotate/q-values.ts'
import { systemTwo } from '../../lib/annotate/system-two.ts'
import { terminalGuided } from '../../lib/annotate/terminal-guided.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import type { Annotator } from '../../lib/search/annotator.ts'
import { releasedCode, type SearchOptions } from '../../lib/search/options.ts'
import { writeTree } from '../../lib/search/record.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import { selectionScore } from '../../lib/search/select.ts'
import { newTree, type Tree } from '../../lib/search/tree.ts'
import { annotatorContract } from '../contracts/annotator.ts'
import { naive, naiveUct } from '../pairs/naive.ts'
import { digitPolicy, digitSum, noisyPpm, parts, problem } from '../search/fakes.ts'

const ppm = noisyPpm((steps) => (digitSum(steps) % 7) / 7, 0.4)
const grown = (annotator: Annotator, options: SearchOptions, seed: number): Promise<Tree> =>
  searchTree(newTree(problem(`p${seed}`, '5'), { seed, rollouts: 20, ...options }), parts(digitPolicy(), { annotator }))

annotatorContract('terminal-guided', terminalGuided)
annotatorContract('PPM-augmented', () => ppmAugmented(ppm))
annotatorContract('System 2', () => systemTwo(ppm))

const variants: [string, SearchOptions][] = [
  ['paper', {}],
  ['released code', { ...releasedCode, width: 6 }],
  ['repair', { errorTolerance: 2, failedSteps: 'keep' }],
  ['puct, own penalty, counted scores', { select: 'puct', invalidPenalty: 'self', scoreCountsAsVisit: true }],
  ['created', { terminals: 'created' }],
]
const close = (a: number | null, b: number | null): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) < 1e-9

for (const [name, options] of variants) {
  for (const annotator of [terminalGuided(), ppmAugmented(ppm)]) {
    test(`replay: visits, Q and UCT of a tree (${name}, ${annotator.name}) follow from its terminals alone`, async () => {
      for (let seed = 1; seed <= 12; seed++) {
        const tree = await grown(annotator, options, seed)
        const expected = naive(writeTree(tree), {
          self: tree.settings.invalidPenalty === 'self',
          counted: tree.settings.scoreCountsAsVisit,
          ppm: annotator.ppm !== null,
        })
        assert.deepEqual(
          tree.stats.visits,
          expected.map(({ visits }) => visits),
        )
        for (const [node, q] of qValues(tree).entries()) {
          assert.ok(q === null || (q >= -1 && q <= 1))
          assert.ok(close(q, expected[node]!.q), `node ${node}: ${q}, ${expected[node]!.q}`)
        }
        if (tree.settings.select === 'puct' || !(annotator.ppm === null || tree.settings.scoreCountsAsVisit)) continue
        for (const parent of expected) {
          const score = selectionScore(tree, parent.id)
          for (const child of parent.children)
            if (child.visits > 0) assert.ok(close(score(child.id), naiveUct(child, parent, tree.settings.c)))
        }
      }
    })

    test(`annotating a searched tree anew with its own annotator changes nothing (${name}, ${annotator.name})`, async () => {
      for (let seed = 1; seed <= 6; seed++) {
        const tree = await grown(annotator, options, seed)
        assert.deepEqual(annotate(tree, annotator, numericGrader), tree)
      }
    })
  }
}

test('the worked examples hold: (1 - 1 + 1) / 3, and (0.6 + 1 - 1) / 3 with a counted score', () => {
  const fact = (right: boolean) => ({ kind: 'answered', right, score: null, depth: 3 }) as const
  const { reward } = terminalGuided()
  assert.equal((reward(fact(true)) + reward(fact(false)) + reward(fact(true))) / 3, 1 / 3)
  assert.equal(ppmAugmented(ppm).initial(0.6), 0.6)
})

test('every terminal that is not a right answer is worth -1 in training; at test time an answer is worth its score', () => {
  for (const kind of ['unparsable', 'codeFailed', 'tooDeep', 'deadEnd'] as const) {
    for (const annotator of [terminalGuided(), ppmAugmented(ppm), systemTwo(ppm)])
      assert.equal(annotator.reward({ kind, right: null, score: 0.9, depth: 3 }), -1)
  }
  assert.equal(systemTwo(ppm).reward({ kind: 'answered', right: null, score: 0.25, depth: 3 }), 0.25)
  assert.throws(
    () => systemTwo(ppm).reward({ kind: 'answered', right: null, score: null, depth: 3 }),
    /Expected a PPM score/,
  )
})

test('annotating a System 2 tree with the reference gives Q-values of right and wrong', async () => {
  const tree = await grown(systemTwo(ppm), {}, 3)
  const graded = annotate(tree, terminalGuided(), numericGrader)
  assert.ok(graded.stats.right.some((right) => right !== null))
  assert.ok(tree.stats.right.every((right) => right === null))
  assert.equal(graded.counts.hits, graded.stats.right.filter((right) => right === true).length)
})
