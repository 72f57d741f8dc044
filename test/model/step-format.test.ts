import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trainTokenizer } from '../../lib/model/bpe.ts'
import {
  codeOf,
  decodeStep,
  encodeExecuted,
  encodePrefix,
  encodeStep,
  splitSteps,
  stopIds,
} from '../../lib/model/step-format.ts'
import { loadTokenizer, openTokenizer, type Tokenizer } from '../../lib/model/tokenizer.ts'
import type { Prefix, Step } from '../../lib/problem/problem.ts'
import { fixture } from '../fixtures.ts'
import { sampleTexts } from './sample-texts.ts'

const own = openTokenizer(trainTokenizer(sampleTexts))
const tokenizers: [string, Tokenizer][] = [
  ['own tokenizer', own],
  ['foreign tokenizer', loadTokenizer(fixture('checkpoints', 'qwen2-tiny'))],
]
const step = (text: string, final = false): Step => ({ text, final })
const steps = [
  step('# Mia has 12 apples.\nstart = 12'),
  step('now = start - 5  # she gives 5'),
  step('print(now)', true),
]
const prefix = (...earlier: Step[]): Prefix => ({ problemId: 'p', question: 'Mia has 12 apples.', steps: earlier })
const code = (text: string): string => codeOf(step(text))

for (const [name, tokenizer] of tokenizers) {
  for (const comments of [false, true])
    test(`${name}, comments ${comments}: a prefix and a step encoded apart are the same ids as together`, () => {
      steps.forEach((next, i) => {
        const apart = [
          ...encodePrefix(tokenizer, prefix(...steps.slice(0, i)), { comments }),
          ...encodeStep(tokenizer, next, { comments }),
        ]
        assert.deepEqual(encodePrefix(tokenizer, prefix(...steps.slice(0, i + 1)), { comments }), apart)
      })
    })

  test(`${name}: the model reads question, <code>, steps and markers, nothing between`, () => {
    assert.equal(
      tokenizer.decode(encodePrefix(tokenizer, prefix(...steps))),
      'Mia has 12 apples.<code>start = 12<end_of_step>now = start - 5<end_of_step>print(now)<end_of_code>',
    )
  })

  test(`${name}: a step that is encoded and decoded is the step, without comments unless they are read`, () => {
    for (const each of steps) {
      const bare = { text: codeOf(each), final: each.final }
      assert.deepEqual(decodeStep(tokenizer, encodeStep(tokenizer, each)), bare)
      const comments = { comments: true }
      assert.deepEqual(decodeStep(tokenizer, encodeStep(tokenizer, each, comments), comments), each)
    }
  })

  test(`${name}: a marker in the text of a question or a step does not end it`, () => {
    const sly = step('print("<end_of_code>")', true)
    const question = 'Write <end_of_step> and <code>.'
    const ids = encodePrefix(tokenizer, { problemId: 'p', question, steps: [sly] })
    assert.equal(ids.filter((id) => tokenizer.specialIds.has(id)).length, 2)
    assert.deepEqual(decodeStep(tokenizer, encodeStep(tokenizer, sly)), sly)
  })
}

test('ids that are no step decode to null', () => {
  const [endOfStep, endOfCode] = stopIds(own) as [number, number]
  const body = own.encode('now = 3')
  assert.equal(decodeStep(own, []), null)
  assert.equal(decodeStep(own, body), null, 'no marker')
  assert.equal(decodeStep(own, [endOfCode]), null, 'no text')
  assert.equal(decodeStep(own, [...own.encode(' \n'), endOfStep]), null, 'blank text')
  assert.equal(decodeStep(own, [...body, own.idOf('<|pad|>')!, endOfStep]), null, 'padding inside')
  assert.equal(decodeStep(own, [...body, endOfStep, endOfStep]), null, 'a marker inside')
  const remark = [...own.encode('# only a remark'), endOfStep]
  assert.equal(decodeStep(own, remark), null, 'nothing left without its comment')
  assert.deepEqual(decodeStep(own, remark, { comments: true }), step('# only a remark'))
})

test('newlines at the end of a generated step are cut off', () => {
  assert.deepEqual(decodeStep(own, [...own.encode('now = 3\n\n'), stopIds(own)[1]!]), step('now = 3', true))
})

test('a solution is cut after each marker, and what is cut off has none', () => {
  const [endOfStep, endOfCode] = stopIds(own) as [number, number]
  assert.deepEqual(splitSteps(own, [9, endOfStep, 8, 7, endOfCode]), [
    [9, endOfStep],
    [8, 7, endOfCode],
  ])
  assert.deepEqual(splitSteps(own, [9, endOfStep, 8]), [[9, endOfStep], [8]])
  assert.deepEqual(splitSteps(own, []), [])
})

test('a tokenizer without markers is refused by name', () => {
  const bare = openTokenizer(trainTokenizer(sampleTexts, { specialTokens: ['<|pad|>'] }))
  assert.throws(
    () => encodePrefix(bare, prefix()),
    /Expected a tokenizer with the special token <code>, got one without/,
  )
})

const codes: [title: string, text: string, expected: string][] = [
  ['full-line and trailing comments go', '# half\nx = 4 // 2  # two', 'x = 4 // 2'],
  ['blank lines and spaces at line ends go, indentation stays', 'if x:  \n\n    y = 1\n', 'if x:\n    y = 1'],
  ['a # in a string stays', `a = "#1"  # one\nb = '#2' # two`, `a = "#1"\nb = '#2'`],
  ['a quote in a comment opens no string', `x = 1  # don't\ny = "a"  # 5" wide`, `x = 1\ny = "a"`],
  ['an escaped quote closes no string', `s = 'it\\'s # 1'  # note`, `s = 'it\\'s # 1'`],
  ['a quote of the other kind closes no string', `s = "it's # 1"  # note`, `s = "it's # 1"`],
  [
    'a string of several lines stays as it is',
    's = """# a\n\n  b  \n"""  # c\nt = 1',
    's = """# a\n\n  b  \n"""\nt = 1',
  ],
  ['a quote inside a string of several lines stays', `s = '''a'b#c''' # d`, `s = '''a'b#c'''`],
  ['an empty string is not three quotes', `s = ""  # e\nt = ''# f`, `s = ""\nt = ''`],
  ['a string that is not closed ends with its line', `s = 'abc # d\nx = 1  # e`, `s = 'abc # d\nx = 1`],
  ['comments alone are no code', '# first\n   # second', ''],
]
for (const [title, text, expected] of codes) test(`code of a step: ${title}`, () => assert.equal(code(text), expected))

test('code of a step: taking it twice changes nothing', () => {
  for (const [, text] of codes) assert.equal(code(code(text)), code(text))
})

test('a PPM reads what a final step printed after its code; of a step that goes on, the step alone', () => {
  const print = { text: 'print(now)', final: true }
  const ids = encodeExecuted(own, print, '12.5')
  assert.equal(own.decode(ids), 'print(now)<end_of_code>12.5<end_of_step>')
  assert.deepEqual(encodeExecuted(own, print, null), encodeStep(own, print))
  const long = encodeExecuted(own, print, `0.${'3'.repeat(40)}`)
  assert.match(own.decode(long), /<end_of_code>0\.3{14}<end_of_step>$/)
})
