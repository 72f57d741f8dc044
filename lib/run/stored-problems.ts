// The problems that a run learns from, in its problems.jsonl: each is read when it is needed. What stays in memory is
// where each begins and its id, so that a stage may go through any number of problems.
import { createHash } from 'node:crypto'
import { openAtomic } from '../file/atomic.ts'
import { eachJsonl, jsonl, readJsonlAt } from '../file/jsonl.ts'
import type { Problem } from '../problem/problem.ts'

/** The files that hold a run's problems: those to learn from, and those that only evaluation sees. */
export const PROBLEM_FILES = ['problems.jsonl', 'held-out.jsonl'] as const

/** What a manifest says of both lists. `sha256`: of the two files one after the other. */
export interface ProblemCounts {
  readonly train: number
  readonly heldOut: number
  readonly sha256: string
}

/** In the order of the file; an index is a place in it, from 0. */
export interface StoredProblems extends Iterable<Problem> {
  readonly length: number
  /** The problems at some places, in the order of `indices`. Errors: a place that does not exist. */
  at(indices: readonly number[]): Problem[]
  /** The place of a problem; undefined for an id that no problem has. */
  indexOf(id: string): number | undefined
}

/** Errors: a line that is no JSON, with its number; two problems with one id. */
export function openStoredProblems(path: string): StoredProblems {
  const offsets: number[] = []
  const lengths: number[] = []
  const places = new Map<string, number>()
  for (const { value, offset, bytes, line } of eachJsonl<Problem>(path)) {
    if (places.has(value.id))
      throw new Error(`${path}:${line}: expected a problem of its own id, got ${value.id} again`)
    places.set(value.id, offsets.length)
    offsets.push(offset)
    lengths.push(bytes)
  }
  return {
    length: offsets.length,
    at(indices) {
      const missing = indices.find((index) => offsets[index] === undefined)
      if (missing !== undefined)
        throw new RangeError(`Expected a problem from 0 to ${offsets.length - 1}, got ${missing}`)
      return readJsonlAt<Problem>(
        path,
        indices.map((index) => ({ offset: offsets[index]!, bytes: lengths[index]! })),
      )
    },
    indexOf: (id) => places.get(id),
    *[Symbol.iterator]() {
      for (const { value } of eachJsonl<Problem>(path)) yield value
    },
  }
}

type Lists = readonly [train: Iterable<Problem>, heldOut: Iterable<Problem>]

/** Goes through both lists without keeping them. `onLine` gets each problem as its line, with the place of its list. */
export function countProblems(lists: Lists, onLine: (list: number, line: string) => void = () => undefined) {
  const hash = createHash('sha256')
  const counts = lists.map((list, index) => {
    let count = 0
    for (const problem of list) {
      const line = jsonl([problem])
      hash.update(line)
      onLine(index, line)
      count++
    }
    return count
  })
  return { train: counts[0]!, heldOut: counts[1]!, sha256: hash.digest('hex') } satisfies ProblemCounts
}

/** Writes both lists into a run's folder; each file appears whole. Errors: a full disk. */
export function writeProblems(path: (file: string) => string, lists: Lists): ProblemCounts {
  const files = PROBLEM_FILES.map((file) => openAtomic(path(file)))
  try {
    const counts = countProblems(lists, (list, line) => files[list]!.write(line))
    for (const file of files) file.commit()
    return counts
  } finally {
    for (const file of files) file.discard()
  }
}
