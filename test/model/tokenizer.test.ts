import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Tokenizer as Library } from '@huggingface/tokenizers'
import { trainTokenizer } from '../../lib/model/bpe.ts'
import { loadTokenizer, openTokenizer } from '../../lib/model/tokenizer.ts'
import { fixture } from '../fixtures.ts'
import { sampleTexts } from './sample-texts.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterism-tokenizer-'))
after(() => rmSync(folder, { recursive: true }))

for (const name of ['qwen2-tiny', 'qwen2-tied-tiny']) {
  const golden: { cases: { prompt: string; ids: number[]; greedy: number[]; greedy_text: string }[] } = JSON.parse(
    readFileSync(fixture('checkpoints', name, 'golden.json'), 'utf8'),
  )
  test(`${name}: ids equal those of the reference, markers included`, () => {
    const tokenizer = loadTokenizer(fixture('checkpoints', name))
    for (const { prompt, ids } of golden.cases) assert.deepEqual(tokenizer.encode(prompt, { specials: true }), ids)
  })

  test(`${name}: the text of ids equals that of the reference, also for broken UTF-8 and ids without a token`, () => {
    const tokenizer = loadTokenizer(fixture('checkpoints', name))
    for (const { greedy, greedy_text } of golden.cases) assert.equal(tokenizer.decode(greedy), greedy_text)
  })
}

test('the text of a special token is plain text unless the caller says otherwise', () => {
  for (const tokenizer of [
    openTokenizer(trainTokenizer(sampleTexts)),
    loadTokenizer(fixture('checkpoints', 'qwen2-tiny')),
  ]) {
    const text = 'Mia writes <end_of_code> and <code>x<end_of_step>.'
    const plain = tokenizer.encode(text)
    assert.ok(!plain.some((id) => tokenizer.specialIds.has(id)))
    assert.equal(tokenizer.decode(plain), text)
    const marked = tokenizer.encode(text, { specials: true })
    const markers = [tokenizer.idOf('<end_of_code>'), tokenizer.idOf('<code>'), tokenizer.idOf('<end_of_step>')]
    assert.deepEqual(
      marked.filter((id) => tokenizer.specialIds.has(id)),
      markers,
    )
    assert.equal(tokenizer.decode(marked), text)
  }
})

test('pieces from the cache give the ids that the library gives for the whole text', () => {
  const files = trainTokenizer(sampleTexts, { vocabSize: 600 })
  const tokenizer = openTokenizer(files)
  const library = new Library({ ...files.json, added_tokens: [] }, files.config)
  const strange = [
    '',
    ' ',
    '\n\n  x\t',
    'naïve ½² 漢字 🙂',
    "don't $5.00—20%",
    'x  =  [1,2]',
    '__init__ == "a"',
    '\u00a0\ufeff',
  ]
  for (const text of [...sampleTexts, ...strange])
    for (let again = 0; again < 2; again++)
      assert.deepEqual(
        tokenizer.encode(text),
        text === '' ? [] : library.encode(text, { add_special_tokens: false }).ids,
      )
})

test('what encode returns belongs to the caller', () => {
  const tokenizer = openTokenizer(trainTokenizer(sampleTexts))
  const ids = tokenizer.encode('apples')
  ids.push(99)
  ids[0] = 0
  assert.equal(tokenizer.decode(tokenizer.encode('apples')), 'apples')
})

test('an unknown token has no id, no ids are no text', () => {
  const tokenizer = loadTokenizer(fixture('checkpoints', 'qwen2-tiny'))
  assert.equal(tokenizer.idOf('<|nothing|>'), null)
  assert.equal(tokenizer.idOf('<code>'), 1)
  assert.equal(tokenizer.decode([]), '')
  assert.equal(tokenizer.decode([511]), '')
  assert.equal(tokenizer.vocabSize, 452)
})

test('a folder without tokenizer_config.json loads', () => {
  cpSync(fixture('checkpoints', 'qwen2-tiny', 'tokenizer.json'), join(folder, 'tokenizer.json'))
  assert.equal(loadTokenizer(folder).idOf('<code>'), 1)
})

test('a tokenizer that is missing or broken is refused by a line that names the file', () => {
  const path = join(folder, 'tokenizer.json')
  writeFileSync(path, '{"model": ')
  assert.throws(() => loadTokenizer(folder), /tokenizer\.json: expected a JSON object \(.*\)\. Copy or download/)
  writeFileSync(path, '[]')
  assert.throws(() => loadTokenizer(folder), /tokenizer\.json: expected a JSON object \(it holds \[\]\)/)
  writeFileSync(path, '{}')
  assert.throws(() => loadTokenizer(folder), /tokenizer\.json: expected a Hugging Face tokenizer, got: /)
  rmSync(path)
  assert.throws(() => loadTokenizer(folder), /Expected .*tokenizer\.json, there is no such file/)
})
