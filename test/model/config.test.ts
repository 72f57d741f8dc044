import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { configJson, type ModelConfig, parseConfig } from '../../lib/model/config.ts'
import { fixture } from '../fixtures.ts'

const json = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(fixture('checkpoints', name, 'config.json'), 'utf8'))

test('a config.json of the new spelling is read field by field', () => {
  const expected: ModelConfig = {
    vocabSize: 512,
    hiddenSize: 48,
    intermediateSize: 128,
    layers: 3,
    heads: 3,
    kvHeads: 1,
    headSize: 16,
    ropeTheta: 10000,
    rmsNormEps: 1e-6,
    tied: true,
    maxPositions: 512,
  }
  assert.deepEqual(parseConfig(json('qwen2-tied-tiny')), expected)
  assert.equal(parseConfig(json('qwen2-tiny')).ropeTheta, 1000000)
  assert.equal(parseConfig(json('qwen2-tiny')).tied, false)
})

test('both spellings of the rotary base mean the same', () => {
  const { rope_parameters: _, ...old } = json('qwen2-tiny')
  assert.equal(parseConfig({ ...old, rope_theta: 12345 }).ropeTheta, 12345)
  assert.equal(parseConfig({ ...old, rope_theta: 12345, rope_scaling: null }).ropeTheta, 12345)
})

test('what is written is read back, under both spellings', () => {
  const config = parseConfig(json('qwen2-tied-tiny'))
  const { rope_parameters: _, ...old } = configJson(config)
  const { rope_theta: __, ...current } = configJson(config)
  assert.deepEqual(parseConfig(old), config)
  assert.deepEqual(parseConfig(current), config)
  assert.deepEqual(parseConfig({ ...configJson({ ...config, headSize: 8 }) }).headSize, 8)
})

test('ids of special tokens are written when given', () => {
  const written = configJson(parseConfig(json('qwen2-tiny')), { padTokenId: 0, eosTokenId: 4 })
  assert.equal(written.pad_token_id, 0)
  assert.equal(written.eos_token_id, 4)
})

test('another architecture is refused by a line that names it, the file and what is supported', () => {
  assert.throws(() => parseConfig({ ...json('qwen2-tiny'), model_type: 'llama' }, 'x/config.json'), {
    message: /^x\/config\.json: expected model_type "qwen2" .*Qwen2\.5-Math.*got "llama".*/,
  })
})

const refused: [title: string, change: Record<string, unknown>, message: RegExp][] = [
  ['a missing size', { hidden_size: undefined }, /expected hidden_size to be an integer from 1 up/],
  ['a size of text', { num_hidden_layers: 'two' }, /expected num_hidden_layers .* got "two"/],
  ['heads that do not share evenly', { num_key_value_heads: 3 }, /4 attention heads to be a multiple of the 3/],
  ['heads that do not divide the width', { num_attention_heads: 5, num_key_value_heads: 5 }, /expected head_dim/],
  ['scaled positions', { rope_scaling: { type: 'yarn', factor: 4 } }, /of type "default", got "yarn"/],
  ['scaled positions, new spelling', { rope_parameters: { rope_type: 'dynamic' } }, /got "dynamic"/],
  ['a sliding window', { use_sliding_window: true }, /full attention/],
  [
    'one layer of sliding attention',
    { layer_types: ['full_attention', 'sliding_attention'] },
    /got "sliding_attention"/,
  ],
  ['a tie that is no boolean', { tie_word_embeddings: 'true' }, /tie_word_embeddings to be true or false, got "true"/],
  ['another activation', { hidden_act: 'gelu' }, /hidden_act "silu", got "gelu"/],
  ['a rotary base of zero', { rope_parameters: { rope_theta: 0 } }, /rope_theta to be a number above 0/],
]
for (const [title, change, message] of refused)
  test(`${title} is refused`, () => {
    assert.throws(() => parseConfig({ ...json('qwen2-tiny'), ...change }, 'config.json'), { message })
  })

test('a config that is no object is refused', () => {
  assert.throws(() => parseConfig([1, 2]), /expected a JSON object, got \[1,2\]/)
})
