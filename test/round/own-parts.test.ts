// Own parts through all four rounds.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { type Engine, openEngine } from '../../lib/engine/engine.ts'
import { greedyStrategy } from '../../lib/eval/strategies/greedy.ts'
import { readJson } from '../../lib/file/json.ts'
import { bestByQ, type ExampleSelection, type Selected } from '../../lib/pairs/selection.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { checkOwnParts } from '../../lib/round/check-own-parts.ts'
import { evaluateRound } from '../../lib/round/evaluate-round.ts'
import { evolve } from '../../lib/round/evolve.ts'
import type { OwnParts } from '../../lib/round/own-parts.ts'
import { buildReport } from '../../lib/round/report.ts'
import { searchRound } from '../../lib/round/search-round.ts'
import { selectExamples } from '../../lib/round/select-examples.ts'
import { startRun } from '../../lib/round/start-run.ts'
import { smokeSettings } from '../../lib/run/smoke-settings.ts'
import { readTrees } from '../../lib/run/trees.ts'
import type { Annotator } from '../../lib/search/annotator.ts'
import { roundTable } from '../../lib/show/views/round-table.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import {
  Counted,
  OwnAnnotator,
  OwnGrader,
  OwnPolicy,
  OwnPpm,
  OwnSelection,
  OwnStrategy,
  OwnVerifier,
} from './counted-parts.ts'
import { runsRoot } from './tiny.ts'

const { root, remove } = runsRoot()
const engine = await openEngine({})
const python = await openVerifier({ processes: 1 })
after(async () => {
  await engine.dispose()
  await python.dispose()
  remove()
})

const ppm = new OwnPpm('own PPM')
const strategy = new OwnStrategy('own strategy')
const own = {
  policy: new OwnPolicy('own policy'),
  ppm,
  annotator: new OwnAnnotator('own annotator', ppm),
  grader: new OwnGrader('own grader'),
  selection: new OwnSelection('own selection'),
  strategies: [greedyStrategy(), strategy],
  verifier: new OwnVerifier('own verifier', python),
}
const counted: readonly Counted[] = [...Object.values(own).filter((part) => part instanceof Counted), strategy]
const run = startRun({ root, name: 'own', settings: smokeSettings })
const silent = { engine, page: false }

test('each own part is asked in every one of four rounds, and none is disposed', async () => {
  for (let rounds = 1; rounds <= 4; rounds++) {
    const before = counted.map(({ calls }) => calls)
    await evolve(run, { ...silent, ...own, rounds })
    for (const [i, { name, calls }] of counted.entries()) assert.ok(calls > before[i]!, `${name} in round ${rounds}`)
  }
  assert.deepEqual(
    counted.filter(({ isDisposed }) => isDisposed).map(({ name }) => name),
    [],
  )
})

test("a round's parts.json names the own parts of each of its stages", () => {
  for (let round = 1; round <= 4; round++)
    assert.deepEqual(readJson(run.roundPath(round, 'parts.json')), {
      search: {
        policy: ['own policy'],
        ppm: ['own PPM'],
        annotator: ['own annotator'],
        grader: ['own grader'],
        verifier: ['own verifier'],
      },
      selection: { selection: ['own selection'] },
      evaluation: {
        ppm: ['own PPM'],
        grader: ['own grader'],
        strategies: ['greedy', 'own strategy'],
        verifier: ['own verifier'],
      },
    })
})

const others = {
  policy: new OwnPolicy('other policy'),
  ppm: new OwnPpm('other PPM'),
  annotator: new OwnAnnotator('other annotator', ppm),
  grader: new OwnGrader('other grader'),
  verifier: new OwnVerifier('other verifier', python),
  selection: new OwnSelection('other selection'),
  strategies: [strategy],
}

test('a run that was begun with an own part does not go on without it, nor with another', async () => {
  const stages = {
    search: [(parts: typeof own) => searchRound(run, 2, { engine, ...parts }), 'policy ppm annotator grader verifier'],
    selection: [async (parts: typeof own) => selectExamples(run, 2, parts), 'selection'],
    evaluation: [(parts: typeof own) => evaluateRound(run, 2, { engine, ...parts }), 'ppm grader strategies verifier'],
  } as const
  for (const [stage, [go, names]] of Object.entries(stages))
    for (const part of names.split(' ') as (keyof typeof own)[])
      for (const instead of [part === 'verifier' ? python : undefined, others[part]]) {
        const expected = new RegExp(
          `Expected the ${stage} of round 2 to go on with the parts that it was begun with \\(.*own.*\\), got .*\\. Give the same`,
        )
        await assert.rejects(go({ ...own, [part]: instead } as typeof own), expected, `${stage}: ${part}`)
      }
  await assert.rejects(
    evolve(run, { ...silent, verifier: python }),
    /Expected the search of round 1 .*the run's own\. Give/,
  )
  await assert.rejects(evolve(run, { ...silent, ...own, selection: undefined }), /Expected the selection of round 1/)
})

test('what a finished run holds is read without the parts that made it', () => {
  assert.ok(selectExamples(run, 1).counts.pairs > 0)
})

test('a PPM stands in wherever a guide has one, and an annotator may be made of the guide that the recipe names', async () => {
  const guides: unknown[] = []
  const mine = new OwnPpm('own PPM')
  const discounted = (guide: Annotator, round: number): Annotator => {
    guides.push([round, guide.name, guide.ppm === mine])
    return { ...guide, name: 'discounted', reward: (facts) => guide.reward(facts) * 0.9 ** facts.depth }
  }
  const searched = startRun({ root, name: 'made', settings: smokeSettings, set: ['problems=[2,1,0,0,0,0]'] })
  for (let round = 1; round <= 4; round++) {
    const before = mine.calls
    await searchRound(searched, round, { engine, verifier: python, ppm: mine, annotator: discounted })
    assert.equal(mine.calls > before, round > 2, `round ${round}`)
  }
  assert.deepEqual(guides, [
    [1, 'terminal-guided', false],
    [2, 'terminal-guided', false],
    [3, 'ppm-augmented', true],
    [4, 'ppm-augmented', true],
  ])
  assert.deepEqual(readJson(searched.roundPath(1, 'parts.json')), {
    search: { ppm: ['own PPM'], annotator: ['discounted'] },
  })
})

test('a policy may be a function of the pass', async () => {
  const asked: string[] = []
  const searched = startRun({ root, name: 'passes', settings: smokeSettings, set: ['problems=[2,1,0,0,0,0]'] })
  const policy = ({ round, index }: { round: number; index: number }) => {
    asked.push(`${round}.${index}`)
    return own.policy
  }
  const unused = null as unknown as Engine
  await searchRound(searched, 1, { engine: unused, verifier: python, policy })
  assert.deepEqual(asked, ['1.0', '1.1'])
})

test('without own parts, or with the grader that is the default, no file tells of parts', async () => {
  const plain = startRun({ root, name: 'plain', settings: smokeSettings, set: ['problems=[4,2,0,0,0,0]'] })
  await evolve(plain, { ...silent, verifier: python, grader: numericGrader, strategies: [], rounds: 1 })
  assert.ok(existsSync(plain.roundPath(1, 'metrics.json')))
  assert.ok(!existsSync(plain.roundPath(1, 'parts.json')))
})

test('the report names what was brought, stage by stage, and a run with nothing of its own says nothing', () => {
  const { rounds } = buildReport(run)
  assert.equal(rounds.length, 4)
  for (const { parts } of rounds) {
    assert.deepEqual(Object.keys(parts!).sort(), ['evaluation', 'search', 'selection'])
    assert.match(parts!.search!, /policy own policy, .*grader own grader/)
    assert.equal(parts!.selection, 'selection own selection')
  }
  assert.match(String(roundTable(buildReport(run))), /round 1, selection +│ selection own selection/)
})

test('a part that is misspelt, has no name or lacks a function is refused before anything runs', () => {
  const refused = (given: object, message: RegExp) => assert.throws(() => checkOwnParts(given), message)
  refused({ graders: numericGrader }, /Unknown part "graders"\. Did you mean "grader"\? Known: policy, ppm/)
  refused({ grader: { name: 'mine' } }, /Expected `grader` to have the function equivalent, which it lacks/)
  refused({ grader: () => true }, /`grader` to have the function equivalent/)
  refused({ grader: { ...numericGrader, name: '' } }, /Expected `grader` to have a name, .* got ""/)
  refused({ policy: { ...own.policy, propose: own.policy.propose } }, /`policy` to have the function dispose/)
  refused({ ppm: null }, /`ppm` to have the function score and dispose/)
  refused({ strategies: [greedyStrategy(), { answer: async () => [] }] }, /`strategies` to have a name/)
  checkOwnParts({
    ...own,
    engine,
    page: false,
    policy: () => own.policy,
    annotator: (guide: Annotator) => guide,
  } as OwnParts)
  checkOwnParts({ grader: { equivalent: (a: string, b: string) => a === b } })
  refused({ strategies: greedyStrategy() }, /Expected `strategies` to be a list/)
  refused({ strategies: [greedyStrategy(), greedyStrategy()] }, /different names, got "greedy" twice/)
  refused(
    { policy: { name: 'p', propose: () => [], dispose: () => undefined } },
    /`batchSize` of `policy` .* got undefined/,
  )
})

test('a parts.json that was changed by hand is no permission to go on otherwise', () => {
  const path = run.roundPath(3, 'parts.json')
  const content = readFileSync(path, 'utf8')
  for (const broken of ['null', '[]', '5', '{"search": "x"}', '{"search": {"policy": [1]}}', '{ "search"']) {
    writeFileSync(path, broken)
    assert.throws(
      () => selectExamples(run, 3, own),
      /parts\.json: expected .* Take the changes back, or start another run/,
    )
  }
  writeFileSync(path, content)
  selectExamples(run, 3, own)
})

test('what an own selection makes up is refused before a model learns it', async () => {
  const small = startRun({ root, name: 'selected', settings: smokeSettings, set: ['problems=[3,2,1,0,0,0]'] })
  await searchRound(small, 1, { engine, verifier: python })
  const choosing = (change: (chosen: Selected) => unknown): ExampleSelection => ({
    name: 'mine',
    select: (trees, context) => change(bestByQ().select(trees, context)) as Selected,
  })
  const refused = (change: (chosen: Selected) => unknown, message: RegExp) =>
    assert.throws(() => selectExamples(small, 1, { selection: choosing(change) }), message)
  const first = ([one]: readonly object[], more: object) => (one ? [{ ...one, ...more }] : [])
  refused(async (chosen) => chosen, /Expected the selection "mine" to give the lists `accepted` and `pairs`/)
  const wrong = [{ text: 'print(666)', final: true }]
  refused(
    ({ accepted, pairs }) => ({ accepted: first(accepted, { steps: wrong }), pairs }),
    /right trajectories of its trees/,
  )
  refused(
    ({ accepted, pairs }) => ({ accepted: first(accepted, { steps: [] }), pairs }),
    /right trajectories of its trees/,
  )
  for (const broken of [{ problemId: 'other' }, { weight: Number.NaN }, { margin: 0 }, { chosen: [] }])
    refused(({ accepted, pairs }) => ({ accepted, pairs: first(pairs, broken) }), /"mine" to give pairs of its problem/)
  assert.ok(!existsSync(small.roundPath(1, 'selection.json')))
  assert.ok(selectExamples(small, 1, { selection: choosing((chosen) => chosen) }).pairs.length > 0)
})

test('a second call on a run that is at work in this process is refused, and spoils nothing', async () => {
  const busy = startRun({ root, name: 'busy', settings: smokeSettings, set: ['problems=[3,2,1,0,0,0]'] })
  const [first, second] = await Promise.allSettled([1, 2].map(() => searchRound(busy, 1, { engine, verifier: python })))
  assert.equal(first!.status, 'fulfilled')
  assert.match(String((second as PromiseRejectedResult).reason), /busy: expected no other stage of this run under way/)
  assert.equal((await searchRound(busy, 1, { engine, verifier: python })).trees, [...readTrees(busy, 1)].length)
})
