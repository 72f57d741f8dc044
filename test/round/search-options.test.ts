// What a round's search takes from its recipe, and what is left at the paper's choice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { searchOptions } from '../../lib/round/search-round.ts'
import type { Recipe } from '../../lib/run/recipe.ts'
import { recipes } from '../../lib/run/recipes.ts'
import type { Run } from '../../lib/run/run.ts'
import { paper, type SearchSettings, searchSettings } from '../../lib/search/options.ts'

const settingsOf = (recipe: Recipe): SearchSettings =>
  searchSettings(searchOptions({ seed: 1 } as Run, recipe, recipe.passes[0]!))

/** Names of the settings in which a search is not the paper's, seed and stopping aside. */
const differences = (settings: SearchSettings): string[] => {
  const papers = searchSettings(paper)
  const names = Object.keys(papers) as (keyof SearchSettings)[]
  return names.filter((name) => !['seed', 'rollouts'].includes(name) && settings[name] !== papers[name]).sort()
}

test('the search of a round differs from the paper in its rule of selection and in scores that count as visits, no more', () => {
  const [first, ...later] = recipes
  assert.deepEqual(differences(settingsOf(first!)), ['scoreCountsAsVisit'])
  for (const recipe of later)
    assert.deepEqual(differences(settingsOf(recipe)), ['firstPlayUrgency', 'scoreCountsAsVisit', 'select'])
})

test('with two settings changed the search of every round is the paper preset', () => {
  for (const recipe of recipes)
    assert.deepEqual(differences(settingsOf({ ...recipe, select: 'uct', scoreCountsAsVisit: false })), [])
})
