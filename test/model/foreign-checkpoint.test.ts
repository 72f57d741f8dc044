// Checkpoints as other programs write them: read as those programs read them, or refused by a line that names the tensor.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Checkpoint, endIds, hasValueHead, loadCheckpoint, saveCheckpoint } from '../../lib/model/checkpoint.ts'
import { readSafetensors, writeSafetensors } from '../../lib/model/safetensors.ts'
import { fixture } from '../fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterism-foreign-'))
after(() => rmSync(folder, { recursive: true }))
const at = (...parts: string[]): string => join(folder, ...parts)
const sorted = (weights: Checkpoint['weights']) => [...weights].sort(([a], [b]) => (a < b ? -1 : 1))

/** A copy of a fixture whose tensors, or files, are changed. */
async function changed(
  name: string,
  {
    weights: change,
    files = {},
  }: { weights?: (weights: Checkpoint['weights']) => void; files?: Record<string, unknown> },
): Promise<string> {
  const path = at('changed')
  rmSync(path, { recursive: true, force: true })
  cpSync(fixture('checkpoints', name), path, { recursive: true })
  if (change) {
    const weights = await readSafetensors(join(path, 'model.safetensors'))
    change(weights)
    writeSafetensors(join(path, 'model.safetensors'), weights)
  }
  for (const [file, json] of Object.entries(files)) writeFileSync(join(path, file), JSON.stringify(json))
  return path
}
const json = (name: string, file = 'config.json') =>
  JSON.parse(readFileSync(fixture('checkpoints', name, file), 'utf8'))

test('an output layer that differs from the embedding is used and kept, although config.json says they are tied', async () => {
  const { config, weights } = await loadCheckpoint(fixture('checkpoints', 'tied-flag-but-other-head'))
  assert.equal(config.tied, false)
  assert.ok(weights.has('lm_head.weight'))
  const last = await changed('qwen2-tied-tiny', {
    weights: (tensors) => {
      const { dims, data } = tensors.get('model.embed_tokens.weight')!
      const other = data.slice()
      other[other.length - 1]! += 1e-3
      tensors.set('lm_head.weight', { dims, data: other })
    },
  })
  assert.equal((await loadCheckpoint(last)).config.tied, false, 'one number makes it another layer')
})

test('a tied checkpoint whose only matrix is the output layer has it as its embedding', async () => {
  const path = await changed('qwen2-tied-tiny', {
    weights: (tensors) => {
      tensors.set('lm_head.weight', tensors.get('model.embed_tokens.weight')!)
      tensors.delete('model.embed_tokens.weight')
    },
  })
  const loaded = await loadCheckpoint(path)
  assert.deepEqual(
    sorted(loaded.weights),
    sorted((await loadCheckpoint(fixture('checkpoints', 'qwen2-tied-tiny'))).weights),
  )
})

test('a reward model of transformers with one label is a PPM; with a bias it keeps it', async () => {
  const { weights } = await loadCheckpoint(fixture('checkpoints', 'seqcls-reward'))
  assert.ok(hasValueHead(weights) && !weights.has('score.weight'))
  assert.deepEqual(weights.get('value_head.bias'), { dims: [1], data: Float32Array.of(0) })
  const biased = await changed('seqcls-reward', {
    weights: (tensors) => tensors.set('score.bias', { dims: [1], data: Float32Array.of(0.5) }),
  })
  assert.deepEqual((await loadCheckpoint(biased)).weights.get('value_head.bias')!.data, Float32Array.of(0.5))
})

test('generation_config.json is kept whole: end tokens, one or a list, and keys that nothing here reads', async () => {
  for (const eos_token_id of [5, [0, 5, 7], []]) {
    const generation = { eos_token_id, temperature: 0.6, extra: { nested: [1, 2] }, transformers_version: '5' }
    const path = await changed('qwen2-tiny', { files: { 'generation_config.json': generation } })
    const loaded = await loadCheckpoint(path)
    assert.deepEqual(endIds(loaded), [eos_token_id].flat())
    saveCheckpoint(at('kept'), loaded)
    assert.deepEqual(JSON.parse(readFileSync(at('kept', 'generation_config.json'), 'utf8')), generation)
  }
})

test("without generation_config.json the end tokens of config.json count, without those the tokenizer's", async () => {
  const { eos_token_id: _, ...silent } = json('qwen2-tiny')
  const listed = await changed('qwen2-tiny', { files: { 'config.json': { ...silent, eos_token_id: [0, 6] } } })
  rmSync(join(listed, 'generation_config.json'))
  const loaded = await loadCheckpoint(listed)
  assert.deepEqual(endIds(loaded), [0, 6])
  saveCheckpoint(at('listed'), loaded)
  assert.deepEqual(endIds(await loadCheckpoint(at('listed'))), [0, 6])
  const without = await changed('qwen2-tiny', { files: { 'config.json': silent } })
  rmSync(join(without, 'generation_config.json'))
  assert.deepEqual(endIds(await loadCheckpoint(without)), [0, 3])
})

type Change = Parameters<typeof changed>[1]
const set = (name: string, dims: number[], fill = 0): Change => ({
  weights: (tensors) =>
    tensors.set(name, { dims, data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)).fill(fill) }),
})
const refusedTensors: [title: string, name: string, change: Change, message: RegExp][] = [
  [
    'a tensor with NaN',
    'qwen2-tiny',
    set('model.norm.weight', [64], Number.NaN),
    /finite numbers in model\.norm\.weight, got NaN at place 0/,
  ],
  [
    'one infinite number',
    'qwen2-tiny',
    { weights: (tensors) => tensors.get('lm_head.weight')!.data.set([Number.NEGATIVE_INFINITY], 700) },
    /finite numbers in lm_head\.weight, got -Infinity at place 700/,
  ],
  [
    'a score that is NaN',
    'seqcls-reward',
    set('score.weight', [1, 64], Number.NaN),
    /finite numbers in value_head\.weight/,
  ],
  [
    'a score of two labels',
    'seqcls-reward',
    set('score.weight', [2, 64]),
    /one label, .*got score\.weight of shape \[2, 64\]/,
  ],
  [
    'a score of another width',
    'seqcls-reward',
    set('score.weight', [1, 32]),
    /value_head\.weight of shape \[1, 64\], got \[1, 32\]/,
  ],
  [
    'a score of two layers',
    'seqcls-reward',
    {
      weights: (tensors) => {
        tensors.set('score.0.weight', tensors.get('score.weight')!)
        tensors.delete('score.weight')
      },
    },
    /reward model with one label.*got score\.0\.weight/,
  ],
  [
    'two heads',
    'seqcls-reward',
    set('value_head.weight', [1, 64]),
    /expected one head, got score\.weight and value_head\.weight/,
  ],
  [
    'a tensor of another architecture',
    'qwen2-tiny',
    set('model.layers.0.self_attn.q_norm.weight', [16]),
    /got model\.layers\.0\.self_attn\.q_norm\.weight as well/,
  ],
  [
    'an output layer of another shape',
    'qwen2-tied-tiny',
    set('lm_head.weight', [512, 8]),
    /lm_head\.weight of shape \[512, 48\], got \[512, 8\]/,
  ],
  [
    'an adapter',
    'qwen2-tiny',
    { files: { 'adapter_config.json': {} } },
    /weights of a whole model, got adapter_config\.json/,
  ],
  [
    'an end token of text',
    'qwen2-tiny',
    { files: { 'generation_config.json': { eos_token_id: '</s>' } } },
    /eos_token_id .* got "<\/s>"/,
  ],
  [
    'an end token beyond the vocabulary',
    'qwen2-tiny',
    { files: { 'generation_config.json': { eos_token_id: [0, 512] } } },
    /below the vocab_size 512 .* got 512/,
  ],
  [
    'a generation_config.json that is a list',
    'qwen2-tiny',
    { files: { 'generation_config.json': [1] } },
    /expected a JSON object, got \[1\]/,
  ],
]
for (const [title, name, change, message] of refusedTensors)
  test(`${title}: one line names it`, async () => {
    const path = await changed(name, change)
    await assert.rejects(loadCheckpoint(path), (error: Error) => {
      assert.match(error.message, message)
      assert.ok(!error.message.includes('\n') && error.message.includes(path), error.message)
      return true
    })
  })

test('PyTorch weights beside safetensors are not read; alone they are refused by name', async () => {
  const path = await changed('qwen2-tiny', { files: { 'pytorch_model.bin': 'no tensors at all' } })
  assert.equal((await loadCheckpoint(path)).weights.size, 27)
  rmSync(join(path, 'model.safetensors'))
  await assert.rejects(
    loadCheckpoint(path),
    /model\.safetensors: there is no such file, only pytorch_model\.bin\. Save/,
  )
})
