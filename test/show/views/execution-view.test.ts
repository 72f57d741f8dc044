// The card of one execution, and the errors of a round: made from real runs, read as text and as HTML.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { searchTree } from '../../../lib/search/rollout.ts'
import { newTree, type Tree } from '../../../lib/search/tree.ts'
import { jupyterDisplay, type Shown } from '../../../lib/show/draw/display.ts'
import { verify } from '../../../lib/show/views/execution-view.ts'
import { explain } from '../../../lib/show/views/explain.ts'
import { openVerifier, type PythonVerifier } from '../../../lib/verify/verifier.ts'
import { digitPolicy, fakeVerifier, parts, problem, scripted, step } from '../../search/fakes.ts'

let verifier: PythonVerifier
before(async () => {
  verifier = await openVerifier({ processes: 1 })
})
after(() => verifier.dispose())

const htmlOf = async (value: Shown): Promise<string> => String((await value[jupyterDisplay]())['text/html'])

test('a step, a text and a list of both are the same program', async () => {
  const one = await verify('print(6 * 7)', { verifier })
  assert.deepEqual(one.steps, [{ text: 'print(6 * 7)', final: true }])
  const same = await verify({ text: 'print(6 * 7)', final: false }, { verifier })
  assert.deepEqual(one.execution.verdict, same.execution.verdict)
  const both = await verify(['x = 6', { text: 'print(x * 7)', final: true }], { verifier })
  assert.deepEqual(both.execution.verdict, { kind: 'ok', stdout: '42' })
  await assert.rejects(verify([], { verifier }), RangeError)
})

test('the card shows verdict, place, code, output, time, memory, level and flags', async () => {
  const card = await verify(['x = 3\nprint("begin")', 'print(x)\nx / 0', 'print(x + 1)'], { verifier })
  const lines = String(card).split('\n')
  assert.equal(lines[0], '✗ error: ZeroDivisionError: division by zero (step 2, line 2)')
  assert.deepEqual(lines.slice(1, 8), [
    '  1 │ x = 3',
    '    │ print("begin")',
    '✗ 2 │ print(x)',
    '    │ x / 0',
    '  3 │ print(x + 1)',
    'prints',
    '    │ 3',
  ])
  assert.match(String(card), /^time {6}\d+ ms CPU, \d+ ms wall$/m)
  assert.match(String(card), /^memory {4}\d+ MB$/m)
  assert.match(String(card), /^level {5}\w+; Python 3\.\d+/m)
  assert.match(String(card), /^flags {5}none$/m)
  assert.match(String(card), /^learning {2}nothing speaks against it$/m)
})

test('flags are told in words, with why no model may learn from the code', async () => {
  const card = await verify('try:\n  print(7)\nexcept Exception:\n  pass', { verifier, twice: true })
  assert.match(String(card), /^flags {5}hides exceptions; the last step prints only what stands in it; a second run/m)
  assert.match(String(card), /^learning {2}refused: it hides exceptions$/m)
  assert.equal(card.refusal, 'it hides exceptions')
})

test('the card is safe and whole as HTML, with text beside it', async () => {
  const card = await verify('print("<b>&")', { verifier })
  const bundle = await card[jupyterDisplay]()
  assert.equal(bundle['text/plain'], String(card))
  const html = await htmlOf(card)
  assert.ok(!html.includes('<b>'), html)
  for (const part of ['✓ ok', 'print(', '&#60;b&#62;&#38;', 'ms CPU', 'flags']) assert.ok(html.includes(part), part)
})

test('without a verifier one is opened for the call', async () => {
  assert.deepEqual((await verify('print(1)')).execution.verdict, { kind: 'ok', stdout: '1' })
})

/** Proposals that fail in three ways, one of them twice, beside one that prints the answer. */
const failing = () =>
  scripted(({ steps }) =>
    steps.length === 0
      ? [step('x = 7')]
      : [step('print(x)', true), step('y / 1'), step('z + 1'), step('z + 1 # again'), step('x / 0')],
  )

const grown = (failedSteps: 'keep' | 'drop', id = 'p'): Promise<Tree> =>
  searchTree(newTree(problem(id), { rollouts: 3, failedSteps }), parts(failing(), { verifier }))

test('errors are counted by type, commonest first, with the message and an example that shows it', async () => {
  const told = await explain([await grown('keep', 'a'), await grown('keep', 'b')], { verifier })
  assert.deepEqual(
    told.errors.map(({ type, steps, proposals }) => [type, steps, proposals]),
    [
      ['NameError', 4, 6],
      ['ZeroDivisionError', 2, 2],
    ],
  )
  const [name, zero] = told.errors
  assert.equal(name!.message, "name 'y' is not defined")
  assert.deepEqual(name!.example.step.text, 'y / 1')
  assert.deepEqual(
    zero!.example.steps.map(({ text }) => text),
    ['x = 7'],
  )
  assert.match(told.markdown, /\| NameError \| 4 \| 67 % \| 6 \| name 'y' is not defined \| y \/ 1 \|/)
  assert.match(told.text, /10 steps ran in 2 trees: 6 that failed are in the trees, 0 were dropped by the search\./)
  assert.match(await htmlOf(told), /<table>/)
})

test('what the search dropped is counted, and found again with the policy that searched', async () => {
  const tree = await grown('drop')
  const without = await explain(tree, { verifier })
  assert.deepEqual(without.errors, [])
  assert.match(without.text, /│ none +│ +0 │/)
  assert.match(without.text, /3 were dropped by the search\. Give `policy`\sto have the dropped ones proposed/)
  const { errors } = await explain(tree, { verifier, policy: failing() })
  const kept = await explain(await grown('keep'), { verifier })
  assert.deepEqual(errors, kept.errors)
})

test('with a seeded policy every dropped step is found again, none that is in the tree', async () => {
  const policy = digitPolicy({ digits: 3, failEvery: 3 })
  const tree = await searchTree(newTree(problem('p', '3'), { rollouts: 24, width: 6, seed: 3 }), parts(policy))
  const dropped = tree.counts.executions - (tree.nodes.length - 1)
  assert.ok(dropped > 3)
  const { errors } = await explain(tree, { verifier: fakeVerifier(), policy })
  assert.deepEqual(
    errors.map(({ type, steps }) => [type, steps]),
    [['ValueError', dropped]],
  )
})

test('a failed step that runs this time is told apart; options out of range are refused', async () => {
  const now = fakeVerifier(() => ({ kind: 'ok', stdout: '' }))
  const { errors } = await explain(await grown('keep'), { verifier: now })
  assert.deepEqual(
    errors.map(({ type, steps }) => [type, steps]),
    [['runs now', 3]],
  )
  await assert.rejects(explain([], { rows: 0, verifier: now }), /Expected `rows` to be an integer from 1 up, got `0`/)
})
