// The examples of pages and doc comments are right: they type-check, run, and give what they claim (rules: examples.ts).
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { allExamples, checkExamples, type Example, type Outcome } from './examples.ts'

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

const made = (code: string, more: Partial<Example> = {}): Example => ({
  ...{ file: 'made-up.md', line: 1, language: 'ts', needs: null, of: null },
  ...more,
  code,
})

const FAULTS: Readonly<Record<string, readonly [Example, RegExp]>> = {
  'a value that is another one': [made('const two = 2\ntwo + 2 // 5'), /made-up\.md:2: expected 5, got 4/],
  'a value that a promise resolves to': [made('Promise.resolve(4) // 5'), /expected 5, got 4/],
  'an error that does not come': [made('2 + 2 // RangeError: …'), /expected RangeError: …, got 4/],
  'an error that nobody claimed': [made("throw new TypeError('no')"), /TypeError: no/],
  'a type that does not fit': [made("const two: number = '2'"), /made-up\.md:1: Type 'string' is not assignable/],
  'a name that is none': [made("import { nothing } from 'asterism'"), /no exported member 'nothing'/],
  'code that is none': [made('const = 2', { language: 'js' }), /made-up\.md:1: /],
  'a module that ends its process': [made('process.exit(3)'), /its process ended \(3\) before it did/],
  'an import of a block that is not run': [
    made("import { nothing } from 'asterism'\nnothing()", { language: 'js', needs: 'needs a server' }),
    /does not provide an export named 'nothing'/,
  ],
}

test('what is wrong with an example is found, and an example without faults has none', async () => {
  const right = [
    made("import { passAtK } from 'asterism'\npassAtK(4, 1, 2) // 0.5"),
    made('slider(0, 4).value // 0\nslider(4, 0) // RangeError: Expected `min` … got 4 and 0'),
    made('let done = 0\ndone = 1 // words\ndone // 1'),
    made('passAtK(2, 1, 2) // 1', { of: 'passAtK' }),
    made("import { reopenRun } from 'asterism'\nreopenRun('no such run')", { needs: 'needs a finished run' }),
  ]
  const wrong = Object.values(FAULTS)
  const found = await checkExamples([...right, ...wrong.map(([example]) => example)])
  for (const example of right) assert.equal(found.get(example), null)
  for (const [name, [example, fault]] of Object.entries(FAULTS))
    assert.match(found.get(example) ?? 'nothing', fault, name)
})
