import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trainTokenizer } from '../../lib/model/bpe.ts'
import { encodePrefix } from '../../lib/model/step-format.ts'
import { openTokenizer } from '../../lib/model/tokenizer.ts'
import { type LocalPpmOptions, localPpm, type StepScorer } from '../../lib/policy/local-ppm.ts'
import type { Prefix, Step } from '../../lib/problem/problem.ts'

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
