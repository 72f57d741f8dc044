import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programStore } from '../../../lib/policy/grammar/program-store.ts'

const slots = (...words: string[]) => words.map((word) => ({ literal: '3', words: [word] }))

test('problems stand in the order of their ids and programs in that of their text, however they came', () => {
  const [forth, back] = [programStore(), programStore()]
  const told = [
    ['b', [[[0, 2]]]],
    ['a', [[[1, 1]], [[0, 1]]]],
    [
      'c',
      [
        [
          [0, 1],
          [1, 3],
        ],
      ],
    ],
    ['a', [[[0, 1]], [[0, 10]]]],
  ] as const
  for (const [id, programs] of told) forth.add(id, `question ${id}`, slots('x', id), programs)
  for (const [id, programs] of told.toReversed()) back.add(id, `question ${id}`, slots('x', id), programs.toReversed())
  assert.deepEqual(forth.problems, back.problems)
  assert.deepEqual(
    forth.problems.map(({ id, programs }) => [id, programs]),
    [
      ['a', [[[0, 10]], [[0, 1]], [[1, 1]]]],
      ['b', [[[0, 2]]]],
      [
        'c',
        [
          [
            [0, 1],
            [1, 3],
          ],
        ],
      ],
    ],
  )
})

test('slots with the same words are kept once, over all problems', () => {
  const store = programStore()
  for (const id of ['a', 'b']) store.add(id, id, slots('finds', 'loses'), [[[0, 1]]])
  const [a, b] = store.problems
  assert.equal(a!.slots[1], b!.slots[1])
  assert.notEqual(a!.slots[0], a!.slots[1])
})
