// The paper's Eq. 2 and Eq. 3 step by step: q of one step after each trajectory that ends below it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ppmAugmented } from '../../lib/annotate/ppm-augmented.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { backup, judge } from '../../lib/search/backup.ts'
import { expand } from '../../lib/search/expand.ts'
import type { SearchOptions } from '../../lib/search/options.ts'
import type { SearchParts } from '../../lib/search/parts.ts'
import { newTree, qOf, ROOT } from '../../lib/search/tree.ts'
import { fakePpm, parts, problem, scripted, step } from './fakes.ts'

/** One step, below which trajectories end right, wrong and right: 7, 8 and 7. */
const policy = scripted(({ steps }) =>
  steps.length === 0 ? [step('now = 7')] : ['print(7)', 'print(8)', 'print(7.0)'].map((text) => step(text, true)),
)
const STEP = 1

/** What is known of the step before, and after each of the three backups. */
async function history(options: SearchOptions, searchParts: SearchParts) {
  const tree = newTree(problem(), options)
  await expand(tree, ROOT, searchParts)
  const terminals = await expand(tree, STEP, searchParts)
  const now = () => ({ q: tree.stats.valueSum[STEP]!, visits: tree.stats.visits[STEP]!, mean: qOf(tree, STEP) })
  const seen = [now()]
  for (const node of terminals) {
    backup(tree, node, judge(tree, node, searchParts.annotator, numericGrader))
    seen.push(now())
  }
  return {
    q: seen.map(({ q }) => Number(q.toFixed(12))),
    visits: seen.map(({ visits }) => visits),
    mean: seen.map(({ mean }) => mean && Number(mean.toFixed(12))),
  }
}
const rounded = (...numbers: (number | null)[]) => numbers.map((each) => each && Number(each.toFixed(12)))

test('Eq. 2: q of a step starts at 0, gains the end of each trajectory, and Q is q over the visits', async () => {
  assert.deepEqual(await history({}, parts(policy)), {
    q: [0, 1, 0, 1],
    visits: [0, 1, 2, 3],
    mean: rounded(null, 1, 0, 1 / 3),
  })
})

test('Eq. 3: q of a step starts at its score; then Eq. 2. The score is no visit, and Q is kept within [-1, 1]', async () => {
  const guided = parts(policy, { annotator: ppmAugmented(fakePpm(() => 0.6)) })
  assert.deepEqual(await history({ scoreCountsAsVisit: false }, guided), {
    q: [0.6, 1.6, 0.6, 1.6],
    visits: [0, 1, 2, 3],
    mean: rounded(null, 1, 0.3, 1.6 / 3),
  })
})

test('Eq. 3 with the score as a visit: Q = (score + ends) / (1 + k)', async () => {
  const guided = parts(policy, { annotator: ppmAugmented(fakePpm(() => 0.6)) })
  assert.deepEqual(await history({ scoreCountsAsVisit: true }, guided), {
    q: [0.6, 1.6, 0.6, 1.6],
    visits: [1, 2, 3, 4],
    mean: rounded(0.6, 0.8, 0.2, 0.4),
  })
})
