import assert from 'node:assert/strict'
import test from 'node:test'
import { blank, trainTokenizer } from '../../lib/model/bpe.ts'
import { openTokenizer } from '../../lib/model/tokenizer.ts'
import { random } from '../../lib/seed/random.ts'
import { blankWords, wordTokens } from '../../lib/train/augment.ts'
import { sampleTexts } from '../model/sample-texts.ts'

const tokenizer = openTokenizer(trainTokenizer(sampleTexts))
const isWord = wordTokens(tokenizer)
const blankId = tokenizer.idOf(blank)!
const texts = sampleTexts.map((text) => tokenizer.encode(`${text}<code>`, { specials: true }))
const blanked = (share: number, seed = 1) => {
  const rng = random(seed, 'test')
  return texts.map((ids) => blankWords(ids, { share, blankId, isWord, rng }))
}

test('only words are blanked: digits, punctuation, operators and markers stay', () => {
  for (const [t, ids] of blanked(1).entries())
    for (const [i, id] of ids.entries()) {
      const text = tokenizer.decode([texts[t]![i]!])
      const word = /\p{L}/u.test(text) && !tokenizer.specialIds.has(texts[t]![i]!)
      assert.equal(id, word ? blankId : texts[t]![i], `at ${JSON.stringify(text)}`)
      assert.ok(!word || !/\d/.test(text), 'a word token holds no digit')
    }
})

test('about the asked share of the words is blanked', () => {
  const count = (share: number) => {
    const before = texts.flat().filter(isWord).length
    return (
      blanked(share)
        .flat()
        .filter((id) => id === blankId).length / before
    )
  }
  assert.equal(count(0), 0)
  assert.ok(Math.abs(count(0.15) - 0.15) < 0.02, `got ${count(0.15)}`)
  assert.ok(Math.abs(count(0.6) - 0.6) < 0.02, `got ${count(0.6)}`)
})

test('which words are blanked is decided by the numbers drawn', () => {
  assert.deepEqual(blanked(0.3, 1), blanked(0.3, 1))
  assert.notDeepEqual(blanked(0.3, 1), blanked(0.3, 2))
})
