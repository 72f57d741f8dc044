import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defaultSpecialTokens,
  isOwnTokenizer,
  pieces,
  type TokenizerFiles,
  trainTokenizer,
} from '../../lib/model/bpe.ts'
import { openTokenizer } from '../../lib/model/tokenizer.ts'
import { sampleTexts } from './sample-texts.ts'

const vocabularyOf = (files: TokenizerFiles) =>
  files.json.model as { vocab: Record<string, number>; merges: [string, string][] }

test('a text is cut into words, digits, newlines with indentation, operators and single characters', () => {
  assert.deepEqual(pieces('now = (start + 13) // 2\nprint(now)'), [
    ...['now', ' =', ' (', 'start', ' +', ' 1', '3', ')', ' //', ' 2', '\n', 'print', '(', 'now', ')'],
  ])
  assert.deepEqual(pieces('for x:\n    total_cost += 1'), ['for', ' x', ':', '\n    ', 'total_cost', ' +=', ' 1'])
})

test('pieces joined are the text, whatever it holds', () => {
  for (const text of [
    '',
    ' ',
    '  two  spaces ',
    '\t\r\n\n  x',
    'naïve ½ ² 漢字 🙂',
    'a\u0301 \u00a0x',
    '"$5.00", 20%!?',
  ])
    assert.equal(pieces(text).join(''), text)
})

test('a digit is a token of its own, alike after a space whether the texts have it or not', () => {
  const tokenizer = openTokenizer(
    trainTokenizer(['He has 777 and 77 and 12 pens.', '777 777 777'], { minFrequency: 1 }),
  )
  for (const digit of '0123456789') {
    assert.equal(tokenizer.encode(` ${digit}`).length, 1)
    assert.equal(tokenizer.encode(` ${digit}${digit}${digit}`).length, 3)
  }
  assert.deepEqual(
    tokenizer.encode(' 7277').map((id) => tokenizer.decode([id])),
    [' 7', '2', '7', '7'],
  )
})

test('special tokens have the first ids, in order', () => {
  const tokenizer = openTokenizer(trainTokenizer(sampleTexts))
  assert.deepEqual(
    defaultSpecialTokens.map((token) => tokenizer.idOf(token)),
    [0, 1, 2, 3, 4],
  )
  assert.deepEqual([...tokenizer.specialIds], [0, 1, 2, 3, 4])
})

test('every byte is a token, so every text survives encoding and decoding', () => {
  const tokenizer = openTokenizer(trainTokenizer(['a little text'], { vocabSize: 300 }))
  for (const text of ['漢字 🙂 ñ', 'tab\tand\r\nline', '\u0000\u0007', ' leading and trailing  ', '½²'])
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text)
  assert.equal(
    new Set(Object.keys(vocabularyOf(tokenizer.files).vocab).filter((token) => token.length === 1)).size,
    256,
  )
})

test('the commonest pair is merged first, of equals the one with the smaller ids', () => {
  const { merges } = vocabularyOf(trainTokenizer(['xy xy xy', 'cd cd', 'ab ab'], { vocabSize: 275, minFrequency: 1 }))
  // After the ten merges of digits: y follows x three times; a-b, c-d and space-xy occur twice, the space has a high id.
  assert.deepEqual(
    merges.slice(10).map((pair) => pair.join(' ')),
    ['x y', 'a b', 'c d', 'Ġ xy'],
  )
})

test('merging stops at the wanted size, or when no pair is common enough', () => {
  const size = (options: object): number => openTokenizer(trainTokenizer(['abcab abcab', 'q'], options)).vocabSize
  assert.equal(size({ vocabSize: 273 }), 273)
  assert.equal(size({ vocabSize: 1000, minFrequency: 3 }), 271 + 1)
  assert.ok(size({ vocabSize: 1000, minFrequency: 1 }) < 1000)
})

test('equal texts give equal files, in whatever order and however they are cut into texts', () => {
  const files = trainTokenizer(sampleTexts)
  assert.deepEqual(trainTokenizer([...sampleTexts]), files)
  assert.deepEqual(trainTokenizer([...sampleTexts].reverse()), files)
})

test('a repeated letter is merged from left to right', () => {
  const tokenizer = openTokenizer(trainTokenizer(['aaa aaaaa aaaa'], { minFrequency: 1, vocabSize: 272 }))
  assert.deepEqual(
    tokenizer.encode('aaaaa').map((id) => tokenizer.decode([id])),
    ['aa', 'aa', 'a'],
  )
})

test('its own files are recognised, others are not', () => {
  const files = trainTokenizer(sampleTexts)
  assert.ok(isOwnTokenizer(JSON.parse(JSON.stringify(files.json))))
  assert.ok(!isOwnTokenizer({ ...files.json, normalizer: { type: 'NFC' } }))
  assert.ok(!isOwnTokenizer({ ...files.json, pre_tokenizer: null }))
})

test('sizes out of range are refused', () => {
  assert.throws(() => trainTokenizer([], { vocabSize: 270 }), /`vocabSize` to be an integer from 271 up, got `270`/)
  assert.throws(() => trainTokenizer([], { minFrequency: 0 }), /`minFrequency` to be an integer from 1 up/)
  assert.throws(() => trainTokenizer([], { specialTokens: ['<x>', '<x>'] }), /differ from each other/)
})
