import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { trainTokenizer } from '../../lib/model/bpe.ts'
import { loadCheckpoint, saveCheckpoint } from '../../lib/model/checkpoint.ts'
import { encodePrefix } from '../../lib/model/step-format.ts'
import { openTokenizer } from '../../lib/model/tokenizer.ts'
import { type LocalPpmOptions, loadPpm, localPpm, type StepScorer } from '../../lib/policy/local-ppm.ts'
import type { Prefix, Step } from '../../lib/problem/problem.ts'
import { ppmContract } from '../contracts/ppm.ts'
import { openTested } from '../engine/device-under-test.ts'
import { fixture } from '../fixtures.ts'

const tokenizer = openTokenizer(trainTokenizer(['Mia has 12 apples.', 'now = start - 5', 'print(now)']))
const prefix: Prefix = { problemId: 'p', question: 'Mia has 12 apples.', steps: [{ text: 'start = 12', final: false }] }
const candidates: Step[] = [
  { text: 'now = start - 5  # give', final: false },
  { text: 'print(now)', final: true },
]

/** Scores a candidate by its number of tokens; remembers what it was asked. */
function counting(): StepScorer & { calls: Parameters<StepScorer['score']>[0][]; disposed: number } {
  const scorer = {
    calls: [] as Parameters<StepScorer['score']>[0][],
    disposed: 0,
    async score(requests: Parameters<StepScorer['score']>[0]) {
      scorer.calls.push(requests)
      return requests.map(({ candidates }) => candidates.map((ids) => ids.length / 10))
    },
    dispose: async () => void scorer.disposed++,
  }
  return scorer
}
const ppmOf = (options: LocalPpmOptions = {}) => {
  const scorer = counting()
  return { scorer, ppm: localPpm({ ...options, scorer, tokenizer }) }
}

ppmContract('local model (scripted)', () => ppmOf().ppm)

test('a score is tanh(raw / scale), by default tanh(raw)', async () => {
  const raw = candidates.map((step) => tokenizer.encode(step.text.replace(/ {2}#.*/, '')).length + 1).map((n) => n / 10)
  for (const scale of [1, 5]) {
    const { ppm } = ppmOf(scale === 1 ? {} : { scale })
    assert.deepEqual(await ppm.score([{ prefix, candidates }]), [raw.map((value) => Math.tanh(value / scale))])
  }
})

test('the scorer reads a prefix and each candidate as the policy would read them in a row', async () => {
  const { ppm, scorer } = ppmOf()
  await ppm.score([{ prefix, candidates }])
  const [asked] = scorer.calls[0]!
  asked!.candidates.forEach((ids, i) => {
    const together = { ...prefix, steps: [...prefix.steps, candidates[i]!] }
    assert.deepEqual([...asked!.prefix, ...ids], encodePrefix(tokenizer, together))
  })
})

test('scores come one list per request, in order', async () => {
  const { ppm } = ppmOf()
  const scores = await ppm.score([
    { prefix, candidates: [] },
    { prefix, candidates: candidates.slice(1) },
    { prefix, candidates },
  ])
  assert.deepEqual(
    scores.map((list) => list.length),
    [0, 1, 2],
  )
  assert.equal(scores[1]![0], scores[2]![1])
})

test('disposing twice is harmless, and a scale of zero is refused', async () => {
  const { ppm, scorer } = ppmOf()
  await ppm.dispose()
  await ppm.dispose()
  assert.equal(scorer.disposed, 1)
  assert.throws(() => ppmOf({ scale: 0 }), /`scale` above 0, got `0`/)
})

const folder = mkdtempSync(join(tmpdir(), 'asterism-ppm-'))
const engine = await openTested({ threads: 1 })
after(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true })
})
const checkpoint = await loadCheckpoint(fixture('checkpoints', 'qwen2-tied-tiny'))
const head = Float32Array.from({ length: checkpoint.config.hiddenSize }, (_, i) => Math.sin(i))
checkpoint.weights.set('value_head.weight', { dims: [1, checkpoint.config.hiddenSize], data: head })
checkpoint.weights.set('value_head.bias', { dims: [1], data: Float32Array.of(0.25) })
saveCheckpoint(join(folder, 'ppm'), checkpoint)

ppmContract('local model (checkpoint)', () => loadPpm(engine, join(folder, 'ppm')))

test('a checkpoint with a value head scores in [-1, 1], each candidate alone, whatever else is in the batch', async () => {
  const ppm = await loadPpm(engine, join(folder, 'ppm'))
  const other = { ...prefix, steps: [] }
  const [all, rest] = await ppm.score([
    { prefix, candidates },
    { prefix: other, candidates },
  ])
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-5, `${a} ${b}`)
  for (const [i, candidate] of candidates.entries()) {
    assert.ok(Math.abs(all![i]!) <= 1)
    near((await ppm.score([{ prefix, candidates: [candidate] }]))[0]![0]!, all![i]!)
    near((await ppm.score([{ prefix: other, candidates: [candidate] }]))[0]![0]!, rest![i]!)
  }
  assert.notEqual(all![0], all![1])
  assert.notEqual(all![0], rest![0])
  await ppm.dispose()
  await assert.rejects(
    loadPpm(engine, fixture('checkpoints', 'qwen2-tied-tiny')),
    /qwen2-tied-tiny: expected a PPM with value_head\.safetensors, got a policy/,
  )
})

test('a reward model of transformers opens as a PPM: tanh of its score after the last token of each candidate', async () => {
  const path = fixture('checkpoints', 'seqcls-reward', 'golden.json')
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: { prompt: string; rewards: number[] }[] }
  const ppm = await loadPpm(engine, fixture('checkpoints', 'seqcls-reward'))
  const [scores] = await ppm.score([{ prefix, candidates }])
  const read = ['now = start - 5<end_of_step>', 'print(now)<end_of_code>']
  for (const [i, text] of read.entries()) {
    const golden = cases.find(({ prompt }) => prompt === `Mia has 12 apples.<code>start = 12<end_of_step>${text}`)!
    const expected = Math.tanh(golden.rewards.at(-1)!)
    assert.ok(Math.abs(scores![i]! - expected) < 1e-4, `expected ${expected}, got ${scores![i]}`)
  }
  await ppm.dispose()
})
