// Settings out of range, refused before a run begins instead of minutes later. Types are checked where `--set` is read;
// options of the search and of the trainings check the rest themselves.
import type { Aggregation } from '../search/choose-answer.ts'
import { GUIDES, PROPOSERS, type Recipe } from './recipe.ts'
import type { Settings } from './settings.ts'

const SELECTS: readonly Recipe['select'][] = ['uct', 'puct']
const VOTES: readonly Aggregation[] = ['best', 'topMajority', 'weighted', 'majority']

/** Errors: a RangeError for the first setting out of range, with its `--set` key, what was expected and what came. */
export function checkSettings(settings: Settings): void {
  const { problems, heldOut, model, batchSize, concurrency, evaluation, rounds } = settings
  problems.forEach((count, i) => {
    whole(`problems.${i}`, count, 0)
  })
  whole('heldOut', heldOut, 0)
  for (const [name, value] of Object.entries(model)) if (typeof value === 'number') whole(`model.${name}`, value, 1)
  const { hiddenSize, heads, kvHeads } = model
  expect('model.heads', heads, hiddenSize % (2 * heads) === 0, `such that hiddenSize ${hiddenSize} / heads is even`)
  expect('model.kvHeads', kvHeads, heads % kvHeads === 0, `a divisor of model.heads (${heads})`)
  whole('batchSize', batchSize, 1)
  whole('concurrency', concurrency, 1)
  for (const name of ['rollouts', 'width', 'numberings', 'fromRound', 'maxTokens', 'pairHoldOut'] as const)
    whole(`evaluation.${name}`, evaluation[name], 1)
  expect('evaluation.scoreScale', evaluation.scoreScale, evaluation.scoreScale > 0, 'a number above 0')
  oneOf('evaluation.vote', evaluation.vote, VOTES)
  expect('rounds', rounds.length, rounds.length > 0, 'at least one round')
  rounds.forEach((recipe, i) => {
    checkRecipe(recipe, i)
  })
}

function checkRecipe(
  { round, proposer, guide, select, passes, wave, examples, policyTraining }: Recipe,
  i: number,
): void {
  const key = `rounds.${i}`
  expect(`${key}.round`, round, round === i + 1, `${i + 1}: rounds are numbered in order`)
  oneOf(`${key}.proposer`, proposer, PROPOSERS)
  oneOf(`${key}.guide`, guide, GUIDES)
  oneOf(`${key}.select`, select, SELECTS)
  if (i === 0) {
    expect(`${key}.proposer`, proposer, proposer === 'grammar', '"grammar": no policy is trained before round 1')
    expect(`${key}.guide`, guide, guide === 'terminal', '"terminal": no PPM is trained before round 1')
  }
  whole(`${key}.wave`, wave, 0)
  const { perProblem, suspectAbove } = examples
  whole(`${key}.examples.perProblem`, perProblem, 1)
  expect(`${key}.examples.suspectAbove`, suspectAbove, suspectAbove >= 0 && suspectAbove <= 1, 'from 0 to 1')
  const { maxSteps = Number.POSITIVE_INFINITY, tail = 0 } = policyTraining ?? {}
  expect(`${key}.policyTraining.maxSteps`, maxSteps, maxSteps >= tail, `at least policyTraining.tail (${tail})`)
  expect(`${key}.passes`, passes.length, passes.length > 0, 'at least one pass')
  passes.forEach(({ rollouts, width, temperature, grammarShare }, k) => {
    whole(`${key}.passes.${k}.rollouts`, rollouts, 1)
    whole(`${key}.passes.${k}.width`, width, 1)
    expect(`${key}.passes.${k}.temperature`, temperature, temperature >= 0, 'a number from 0 up')
    expect(`${key}.passes.${k}.grammarShare`, grammarShare, grammarShare >= 0 && grammarShare <= 1, 'from 0 to 1')
  })
}

const whole = (key: string, value: number, least: number): void =>
  expect(key, value, Number.isInteger(value) && value >= least, `a whole number from ${least} up`)

const oneOf = (key: string, value: string, choices: readonly string[]): void =>
  expect(key, value, choices.includes(value), `one of ${choices.join(', ')}`)

function expect(key: string, value: unknown, holds: boolean, expected: string): void {
  if (!holds) throw new RangeError(`Expected the setting ${key} to be ${expected}, got ${JSON.stringify(value)}`)
}
