// What the four rounds take from the paper, as the recipes have it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Recipe } from '../../lib/run/recipe.ts'
import { recipes } from '../../lib/run/recipes.ts'

const each = <T>(of: (recipe: Recipe) => T): T[] => recipes.map(of)

test('four rounds: answers alone guide the first two, the PPM as well the last two; a policy proposes from round 2 on', () => {
  assert.deepEqual(
    each(({ round, proposer, guide }) => [round, proposer, guide]),
    [
      [1, 'grammar', 'terminal'],
      [2, 'policy', 'terminal'],
      [3, 'policy', 'ppm'],
      [4, 'policy', 'ppm'],
    ],
  )
})

test('c is 2, a problem gives two solutions, a prefix two steps a side without further filters', () => {
  for (const { exploration, examples, pairs } of recipes) {
    assert.equal(exploration, 2)
    assert.equal(examples.perProblem, 2)
    assert.deepEqual(pairs, { perSide: 2, minMargin: 0, minEditDistance: 0 })
  }
})

test('what is still unsolved is searched once more, in round 4 with the most rollouts', () => {
  assert.deepEqual(
    each(({ passes }) => passes.map(({ rollouts }) => rollouts)),
    [
      [16, 16],
      [8, 8],
      [8, 8],
      [8, 48],
    ],
  )
})

test('the grammar of round 1 proposes later only where a first tree found nothing, a half of the candidates at most', () => {
  assert.deepEqual(
    each(({ passes }) => passes.map(({ grammarShare }) => grammarShare)),
    [
      [0, 0],
      [0, 0.25],
      [0, 0.25],
      [0, 0.5],
    ],
  )
})
