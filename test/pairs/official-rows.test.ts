import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  fromPpmRow,
  fromSftRow,
  type OfficialPpmRow,
  type OfficialSftRow,
  toPpmRow,
  toSftRow,
} from '../../lib/pairs/official-rows.ts'
import { preferencePairs } from '../../lib/pairs/preference-pairs.ts'
import { sftExamples } from '../../lib/pairs/sft-examples.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import { newTree } from '../../lib/search/tree.ts'
import { problemSet } from '../fixtures.ts'
import { digitPolicy, parts, problem } from '../search/fakes.ts'

const grown = (seed: number) => searchTree(newTree(problem(`p${seed}`, '5'), { rollouts: 24 }), parts(digitPolicy()))

test('examples and pairs through the official rows come back as they were', async () => {
  let pairs = 0
  for (let seed = 1; seed <= 10; seed++) {
    const tree = await grown(seed)
    const { question } = tree.problem
    for (const example of sftExamples([tree])) {
      const { steps, answer } = example
      assert.deepEqual(fromSftRow(toSftRow(example, question)), { question, steps, answer })
    }
    for (const pair of preferencePairs(tree)) {
      const { kind, prefix, chosen, rejected, positives, negatives, chosenAnswer, rejectedAnswer } = pair
      const expected = { kind, prefix, chosen, rejected, positives, negatives, chosenAnswer, rejectedAnswer }
      assert.deepEqual(fromPpmRow(toPpmRow(pair, question)), { question, ...expected })
      pairs++
    }
  }
  assert.ok(pairs > 50)
})

test('an SFT row is written with the markers of the released data', () => {
  const steps = [
    { text: 'x = 4', final: false },
    { text: '# Now print the final answer\nprint(x)', final: true },
  ]
  assert.deepEqual(toSftRow({ steps, answer: '4' }, 'How many?'), {
    query: 'How many?',
    response:
      '<code>\nx = 4\n<end_of_step>\n\n# Now print the final answer\nprint(x)\n<end_of_code>\n' +
      '<output>4<end_of_output>\n<answer>The answer is \\boxed{4}.<end_of_answer>',
  })
})

test('a box may hold braces, and the last box is the answer', () => {
  const row = { query: 'q', response: '<code>\nprint(1)\n<end_of_code>\\boxed{1} or \\boxed{\\frac{1}{2}}' }
  assert.equal(fromSftRow(row).answer, '\\frac{1}{2}')
})

const sft = problemSet('rstar-sft-examples.json')
test('the released SFT examples are read: every solution has steps, ends, and has its boxed answer', {
  skip: sft.skip,
}, () => {
  const rows = JSON.parse(readFileSync(sft.path, 'utf8')) as OfficialSftRow[]
  for (const row of rows) {
    const { steps, answer } = fromSftRow(row)
    assert.ok(steps.length > 0 && answer !== null)
    assert.deepEqual(
      steps.map(({ final }) => final),
      steps.map((_, i) => i === steps.length - 1),
    )
    for (const { text } of steps) assert.ok(row.response.includes(text) && !text.includes('<end_of'))
    assert.deepEqual(fromSftRow(toSftRow({ steps, answer }, row.query)), { question: row.query, steps, answer })
  }
})

const pairsFile = problemSet('rstar-ppm-examples.json')
test('the released PPM examples are read: three whole solutions and two steps', { skip: pairsFile.skip }, () => {
  const rows = (JSON.parse(readFileSync(pairsFile.path, 'utf8')) as OfficialPpmRow[]).map(fromPpmRow)
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ['trajectory', 'trajectory', 'trajectory', 'step', 'step'],
  )
  assert.deepEqual(
    rows.map(({ prefix, chosen, rejected }) => [prefix.length, chosen.length, rejected.length]),
    [
      [0, 3, 3],
      [0, 4, 3],
      [0, 4, 1],
      [1, 1, 1],
      [3, 1, 1],
    ],
  )
  assert.deepEqual(
    rows.map(({ chosenAnswer, rejectedAnswer }) => [chosenAnswer, rejectedAnswer]),
    [
      ['8.9443', null],
      ['Tuesday', 'Wednesday'],
      ['63', '76'],
      [null, null],
      [null, null],
    ],
  )
  assert.throws(() => fromPpmRow({ prompt: 'q', pos: '', neg: '', neg_count: 1, pos_count: 1 }), /Expected the prompt/)
})
