import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { trainTokenizer } from '../../lib/model/bpe.ts'
import { type Checkpoint, hasValueHead, loadCheckpoint, saveCheckpoint } from '../../lib/model/checkpoint.ts'
import type { ModelConfig } from '../../lib/model/config.ts'
import { readSafetensors, writeSafetensors } from '../../lib/model/safetensors.ts'
import { openTokenizer } from '../../lib/model/tokenizer.ts'
import { initialWeights } from '../../lib/model/weights.ts'
import { fixture, packageRoot } from '../fixtures.ts'
import { sampleTexts } from './sample-texts.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterism-checkpoint-'))
after(() => rmSync(folder, { recursive: true }))
const at = (...parts: string[]): string => join(folder, ...parts)

const tokenizer = openTokenizer(trainTokenizer(sampleTexts, { vocabSize: 350 }))
const config: ModelConfig = {
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 8,
  ropeTheta: 10000,
  rmsNormEps: 1e-6,
  tied: true,
  maxPositions: 128,
}
const checkpoint = (seed: number, valueHead = false): Checkpoint => ({
  config,
  weights: initialWeights(config, seed, { valueHead }),
  tokenizer,
})
const sorted = (weights: Checkpoint['weights']) => [...weights].sort(([a], [b]) => (a < b ? -1 : 1))
const files = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']

test('a checkpoint that is saved is loaded as it was', async () => {
  saveCheckpoint(at('policy'), checkpoint(1))
  assert.deepEqual(readdirSync(at('policy')).sort(), files)
  const loaded = await loadCheckpoint(at('policy'))
  assert.deepEqual(loaded.config, config)
  assert.deepEqual(sorted(loaded.weights), sorted(checkpoint(1).weights))
  assert.deepEqual(loaded.tokenizer.encode(sampleTexts[7]!), tokenizer.encode(sampleTexts[7]!))
  assert.ok(!hasValueHead(loaded.weights))
})

test('equal checkpoints give equal bytes', () => {
  saveCheckpoint(at('one'), checkpoint(1))
  saveCheckpoint(at('two'), checkpoint(1))
  for (const file of files) assert.deepEqual(readFileSync(at('one', file)), readFileSync(at('two', file)), file)
})

test('a PPM keeps its head apart, so that its backbone is a checkpoint of its own', async () => {
  saveCheckpoint(at('ppm'), checkpoint(2, true))
  const { weights } = await loadCheckpoint(at('ppm'))
  assert.ok(hasValueHead(weights))
  assert.deepEqual(sorted(weights), sorted(checkpoint(2, true).weights))
  const backbone = await readSafetensors(at('ppm', 'model.safetensors'))
  assert.ok(![...backbone.keys()].some((name) => name.startsWith('value_head')))
  assert.deepEqual(
    [...(await readSafetensors(at('ppm', 'value_head.safetensors'))).keys()],
    [...['value_head.bias', 'value_head.weight']],
  )
})

test('padding and end token are named by their ids', () => {
  saveCheckpoint(at('ids'), checkpoint(1))
  const json = (file: string) => JSON.parse(readFileSync(at('ids', file), 'utf8'))
  for (const file of ['config.json', 'generation_config.json']) {
    assert.equal(json(file).pad_token_id, tokenizer.idOf('<|pad|>'))
    assert.equal(json(file).eos_token_id, tokenizer.idOf('<end_of_code>'))
  }
})

for (const name of ['qwen2-tiny', 'qwen2-tied-tiny', 'tied-flag-but-other-head', 'seqcls-reward'])
  test(`${name} survives loading, saving and loading`, async () => {
    const first = await loadCheckpoint(fixture('checkpoints', name))
    saveCheckpoint(at(name), first)
    const second = await loadCheckpoint(at(name))
    assert.deepEqual(second.config, first.config)
    assert.deepEqual(sorted(second.weights), sorted(first.weights))
    assert.deepEqual(second.tokenizer.files, first.tokenizer.files)
    const generation = (path: string) => JSON.parse(readFileSync(join(path, 'generation_config.json'), 'utf8'))
    assert.deepEqual(generation(at(name)), generation(fixture('checkpoints', name)))
  })

test('a tied checkpoint that repeats its output layer loads without it', async () => {
  cpSync(fixture('checkpoints', 'qwen2-tied-tiny'), at('repeats'), { recursive: true })
  const weights = await readSafetensors(at('repeats', 'model.safetensors'))
  weights.set('lm_head.weight', weights.get('model.embed_tokens.weight')!)
  weights.set('model.layers.0.self_attn.rotary_emb.inv_freq', { dims: [1], data: Float32Array.of(1) })
  writeSafetensors(at('repeats', 'model.safetensors'), weights)
  const loaded = await loadCheckpoint(at('repeats'))
  assert.ok(!loaded.weights.has('lm_head.weight'))
})

test('weights that are not finite are not saved', () => {
  const broken = checkpoint(1)
  broken.weights.get('model.norm.weight')!.data[3] = Number.NaN
  assert.throws(
    () => saveCheckpoint(at('diverged'), broken),
    /finite numbers in model\.norm\.weight, got NaN at place 3/,
  )
  assert.ok(!existsSync(at('diverged')))
})

test('saving again replaces the checkpoint and leaves nothing beside it', async () => {
  saveCheckpoint(at('again', 'ppm'), checkpoint(1, true))
  saveCheckpoint(at('again', 'ppm'), checkpoint(2))
  assert.deepEqual(sorted((await loadCheckpoint(at('again', 'ppm'))).weights), sorted(checkpoint(2).weights))
  assert.deepEqual(readdirSync(at('again')), ['ppm'])
})

test('weights that do not fit are not saved, and the older checkpoint stays', async () => {
  saveCheckpoint(at('keeps'), checkpoint(1))
  const { weights } = checkpoint(2)
  weights.delete('model.norm.weight')
  assert.throws(() => saveCheckpoint(at('keeps'), { config, weights, tokenizer }), /a parameter model\.norm\.weight/)
  assert.deepEqual(sorted((await loadCheckpoint(at('keeps'))).weights), sorted(checkpoint(1).weights))
})

test('a process killed while it saves leaves the whole checkpoint or none', async () => {
  const target = at('killed', 'policy')
  const url = (path: string) =>
    JSON.stringify(new URL(`file://${join(packageRoot, 'dist', 'lib', 'model', path)}`).href)
  const script = `
    import { loadCheckpoint, saveCheckpoint } from ${url('checkpoint.js')}
    const checkpoint = await loadCheckpoint(${JSON.stringify(fixture('checkpoints', 'qwen2-tiny'))})
    console.log('saving')
    while (true) saveCheckpoint(${JSON.stringify(target)}, checkpoint)`
  for (const rounds of [1, 2, 3, 4]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    await new Promise((resolve) => setTimeout(resolve, rounds * 9))
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
    if (existsSync(target)) assert.equal((await loadCheckpoint(target)).weights.size, 27)
  }
  saveCheckpoint(target, checkpoint(1))
  assert.deepEqual(readdirSync(at('killed')), ['policy'], 'what a killed process left is gone')
})

const broken: [title: string, damage: (path: string) => void, message: RegExp][] = [
  [
    'no config.json',
    (path) => rmSync(join(path, 'config.json')),
    /config\.json: expected the JSON file of a .*no such file/,
  ],
  [
    'a torn config.json',
    (path) => writeFileSync(join(path, 'config.json'), '{"a"'),
    /config\.json: expected the JSON file/,
  ],
  ['no weights', (path) => rmSync(join(path, 'model.safetensors')), /model\.safetensors: there is no such file/],
  ['cut off weights', (path) => truncateSync(join(path, 'model.safetensors'), 5000), /the file is cut off/],
  ['no tokenizer', (path) => rmSync(join(path, 'tokenizer.json')), /Expected .*tokenizer\.json, there is no such file/],
  [
    'a tokenizer of another model',
    (path) => writeFileSync(join(path, 'tokenizer.json'), JSON.stringify(trainTokenizer(sampleTexts).json)),
    /tokenizer\.json: expected ids below the vocab_size 350 of config\.json, got \d+/,
  ],
  [
    'the config of another model',
    (path) => cpSync(fixture('checkpoints', 'qwen2-tiny', 'config.json'), join(path, 'config.json')),
    /shape \[512, 64\], got \[350, 16\]/,
  ],
  [
    'the config of a shallower model',
    (path) => {
      const two = { ...config, layers: 2 }
      writeSafetensors(join(path, 'model.safetensors'), initialWeights(two, 1))
    },
    /expected only the tensors of a qwen2 model with 1 layers, got model\.layers\.1\./,
  ],
]
for (const [title, damage, message] of broken)
  test(`${title}: one line names it`, async () => {
    const path = at('broken')
    saveCheckpoint(path, checkpoint(1))
    damage(path)
    await assert.rejects(loadCheckpoint(path), (error: Error) => {
      assert.match(error.message, message)
      assert.ok(!error.message.includes('\n') && error.message.includes(path), error.message)
      return true
    })
  })

test('a folder that is not there is refused by a line that says what to do', async () => {
  await assert.rejects(
    loadCheckpoint(at('nowhere')),
    /Expected a checkpoint folder at .*nowhere, there is none\. Check/,
  )
})
