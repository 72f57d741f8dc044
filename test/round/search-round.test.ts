// The search of a first round: grammar and real Python, no model.

import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { searchRound } from '../../lib/round/search-round.ts'
import type { RoundProgress } from '../../lib/run/progress.ts'
import type { Run } from '../../lib/run/run.ts'
import { readTimings } from '../../lib/run/timings.ts'
import { readTrees } from '../../lib/run/trees.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { runsRoot, tinyRun } from './tiny.ts'

const { root, remove } = runsRoot()
const verifier = await openVerifier({ processes: 1 })
after(async () => {
  await verifier.dispose()
  remove()
})

const few = ['problems=[6,4,2,0,0,0]', 'heldOut=1', 'rounds.0.wave=5', 'rounds.0.passes.*.rollouts=6']
const open = (name: string, ...set: string[]) => tinyRun(root, name, ...few, ...set)
const parts = { engine: null as never, verifier } // the grammar needs no engine
const treesOf = (run: Run): string => readFileSync(run.roundPath(1, 'trees.jsonl'), 'utf8')

const whole = open('whole')
const summary = await searchRound(whole, 1, parts)

test('a finished search is summed up by its trees', () => {
  const trees = readTrees(whole, 1)
  const solved = new Set(trees.filter(({ counts }) => counts.hits > 0).map(({ problem }) => problem.id))
  assert.equal(summary.problems, 12)
  assert.equal(summary.solved, solved.size)
  assert.ok(solved.size > 0, 'an easy problem at least is solved')
  assert.equal(summary.trees, trees.length)
  assert.equal(
    summary.rollouts,
    trees.reduce((sum, { counts }) => sum + counts.rollouts, 0),
  )
})

test('the first pass takes every problem, the second those that the first left unsolved', () => {
  const trees = readTrees(whole, 1)
  const [first, second] = [0, 1].map((pass) => trees.filter(({ index }) => index === pass))
  assert.deepEqual(first!.map(({ problem }) => problem.id).sort(), whole.train.map(({ id }) => id).sort())
  assert.deepEqual(
    second!.map(({ problem }) => problem.id),
    first!.filter(({ counts }) => counts.hits === 0).map(({ problem }) => problem.id),
  )
})

test('the trees are the same however many advance at once', async () => {
  const one = open('one', 'concurrency=1')
  await searchRound(one, 1, parts)
  assert.equal(treesOf(one), treesOf(whole))
})

test('a search that was done is read, not done again', async () => {
  const untouched = { engine: null as never, verifier: null as never }
  assert.deepEqual(await searchRound(whole, 1, untouched), summary)
})

test('cut off at any tree or in the middle of a line, a search goes on to the same trees', async () => {
  const lines = treesOf(whole).split(/(?<=\n)/)
  for (const [i, kept] of [0, 3, 5, 11, 13].entries()) {
    const run = open(`cut-${i}`)
    const file = run.roundPath(1, 'trees.jsonl')
    await searchRound(run, 1, { ...parts, signal: AbortSignal.abort(new Error('at once')) }).catch(() => undefined)
    writeFileSync(file, lines.slice(0, kept).join('') + (lines[kept] ?? '').slice(0, 100))
    const progress: RoundProgress[] = []
    const again = await searchRound(run, 1, { ...parts, onProgress: (each) => progress.push(each) })
    assert.equal(treesOf(run), treesOf(whole))
    assert.deepEqual(again, summary)
    assert.equal(progress.length, lines.length - kept, 'only the missing trees were searched')
    assert.equal(progress.at(-1)?.note, `solved ${summary.solved} of 12`)
  }
})

test('an aborted search keeps its finished trees and goes on from them', async () => {
  const run = open('aborted')
  const controller = new AbortController()
  let seen = 0
  const onProgress = () => ++seen === 4 && controller.abort(new Error('stop now'))
  await assert.rejects(searchRound(run, 1, { ...parts, signal: controller.signal, onProgress }), /stop now/)
  const kept = treesOf(run)
  assert.ok(kept.length > 0 && treesOf(whole).startsWith(kept))
  await searchRound(run, 1, parts)
  assert.equal(treesOf(run), treesOf(whole))
})

test('trees that were changed by hand are named with their line instead of searched on', async () => {
  const lines = treesOf(whole).split(/(?<=\n)/)
  const broken = async (name: string, content: string, message: RegExp) => {
    const run = open(name)
    await searchRound(run, 1, { ...parts, signal: AbortSignal.abort(new Error('at once')) }).catch(() => undefined)
    writeFileSync(run.roundPath(1, 'trees.jsonl'), content)
    await assert.rejects(searchRound(run, 1, parts), message)
  }
  const swapped = [lines[1], lines[0], ...lines.slice(2)].join('')
  await broken('swapped', swapped, /trees\.jsonl:1: expected the tree of .*, got the one of .* changed by hand/)
  await broken('garbage', `${lines[0]}not json\n`, /trees\.jsonl:2: expected one JSON value, got "not json"/)
  await broken(
    'foreign',
    lines[0]!.replace(/"problemId":"[^"]*"/, '"problemId":"nobody"'),
    /trees\.jsonl:1: expected a tree of a problem of this run, got one of nobody/,
  )
  await broken('shapeless', '{}\n', /trees\.jsonl:1: expected a tree/)
  await broken('more', [...lines, lines[0]].join(''), /expected no more trees, got the one of/)
})

test('a searched round whose trees were changed afterwards is refused', async () => {
  const run = open('less', 'concurrency=1') // its own copy of the same trees
  await searchRound(run, 1, parts)
  writeFileSync(
    run.roundPath(1, 'trees.jsonl'),
    treesOf(run)
      .split(/(?<=\n)/)
      .slice(1)
      .join(''),
  )
  assert.throws(() => readTrees(run, 1), /expected the file that the search of round 1 wrote, got another.*delete/)
  rmSync(run.roundPath(1, 'sha256.json')) // as of a version that wrote none
  assert.throws(() => readTrees(run, 1), /expected the \d+ trees that search\.json counts, got \d+\. .*by hand/)
})

test('a round that needs a model which is not there says which, and what to do', async () => {
  await assert.rejects(
    searchRound(whole, 2, parts),
    /round-1.policy, which round 2 searches with, but it is not there.*rounds\.0\.passes\.0\.rollouts/,
  )
})

test('how the steps ran is noted beside the times, and nowhere else', () => {
  const { level, inner, wrap, ownUid, python, sympy } = verifier.isolation
  assert.deepEqual(readTimings(whole.roundPath(1, 'timings.json')).isolation, [
    { level, inner, wrap, ownUid, python, sympy },
  ])
  assert.ok(!treesOf(whole).includes(level))
})
