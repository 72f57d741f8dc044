import assert from 'node:assert/strict'
import test from 'node:test'
import { assign } from '../../lib/run/assign-settings.ts'
import { checkSettings } from '../../lib/run/check-settings.ts'
import { defaultSettings } from '../../lib/run/settings.ts'

const set = (...assignments: string[]) => assign(defaultSettings, assignments)

test('an assignment changes the setting that it names and nothing else', () => {
  const changed = set('rounds.1.passes.0.rollouts=3')
  const expected = structuredClone(defaultSettings) as unknown as { rounds: { passes: { rollouts: number }[] }[] }
  expected.rounds[1] = { ...expected.rounds[1]!, passes: structuredClone(expected.rounds[1]!.passes) }
  expected.rounds[1].passes[0]!.rollouts = 3
  assert.deepEqual(changed, expected)
  assert.notEqual(defaultSettings.rounds[1]!.passes[0]!.rollouts, 3)
})

test('settings that two rounds share are changed in one round alone', () => {
  const { rounds } = set('rounds.0.policyTraining.rows=2')
  assert.equal(rounds[0]!.policyTraining!.rows, 2)
  for (const i of [1, 2, 3])
    assert.equal(rounds[i]!.policyTraining!.rows, defaultSettings.rounds[i]!.policyTraining!.rows)
})

test('a star stands for every element of a list', () => {
  assert.deepEqual(
    set('rounds.*.passes.*.width=3').rounds.map(({ passes }) => passes.map(({ width }) => width)),
    defaultSettings.rounds.map(({ passes }) => passes.map(() => 3)),
  )
  assert.throws(() => set('model.*=3'), /Unknown setting "\*"/)
})

test('a value is read by the type that is there: number, boolean, text, list, part that is switched off', () => {
  const changed = set(
    'batchSize=7',
    'model.tied=true',
    'evaluation.vote=best',
    'problems=[1,2]',
    'problems.1=5',
    'rounds.0.ppmTraining=null',
  )
  assert.equal(changed.batchSize, 7)
  assert.equal(changed.model.tied, true)
  assert.equal(changed.evaluation.vote, 'best')
  assert.deepEqual(changed.problems, [1, 5])
  assert.equal(changed.rounds[0]!.ppmTraining, null)
})

test('a value of another type is refused with what is expected, what is there and what came', () => {
  const refused: [string, RegExp][] = [
    ['batchSize=many', /Expected a number for --set batchSize \(now \d+\), got "many"/],
    ['batchSize=1e999', /Expected a number .* got "1e999"/],
    ['batchSize=', /Expected a number .* got ""/],
    ['batchSize=null', /Expected a number/],
    ['model.tied=1', /Expected a boolean for --set model\.tied/],
    ['problems=3', /Expected a JSON list like the present one for --set problems \(now \[/],
    ['problems=[1,"2"]', /Expected a JSON list/],
    ['model={"layers":2}', /a JSON object with the same keys for --set model/],
    ['rounds=[{}]', /Expected a JSON list/],
  ]
  for (const [assignment, message] of refused) assert.throws(() => set(assignment), message, assignment)
})

test('an unknown key names what is known there and the nearest of it', () => {
  assert.throws(() => set('rounds.0.passes.0.rolouts=3'), {
    message:
      'Unknown setting "rolouts" in --set rounds.0.passes.0.rolouts. Did you mean "rollouts"? ' +
      `Known here: ${Object.keys(defaultSettings.rounds[0]!.passes[0]!).join(', ')}`,
  })
  assert.throws(() => set('rounds.9.round=1'), /Unknown setting "9" .* Known here: 0, 1, 2, 3/)
  assert.throws(() => set('rounds.length=1'), /Unknown setting "length"/)
  assert.throws(() => set('batchSize.x=1'), /There is nothing below a plain value/)
  assert.throws(() => set('__proto__.x=1'), /Unknown setting "__proto__"/)
  assert.throws(() => set('batchSize'), /Expected --set key=value, got "batchSize"/)
  assert.throws(() => set('=3'), /Expected --set key=value/)
})

test('the default settings are in range', () => checkSettings(defaultSettings))

test('a setting out of range is refused before the run begins, with its key', () => {
  const refused: [string, RegExp][] = [
    ['problems=[-1,2]', /setting problems\.0 to be a whole number from 0 up, got -1/],
    ['model.heads=5', /setting model\.heads to be such that hiddenSize/],
    ['rounds.1.guide=ppmm', /setting rounds\.1\.guide to be one of terminal, ppm, got "ppmm"/],
    ['rounds.0.guide=ppm', /no PPM is trained before round 1/],
    ['rounds.0.proposer=policy', /no policy is trained before round 1/],
    ['rounds.2.select=ucb', /one of uct, puct/],
    ['evaluation.vote=all', /one of best, topMajority, weighted, majority/],
    ['rounds.1.passes.0.rollouts=0.5', /rounds\.1\.passes\.0\.rollouts to be a whole number from 1 up, got 0\.5/],
    ['rounds.1.passes.0.grammarShare=2', /from 0 to 1, got 2/],
    ['rounds.3.policyTraining.maxSteps=5', /rounds\.3\.policyTraining\.maxSteps to be at least policyTraining\.tail/],
    ['rounds.0.examples.suspectAbove=1.5', /rounds\.0\.examples\.suspectAbove to be from 0 to 1, got 1\.5/],
    ['rounds.0.examples.perProblem=0', /rounds\.0\.examples\.perProblem to be a whole number from 1 up, got 0/],
    ['rounds.2.passes=[]', /at least one pass/],
    ['rounds.1.round=1', /rounds are numbered in order/],
    ['rounds=[]', /at least one round/],
  ]
  for (const [assignment, message] of refused) assert.throws(() => checkSettings(set(assignment)), message, assignment)
})

test('changes in the shape of the settings are the same as spelled ones', () => {
  assert.deepEqual(
    assign(defaultSettings, {
      heldOut: 4,
      problems: [3, 2],
      evaluation: { vote: 'best' },
      rounds: { passes: [{ width: 3 }], ppmTraining: null },
    }),
    set(
      'heldOut=4',
      'problems=[3,2]',
      'evaluation.vote=best',
      'rounds.*.passes.0.width=3',
      'rounds.*.ppmTraining=null',
    ),
  )
  assert.deepEqual(assign(defaultSettings, { rounds: [{}, { wave: 7 }] }), set('rounds.1.wave=7'))
  assert.deepEqual(assign(defaultSettings, {}), defaultSettings)
})

test('a misspelt name and a value of another type are refused there too', () => {
  assert.throws(
    () => assign(defaultSettings, { heldout: 4 } as never),
    /Unknown setting "heldout".*Did you mean "heldOut"/,
  )
  assert.throws(() => assign(defaultSettings, { heldOut: 'four' } as never), /Expected a number for --set heldOut/)
  assert.throws(() => assign(defaultSettings, { rounds: { pases: [] } } as never), /Unknown setting "pases"/)
})
