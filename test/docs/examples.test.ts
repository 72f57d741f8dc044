// The examples of pages and doc comments are right: they type-check, run, and give what they claim (rules: examples.ts).
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { allExamples, checkExamples, type Outcome } from './examples.ts'

const examples = allExamples()
let outcome: Outcome
before(async () => {
  outcome = await checkExamples(examples)
})

for (const example of examples) {
  const { file, line, language, of, needs } = example
  const what = of === null ? `the ${language} example` : `the example of ${of}`
  const law = needs === null ? 'holds' : `is checked and not run: it ${needs}`
  test(`${file}:${line}: ${what} ${law}`, () => {
    assert.equal(outcome.get(example), null)
  })
}

test('there are examples in the README, in datasets/README.md and in doc comments', () => {
  for (const file of ['README.md', 'datasets/README.md']) assert.ok(examples.some((example) => example.file === file))
  assert.ok(examples.some(({ of }) => of !== null))
})
