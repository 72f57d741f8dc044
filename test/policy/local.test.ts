import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { trainTokenizer } from '../../lib/model/bpe.ts'
import { loadCheckpoint, saveCheckpoint } from '../../lib/model/checkpoint.ts'
import type { ModelConfig } from '../../lib/model/config.ts'
import { encodePrefix, stopIds } from '../../lib/model/step-format.ts'
import { openTokenizer } from '../../lib/model/tokenizer.ts'
import { initialWeights } from '../../lib/model/weights.ts'
import { type LocalPolicyOptions, loadPolicy, localPolicy, type StepGenerator } from '../../lib/policy/local.ts'
import type { Prefix } from '../../lib/problem/problem.ts'
import { pick, random } from '../../lib/seed/random.ts'
import { policyContract } from '../contracts/policy.ts'
import { openTested } from '../engine/device-under-test.ts'
import { fixture } from '../fixtures.ts'

const tokenizer = openTokenizer(trainTokenizer(['Mia has 12 apples.', 'start = 12', 'now = start - 5', 'print(now)']))
const prefix: Prefix = { problemId: 'p', question: 'Mia has 12 apples.', steps: [] }
const idsOf = (text: string): number[] => tokenizer.encode(text, { specials: true })

/** Says one of these texts, chosen by the seed and the prefix; remembers what it was asked. */
function scripted(texts: readonly string[]): StepGenerator & { calls: Parameters<StepGenerator['generate']>[] } {
  const calls: Parameters<StepGenerator['generate']>[] = []
  return {
    calls,
    async generate(requests, options) {
      calls.push([requests, options])
      return requests.map(({ ids, count, seed }) => {
        const rng = random(seed, 'scripted', ids.join())
        return Array.from({ length: count }, () => {
          const said = idsOf(pick(rng, texts)).slice(0, options.maxTokens)
          return { ids: said, logProbability: -said.length, stopped: options.stop.includes(said.at(-1)!) }
        })
      })
    },
    dispose: async () => undefined,
  }
}
const policyOf = (texts: readonly string[], options: LocalPolicyOptions = {}) => {
  const generator = scripted(texts)
  return { generator, policy: localPolicy({ ...options, generator, tokenizer }) }
}

policyContract('local model (scripted)', () =>
  localPolicy({ generator: scripted(['now = 3<end_of_step>', 'print(now)<end_of_code>', 'cut off']), tokenizer }),
)

/** A small random model whose output rows of the markers are long, so that its steps are short and both markers occur. */
function randomCheckpoint(folder: string): string {
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
    tied: false,
    maxPositions: 256,
  }
  const weights = initialWeights(config, 4)
  const head = weights.get('lm_head.weight')!.data
  for (const id of stopIds(tokenizer)) for (let i = 0; i < 16; i++) head[id * 16 + i]! *= 30
  saveCheckpoint(folder, { config, weights, tokenizer })
  return folder
}
const folder = mkdtempSync(join(tmpdir(), 'asterism-local-'))
const engine = await openTested({ threads: 1 })
after(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true })
})
const modelFolder = randomCheckpoint(join(folder, 'policy'))

policyContract('local model (checkpoint)', () => loadPolicy(engine, modelFolder, { maxStepTokens: 12 }))

test('a checkpoint solves in one go: greedy alike for every seed, at temperature 1 by its seed', async () => {
  const policy = await loadPolicy(engine, modelFolder)
  const greedy = await policy.solve([prefix, prefix], { seeds: [1, 2], maxTokens: 30 })
  assert.deepEqual(greedy[0], greedy[1])
  const sample = (seed: number) => policy.solve([prefix], { seeds: [seed], count: 4, temperature: 1, maxTokens: 30 })
  assert.deepEqual(await sample(1), await sample(1))
  assert.notDeepEqual(await sample(1), await sample(2))
  assert.ok((await sample(1))[0]!.every(({ tokens }) => tokens >= 1 && tokens <= 30))
  assert.equal(policy.name, modelFolder)
  await policy.dispose()
})

test('the end tokens of generation_config.json end what a model writes', async () => {
  const lengths = async (ends: number | number[]) => {
    const path = join(folder, 'ends')
    saveCheckpoint(path, { ...(await loadCheckpoint(modelFolder)), generation: { eos_token_id: ends } })
    const policy = await loadPolicy(engine, path)
    const [solutions] = await policy.solve([prefix], { seeds: [1], count: 8, temperature: 1, maxTokens: 30 })
    await policy.dispose()
    return solutions!.map(({ tokens }) => tokens)
  }
  const without = await lengths([])
  assert.ok(without.some((tokens) => tokens > 1))
  assert.deepEqual(await lengths(stopIds(tokenizer)[1]!), without, 'the marker ends it anyway')
  const every = Array.from({ length: tokenizer.vocabSize }, (_, id) => id)
  assert.deepEqual(new Set(await lengths(every)), new Set([1]))
})

test('the generator stops at end tokens besides the markers', async () => {
  const { policy, generator } = policyOf(['x = 1<end_of_step>'], { endIds: [7, 9] })
  await policy.propose([{ prefix, count: 1, seed: 1 }])
  await policy.solve([prefix], { seeds: [1] })
  const [step, code] = stopIds(tokenizer)
  assert.deepEqual(
    generator.calls.map(([, { stop }]) => stop),
    [
      [step, code, 7, 9],
      [code, 7, 9],
    ],
  )
})

test('a PPM is no policy', async () => {
  const message = /seqcls-reward: expected a policy, got a PPM, .*Open it with loadPpm/
  await assert.rejects(loadPolicy(engine, fixture('checkpoints', 'seqcls-reward')), message)
})

test('a proposal carries its text, its log-probability and its tokens, marker included', async () => {
  const { policy } = policyOf(['print(now)<end_of_code>'])
  const [[proposal]] = (await policy.propose([{ prefix, count: 1, seed: 1 }])) as [[unknown]]
  const tokens = idsOf('print(now)<end_of_code>').length
  assert.deepEqual(proposal, { text: 'print(now)', final: true, logProbability: -tokens, tokens })
})

test('text that is no step is dropped, the rest keeps its order', async () => {
  const { policy } = policyOf(['now = 3', '<end_of_step>', 'now<code>3<end_of_step>', '# hm<end_of_step>'])
  assert.deepEqual(await policy.propose([{ prefix, count: 50, seed: 1 }]), [[]])
})

test('the generator is asked once for all requests, with the settings and both stop markers', async () => {
  const { policy, generator } = policyOf(['x = 1<end_of_step>'], {
    temperature: 0.7,
    topP: 0.9,
    topK: 5,
    maxStepTokens: 9,
  })
  const other = { ...prefix, steps: [{ text: 'start = 12', final: false }] }
  await policy.propose([
    { prefix, count: 2, seed: 7 },
    { prefix: other, count: 3, seed: 8 },
  ])
  const stop = [tokenizer.idOf('<end_of_step>')!, tokenizer.idOf('<end_of_code>')!]
  assert.deepEqual(generator.calls, [
    [
      [
        { ids: encodePrefix(tokenizer, prefix), count: 2, seed: 7 },
        { ids: encodePrefix(tokenizer, other), count: 3, seed: 8 },
      ],
      { maxTokens: 9, temperature: 0.7, topP: 0.9, topK: 5, stop },
    ],
  ])
})

test('a model that reads comments proposes and reads them', async () => {
  const { policy, generator } = policyOf(['# five go\nnow = 7<end_of_step>'], { comments: true })
  const steps = [{ text: 'start = 12  # apples', final: false }]
  const [proposals] = await policy.propose([{ prefix: { ...prefix, steps }, count: 1, seed: 1 }])
  assert.equal(proposals![0]!.text, '# five go\nnow = 7')
  assert.match(tokenizer.decode(generator.calls[0]![0][0]!.ids), /<code>start = 12 {2}# apples<end_of_step>$/)
})

test('a prefix with no room for a step gets no proposals, the others get theirs', async () => {
  const long = { ...prefix, question: 'Mia has 12 apples. '.repeat(30) }
  const { policy } = policyOf(['x = 1<end_of_step>'], { maxPositions: 60 })
  const lists = await policy.propose([
    { prefix: long, count: 2, seed: 1 },
    { prefix, count: 2, seed: 1 },
  ])
  assert.deepEqual(
    lists.map((list) => list.length),
    [0, 2],
  )
})

const solution = 'start = 12<end_of_step>now = start - 5<end_of_step>print(now)<end_of_code>'

test('a solution in one go is split into its steps', async () => {
  const { policy, generator } = policyOf([solution])
  const [[solved]] = (await policy.solve([prefix], { seeds: [1] })) as [[unknown]]
  const tokens = idsOf(solution).length
  assert.deepEqual(solved, {
    steps: [
      { text: 'start = 12', final: false },
      { text: 'now = start - 5', final: false },
      { text: 'print(now)', final: true },
    ],
    complete: true,
    tokens,
    logProbability: -tokens,
  })
  const settings = { maxTokens: 200, temperature: 0, topP: 1, topK: 0, stop: [tokenizer.idOf('<end_of_code>')] }
  assert.deepEqual(generator.calls[0]![1], settings)
})

test('a solution is incomplete when it is cut off, or a step in it is none', async () => {
  const first = [{ text: 'start = 12', final: false }]
  const cases: [string, number][] = [
    [solution, idsOf('start = 12<end_of_step>now =').length],
    ['start = 12<end_of_step>now<|pad|>3<end_of_step>print(now)<end_of_code>', 200],
    ['start = 12<end_of_step><end_of_code>', 200],
  ]
  for (const [text, maxTokens] of cases) {
    const [solved] = await policyOf([text]).policy.solve([prefix], { seeds: [1], maxTokens })
    assert.deepEqual([solved![0]!.steps, solved![0]!.complete], [first, false], text)
  }
})

test('solutions come in the order of their prefixes, count for each, in batches, whatever room the others have', async () => {
  const longer = { ...prefix, question: 'Mia has 12 apples. '.repeat(3) }
  const maxPositions = encodePrefix(tokenizer, longer).length + 12
  const options = { seeds: [1, 2, 3, 4, 5], count: 4, temperature: 1, maxTokens: 40 }
  const prefixes = [prefix, longer, prefix, prefix, prefix]
  const { policy, generator } = policyOf([solution, 'print(12)<end_of_code>'], { batchSize: 2, maxPositions })
  const solved = await policy.solve(prefixes, options)
  assert.deepEqual(
    solved.map((list) => list.length),
    [4, 4, 4, 4, 4],
  )
  assert.ok(generator.calls.every(([requests]) => requests.length <= 2))
  for (const [i, each] of prefixes.entries())
    assert.deepEqual((await policy.solve([each], { ...options, seeds: [options.seeds[i]!] }))[0], solved[i])
})

test('a prefix that fills the context has no solutions, and seeds must match prefixes', async () => {
  const { policy } = policyOf([solution], { maxPositions: 5 })
  assert.deepEqual(await policy.solve([prefix], { seeds: [1] }), [[]])
  await assert.rejects(policy.solve([prefix], { seeds: [] }), /Expected one seed for each of 1 prefixes, got 0/)
})

test('the generator is disposed once', async () => {
  let disposed = 0
  const generator = { ...scripted([]), dispose: async () => void disposed++ }
  const policy = localPolicy({ generator, tokenizer })
  await policy.dispose()
  await policy.dispose()
  assert.equal(disposed, 1)
})

test('settings out of range are refused', () => {
  assert.throws(() => policyOf([], { temperature: -1 }), /`temperature` to be 0 or more, got `-1`/)
  assert.throws(() => policyOf([], { topP: 0 }), /`topP` above 0 and up to 1, got `0`/)
  assert.throws(() => policyOf([], { maxStepTokens: 1 }), /`maxStepTokens` to be an integer from 2 up/)
})
