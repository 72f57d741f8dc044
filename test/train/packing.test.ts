import assert from 'node:assert/strict'
import test from 'node:test'
import type { LanguageBatch } from '../../lib/model/objectives.ts'
import { below, random } from '../../lib/seed/random.ts'
import {
  type LanguageExample,
  type PreferenceExample,
  type PreferenceRows,
  packLanguage,
  packPreferences,
} from '../../lib/train/packing.ts'

/** Endless examples of random length, every token with a number of its own; remembers what it gave. */
function source<T>(make: (tokens: (count: number) => number[], length: () => number) => T) {
  const rng = random(7, 'packing')
  let token = 1
  const tokens = (count: number) => Array.from({ length: count }, () => token++)
  const given: T[] = []
  const held: T[] = []
  const next = (): T => {
    const example = held.pop() ?? make(tokens, () => 1 + below(rng, 9))
    given.push(example)
    return example
  }
  const putBack = (example: T): void => {
    assert.equal(given.pop(), example)
    held.push(example)
  }
  return { given, next, putBack }
}

const languageSource = () =>
  source<LanguageExample>((tokens, length) => ({ prefix: tokens(length()), solution: tokens(length()) }))
const pairSource = () =>
  source<PreferenceExample>((tokens, length) => ({
    prefix: tokens(length()),
    chosen: tokens(length()),
    rejected: tokens(length()),
    weight: 0.5,
  }))

/** The places of one segment of a row, in order. */
const placesOf = (batch: LanguageBatch | PreferenceRows, row: number, columns: number, segment: number): number[] =>
  Array.from({ length: columns }, (_, column) => row * columns + column).filter(
    (at) => batch.segments[at] === segment && (batch.ids[at] !== 0 || batch.parents[at] !== 0),
  )

test('every example of a language batch stands in it once and whole, predicts its solution and nothing else', () => {
  const shape = { rows: 3, columns: 32 }
  const { given, next, putBack } = languageSource()
  for (let turn = 0; turn < 5; turn++) {
    given.length = 0
    const batch = packLanguage(next, putBack, shape)
    const found: LanguageExample[] = []
    for (let row = 0; row < shape.rows; row++) {
      for (let segment = 1; ; segment++) {
        const places = placesOf(batch, row, shape.columns, segment)
        if (places.length === 0) break
        assert.deepEqual(
          places.map((at) => batch.positions[at]),
          places.map((_, i) => i),
        )
        assert.ok(places.every((at) => batch.parents[at] === segment))
        const from = places.findIndex((at) => batch.lossWeights[at] === 1)
        assert.ok(places.slice(from).every((at) => batch.lossWeights[at] === 1))
        const solution = places.slice(from).map((at) => batch.targets[at]!)
        const prefix = places.slice(0, from + 1).map((at) => batch.ids[at]!)
        assert.deepEqual(
          places.slice(from + 1).map((at) => batch.ids[at]),
          solution.slice(0, -1),
          'each token of the solution is read where the one before it was predicted',
        )
        found.push({ prefix, solution })
      }
    }
    assert.deepEqual(found, given)
    for (const [at, segment] of batch.segments.entries())
      if (segment === 0) assert.deepEqual([batch.ids[at], batch.targets[at], batch.lossWeights[at]], [0, 0, 0])
  }
})

test('an example that does not fit the rest of a row comes first in the next row, and of the next batch', () => {
  const examples: LanguageExample[] = [6, 6, 3, 9, 2].map((length, i) => ({
    prefix: [100 * (i + 1)],
    solution: Array.from({ length }, (_, k) => 100 * (i + 1) + k + 1),
  }))
  const held: LanguageExample[] = []
  const pack = () =>
    packLanguage(
      () => held.pop() ?? examples.shift() ?? { prefix: [1], solution: Array(10).fill(1) },
      (example) => held.push(example),
      { rows: 2, columns: 10 },
    )
  const firstOf = (batch: LanguageBatch, row: number) => batch.ids[row * 10]
  const first = pack()
  assert.deepEqual([firstOf(first, 0), firstOf(first, 1), first.ids[16]], [100, 200, 300])
  const second = pack()
  assert.equal(firstOf(second, 0), 400)
})

test('an example longer than a row is refused, and one that just fits is not', () => {
  const one = (tokens: number) => () => ({ prefix: [1], solution: Array<number>(tokens - 1).fill(2) })
  assert.throws(() => packLanguage(one(12), () => undefined, { rows: 1, columns: 10 }), /at most 11 tokens, got 12/)
  const batch = packLanguage(one(11), () => undefined, { rows: 1, columns: 10 })
  assert.equal(
    batch.lossWeights.reduce((sum, weight) => sum + weight, 0),
    10,
  )
})

test('both sides of a pair continue the one copy of its prefix; compared are their last tokens and those where they part', () => {
  const shape = { rows: 3, columns: 40, pairs: 12 }
  const { given, next, putBack } = pairSource()
  for (let turn = 0; turn < 5; turn++) {
    given.length = 0
    const batch = packPreferences(next, putBack, shape)
    let pair = 0
    let compared = 0
    for (let row = 0; row < shape.rows; row++) {
      for (let segment = 1; placesOf(batch, row, shape.columns, segment).length > 0; segment += 3) {
        const [prefix, chosen, rejected] = [0, 1, 2].map((k) => placesOf(batch, row, shape.columns, segment + k))
        const { prefix: read, chosen: better, rejected: worse } = given[pair]!
        const idsOf = (places: number[]) => places.map((at) => batch.ids[at])
        assert.deepEqual([idsOf(prefix!), idsOf(chosen!), idsOf(rejected!)], [read, better, worse])
        for (const side of [chosen!, rejected!]) {
          assert.equal(batch.positions[side[0]!], read.length)
          assert.ok(side.every((at) => batch.parents[at] === segment))
        }
        const comparison = () => [batch.chosen[compared], batch.rejected[compared]]
        assert.deepEqual(comparison(), [chosen!.at(-1), rejected!.at(-1)])
        compared++
        const parting = better.findIndex((id, i) => id !== worse[i])
        if (parting >= 0 && parting < Math.min(better.length, worse.length) - 1 && compared < shape.pairs) {
          assert.deepEqual(comparison(), [chosen![parting], rejected![parting]])
          compared++
        }
        pair++
      }
    }
    assert.deepEqual([pair, compared], [given.length, batch.used])
    assert.deepEqual(
      [...batch.pairWeights],
      Array.from({ length: shape.pairs }, (_, i) => (i < compared ? 0.5 : 0)),
    )
  }
})

test('a batch holds no more comparisons than it has room for, and takes no pair that it does not hold', () => {
  const { given, next, putBack } = pairSource()
  const batch = packPreferences(next, putBack, { rows: 4, columns: 200, pairs: 5 })
  assert.equal(batch.used, 5)
  assert.ok(given.length >= 3 && given.length <= 5, `${given.length}`)
})

test('a source that ends leaves a batch with fewer pairs', () => {
  const pairs: PreferenceExample[] = [{ prefix: [1, 2], chosen: [3], rejected: [4, 5], weight: 1 }]
  const batch = packPreferences(
    () => pairs.shift() ?? null,
    () => undefined,
    { rows: 2, columns: 10, pairs: 4 },
  )
  assert.equal(batch.used, 1)
  assert.deepEqual([...batch.pairWeights], [1, 0, 0, 0])
  assert.throws(
    () =>
      packPreferences(
        () => ({ prefix: Array(9).fill(1), chosen: [1], rejected: [1], weight: 1 }),
        () => undefined,
        { rows: 1, columns: 10, pairs: 1 },
      ),
    /at most 10 tokens, got 11/,
  )
})
