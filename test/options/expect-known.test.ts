import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateProblems } from '../../datasets/index.ts'
import * as asterism from '../../lib/index.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'

const [problem] = generateProblems({ seed: 3, counts: [1] })
const tree = asterism.newTree(problem!)
const parts = { policy: asterism.grammarPolicy(), annotator: asterism.terminalGuided(), grader: numericGrader }
const none = null as never

/** Each public function with a name that is nearly one of its options, as plain JavaScript may give it. */
const MISSPELT: Record<string, [call: (options: never) => unknown, given: string, meant: string]> = {
  newTree: [(options) => asterism.newTree(problem!, options), 'rolouts', 'rollouts'],
  searchProblems: [(options) => asterism.searchProblems([], parts as never, options), 'concurency', 'concurrency'],
  startRun: [(options) => asterism.startRun(options), 'nmae', 'name'],
  openEngine: [(options) => asterism.openEngine(options), 'devise', 'device'],
  openVerifier: [(options) => asterism.openVerifier(options), 'proceses', 'processes'],
  loadPolicy: [(options) => asterism.loadPolicy(none, 'nowhere', options), 'temprature', 'temperature'],
  loadPpm: [(options) => asterism.loadPpm(none, 'nowhere', options), 'scales', 'scale'],
  grammarPolicy: [(options) => asterism.grammarPolicy(options), 'mixin', 'mixing'],
  preferencePairs: [(options) => asterism.preferencePairs(tree, options), 'perside', 'perSide'],
  bestByQ: [(options) => asterism.bestByQ(options), 'perProblems', 'perProblem'],
  sftExamples: [(options) => asterism.sftExamples([tree], options), 'filters', 'filter'],
  generateProblems: [(options) => generateProblems(options), 'count', 'counts'],
}

for (const [name, [call, given, meant]] of Object.entries(MISSPELT))
  test(`${name} refuses \`${given}\` and asks whether \`${meant}\` was meant`, async () => {
    const expected = {
      name: 'TypeError',
      message: new RegExp(`options of \`${name}\`.*got \`${given}\`\\. Did you mean \`${meant}\`\\?$`),
    }
    await assert.rejects(async () => call({ [given]: 1 } as never), expected)
  })

test('an option that is near to none is refused with all that there are', () => {
  const expected = /among seed, rollouts, .* got `somethingElseEntirely`\.$/
  assert.throws(() => asterism.newTree(problem!, { somethingElseEntirely: 1 } as never), expected)
})
