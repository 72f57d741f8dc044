// Trainings of a model of some thousand parameters, on a real engine.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openEngine } from '../../lib/engine/engine.ts'
import { trainTokenizer } from '../../lib/model/bpe.ts'
import type { ModelConfig } from '../../lib/model/config.ts'
import { openTokenizer } from '../../lib/model/tokenizer.ts'
import { initialWeights, type Weights } from '../../lib/model/weights.ts'
import type { Step } from '../../lib/problem/problem.ts'
import { trainPolicy } from '../../lib/train/policy.ts'
import { type PairExample, trainPpm } from '../../lib/train/ppm.ts'

const step = (text: string): Step => ({ text, final: text.startsWith('print') })
const program = (...lines: string[]): Step[] => lines.map(step)
const questions = [
  ['Mia has 14 pens and buys 5 more.', '+'],
  ['Tom has 31 coins and loses 8.', '-'],
  ['Ann packs 9 boxes of 12 books.', '*'],
] as const
const examples = questions.map(([question, operator], i) => {
  const [a, b] = question.match(/\d+/g)!
  return { problemId: `p${i}`, question, steps: program(`now = ${a} ${operator} ${b}`, 'print(now)') }
})
const pairs: PairExample[] = questions.map(([question, operator]) => {
  const [a, b] = question.match(/\d+/g)!
  return {
    question,
    prefix: [],
    chosen: program(`now = ${a} ${operator} ${b}`),
    rejected: program(`now = ${b} // ${a}`),
    chosenAnswer: null,
    rejectedAnswer: null,
    weight: 1,
  }
})

const tokenizer = openTokenizer(
  trainTokenizer([...questions.map(([text]) => text), 'now = 1 + 2', 'now = 3 // 4', 'print(now)']),
)
const config: ModelConfig = {
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 16,
  intermediateSize: 32,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 8,
  ropeTheta: 10_000,
  rmsNormEps: 1e-6,
  tied: false,
  maxPositions: 256,
}
const engine = await openEngine({ threads: 1 })
after(() => engine.dispose())

const schedule = { rows: 2, columns: 64, learningRate: 1e-2, warmUp: 5, maxSteps: 120, tail: 40, minSteps: 10 }
const policy = (seed: number, options = {}) =>
  trainPolicy({ engine, config, tokenizer, seed, examples, options: { ...schedule, ...options } })
const ppm = (seed: number, options = {}) =>
  trainPpm({
    engine,
    config,
    tokenizer,
    seed,
    policy: initialWeights(config, 1),
    pairs,
    options: { rows: 2, columns: 96, steps: 80, learningRate: 1e-2, warmUp: 5, ...options },
  })

const bits = (weights: Weights): string =>
  [...weights]
    .map(
      ([name, { data }]) => `${name} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`,
    )
    .join('\n')

test('the loss of a policy falls, and its log says what was done', async () => {
  const { log, weights } = await policy(1)
  assert.equal(log.steps, 120)
  assert.equal(log.capped, true)
  assert.deepEqual([log.examples, log.tooLong, log.tokens], [3, 0, 120 * 2 * 64])
  assert.deepEqual(
    log.curve.map(({ step }) => step),
    [20, 40, 60, 80, 100, 120],
  )
  assert.ok(log.loss < 0.5 * log.curve[0]!.loss, `from ${log.curve[0]!.loss} to ${log.loss}`)
  assert.deepEqual([...weights.keys()].sort(), [...initialWeights(config, 1).keys()].sort())
})

test('the same seed trains the same policy to the bit, another seed another one', async () => {
  const short = { maxSteps: 20, tail: 10, minSteps: 1 }
  const [one, again, other] = [await policy(1, short), await policy(1, short), await policy(2, short)]
  assert.equal(bits(one.weights), bits(again.weights))
  assert.deepEqual(one.log, again.log)
  assert.notEqual(bits(one.weights), bits(other.weights))
})

test('examples get fresh numbers at every use: with the same numbers each time they are memorised', async () => {
  const fresh = await policy(1, { blank: 0, maxSteps: 200, tail: 40 })
  const fixed = await policy(1, { blank: 0, maxSteps: 200, tail: 40, renumber: false })
  assert.ok(fixed.log.loss < 0.5 * fresh.log.loss, `fixed ${fixed.log.loss}, fresh ${fresh.log.loss}`)
})

test('a training that ends by the threshold is not capped', async () => {
  const { log } = await policy(1, { threshold: 100, tail: 10 })
  assert.deepEqual([log.capped, log.steps], [false, 21])
})

test('solutions that are too long are left out and counted; without any other there is nothing to learn', async () => {
  const short = { maxSteps: 4, tail: 2 }
  const long = { ...examples[0]!, question: `${'Mia has 14 pens. '.repeat(20)}` }
  const { log } = await trainPolicy({
    engine,
    config,
    tokenizer,
    seed: 1,
    examples: [...examples, long],
    options: { ...schedule, ...short, longest: 60 },
  })
  assert.deepEqual([log.examples, log.tooLong], [3, 1])
  await assert.rejects(policy(1, { longest: 5 }), /at least one solution of up to 5 tokens to learn from, got none/)
})

test('an example whose fresh numbers never fit its row is trained with its own', async () => {
  const question = Array.from({ length: 30 }, (_, i) => 3 + (i % 7)).join(' and ')
  const many = {
    problemId: 'many',
    question,
    steps: program(`now = ${question.replaceAll(' and ', ' + ')}`, 'print(now)'),
  }
  const { log } = await trainPolicy({
    engine,
    config,
    tokenizer,
    seed: 1,
    examples: [many],
    options: { ...schedule, maxSteps: 3, tail: 2 },
  })
  assert.equal(log.steps, 3)
})

test('an aborted training ends with the reason of the signal', async () => {
  const controller = new AbortController()
  const training = trainPolicy({
    engine,
    config,
    tokenizer,
    seed: 1,
    examples,
    options: schedule,
    signal: controller.signal,
    onProgress: ({ step }) => step === 3 && controller.abort(new Error('enough')),
  })
  await assert.rejects(training, /enough/)
})

test('a PPM learns which side of a pair is the better one, from the weights of the policy', async () => {
  const { log, weights } = await ppm(1)
  assert.ok(log.loss < 0.45, `loss ${log.loss}, at first ln 2 = 0.693`)
  assert.ok(log.pairAccuracy > 0.7, `accuracy ${log.pairAccuracy}, at first 0.5`)
  assert.deepEqual(weights.get('value_head.weight')!.dims, [1, config.hiddenSize])
})

test('a PPM starts as the policy with a head: at a rate of 0 its body is the policy to the bit', async () => {
  const { weights } = await ppm(1, { steps: 3, learningRate: 0 })
  const policyWeights = initialWeights(config, 1)
  const [weight, bias] = ['weight', 'bias'].map((part) => weights.get(`value_head.${part}`)!.data)
  const body = new Map([...policyWeights].filter(([name]) => weights.has(name)))
  assert.ok(body.has('model.embed_tokens.weight') && body.has('model.norm.weight'))
  assert.equal(bits(new Map([...body.keys()].map((name) => [name, weights.get(name)!]))), bits(body))
  assert.ok(weight!.every((each) => Math.abs(each) < 0.01) && bias![0] === 0)
})

test('the same seed trains the same PPM to the bit, dropout included; another seed another one', async () => {
  const short = { steps: 12, dropout: 0.3 }
  const [one, again, other] = [await ppm(1, short), await ppm(1, short), await ppm(2, short)]
  assert.equal(bits(one.weights), bits(again.weights))
  assert.notEqual(bits(one.weights), bits(other.weights))
})

test('pairs that are too long are left out; without any other there is nothing to learn', async () => {
  await assert.rejects(ppm(1, { longest: 5 }), /at least one preference pair of up to 5 tokens, got none/)
})
