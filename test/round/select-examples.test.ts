// From real trees of a first round to what its models learn from.

import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { writeJson } from '../../lib/file/json.ts'
import { jsonl } from '../../lib/file/jsonl.ts'
import { surveyLuck } from '../../lib/pairs/luck.ts'
import { preferencePairs } from '../../lib/pairs/preference-pairs.ts'
import { treesByProblem } from '../../lib/pairs/sft-examples.ts'
import { distinctTrajectories, type Trajectory, trajectories } from '../../lib/pairs/trajectories.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import type { Step } from '../../lib/problem/problem.ts'
import { openGrammar } from '../../lib/round/grammar.ts'
import { buildReport } from '../../lib/round/report.ts'
import { searchRound } from '../../lib/round/search-round.ts'
import { selectExamples } from '../../lib/round/select-examples.ts'
import { splitPairs } from '../../lib/round/train-round.ts'
import type { Run } from '../../lib/run/run.ts'
import { readTrees } from '../../lib/run/trees.ts'
import { writeTree } from '../../lib/search/record.ts'
import type { Tree } from '../../lib/search/tree.ts'
import { roundTable } from '../../lib/show/views/round-table.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { runsRoot, tinyRun } from './tiny.ts'

const { root, remove } = runsRoot()
const verifier = await openVerifier({ processes: 1 })
const open = (name: string, ...set: string[]) => tinyRun(root, name, 'problems=[12,8,4,0,0,0]', 'heldOut=1', ...set)
const searched = open('searched')
await searchRound(searched, 1, { engine: null as never, verifier })
await verifier.dispose()
after(remove)

const trees = readTrees(searched, 1)
const right = trees.flatMap(trajectories).filter((trajectory) => trajectory.right === true)

/** A run whose rounds were searched with these trees. */
function withTrees(name: string, rounds: readonly (readonly Tree[])[], ...set: string[]): Run {
  const run = open(name, ...set)
  rounds.forEach((list, i) => {
    writeJson(run.roundPath(i + 1, 'search.json'), { trees: list.length })
    writeFileSync(run.roundPath(i + 1, 'trees.jsonl'), jsonl(list.map(writeTree)))
  })
  return run
}

test('accepted are right trajectories of each problem, no more than asked for, and no suspects', () => {
  const { accepted } = selectExamples(searched, 1)
  const { perProblem, suspectAbove } = searched.recipe(1).examples
  const problems = new Map(searched.train.map((problem) => [problem.id, problem]))
  const accident = accidentsOf(trees)
  assert.ok(accepted.length > 0)
  for (const { problemId, steps, answer, round } of accepted) {
    const problem = problems.get(problemId)!
    assert.ok(numericGrader.equivalent(answer, problem.answer))
    assert.equal(round, 1)
    assert.ok(right.some((other) => isDeepStrictEqual(other.steps, steps) && accident(other) <= suspectAbove))
    assert.ok(accepted.filter((other) => other.problemId === problemId).length <= perProblem)
  }
})

/** The probability of an accident for every right trajectory of a round. */
function accidentsOf(list: readonly Tree[]): (trajectory: Trajectory) => number {
  const groups = treesByProblem(list)
  const survey = surveyLuck()
  for (const group of groups) survey.add(group)
  const luck = survey.luck()
  const judges = new Map(groups.map((group) => [group[0]!.problem.id, luck.accident(group)]))
  return (trajectory) => judges.get(trajectory.problemId)!(trajectory)
}

test('suspects teach neither policy nor PPM nor grammar, and are counted: none at 1, all that chance can explain at 0', () => {
  const at = (limit: number) => {
    const run = withTrees(`limit${limit}`, [trees], `rounds.0.examples.suspectAbove=${limit}`)
    return { ...selectExamples(run, 1), grammar: openGrammar(run, 2).snapshot() }
  }
  const [none, strict] = [at(1), at(0)]
  assert.equal(none.counts.suspects, 0)
  assert.equal(none.counts.right, distinctTrajectories(right).length)
  assert.equal(new Set(none.accepted.map((a) => a.problemId)).size, new Set(right.map((r) => r.problemId)).size)
  assert.ok(none.grammar.problems.length > 0 && none.pairs.length > 0)
  assert.equal(strict.counts.suspects, strict.counts.right)
  assert.deepEqual([strict.accepted, strict.pairs, strict.grammar.problems], [[], [], []])
})

test('shuffled references are hit by luck alone: all that is then right is suspect', () => {
  const shifted = trees.map((tree, i) => withReference(tree, trees[(i + 7) % trees.length]!.problem.answer))
  const lucky = shifted.flatMap(trajectories).filter((trajectory) => trajectory.right === true)
  assert.ok(lucky.length > 0)
  const accident = accidentsOf(shifted)
  assert.deepEqual(
    lucky.filter((trajectory) => accident(trajectory) <= 0.5).map(({ answer }) => answer),
    [],
  )
})

/** The tree as it would be had its problem another reference. */
const withReference = (tree: Tree, answer: string): Tree => ({
  ...tree,
  problem: { ...tree.problem, answer },
  stats: {
    ...tree.stats,
    right: tree.stats.right.map((right, node) =>
      right === null ? null : numericGrader.equivalent(tree.nodes[node]!.answer ?? '', answer),
    ),
  },
})

test('a suspect is on neither side of a pair: what is preferred leads to a right answer that is none', () => {
  const isSuspect = ({ node }: Trajectory) => node % 2 === 0
  const pairs = treesByProblem(trees).flatMap((group) => preferencePairs(group, { perSide: 99 }, isSuspect))
  const pathOf = (steps: readonly Step[]) => JSON.stringify(steps).slice(0, -1)
  const sound = right.filter((trajectory) => !isSuspect(trajectory)).map(({ steps }) => pathOf(steps))
  const suspect = right.filter(isSuspect).map(({ steps }) => pathOf(steps))
  assert.ok(suspect.length > 0 && pairs.some(({ kind }) => kind === 'step'))
  assert.ok(pairs.some(({ kind }) => kind === 'trajectory'))
  for (const { prefix, chosen, rejected } of pairs) {
    const better = pathOf([...prefix, ...chosen])
    assert.ok(
      sound.some((path) => path.startsWith(better)),
      better,
    )
    assert.ok(!suspect.includes(pathOf([...prefix, ...rejected])))
  }
})

test('the report counts suspects beside what was accepted', () => {
  const run = withTrees('reported', [trees], 'rounds.0.examples.suspectAbove=0')
  const { counts } = selectExamples(run, 1)
  copyFileSync(searched.roundPath(1, 'search.json'), run.roundPath(1, 'search.json'))
  writeJson(run.roundPath(1, 'metrics.json'), { round: 1, tokens: {} })
  const report = buildReport(run)
  assert.deepEqual(report.rounds[0]!.examples, counts)
  assert.ok(counts.suspects > 0)
  assert.match(String(roundTable(report)), new RegExp(`round 1 +│ +${counts.right} │ +${counts.suspects} │ +0 │ +0 │`))
})

test('the counts of a run of version 0.1 are read as they were', () => {
  const run = withTrees('earlier', [trees])
  writeJson(run.roundPath(1, 'selection.json'), { accepted: 2, pairs: 3, accidents: { refused: 4, of: 9 } })
  assert.deepEqual(selectExamples(run, 1).counts, { accepted: 2, pairs: 3, right: 9, suspects: 4, untrusted: 0 })
})

test('a problem that a round leaves unsolved keeps its trajectories of the round before, if the recipe says so', () => {
  const first = selectExamples(searched, 1).accepted
  const solvedIds = [...new Set(first.map(({ problemId }) => problemId))]
  const solvedAgain = new Set(solvedIds.slice(0, Math.ceil(solvedIds.length / 2)))
  const second = trees.filter(({ problem }) => solvedAgain.has(problem.id))
  const { accepted } = selectExamples(withTrees('carried', [trees, second]), 2)
  const rounds = new Map(accepted.map(({ problemId, round }) => [problemId, round]))
  assert.deepEqual([...rounds.keys()].sort(), [...solvedIds].sort())
  for (const [id, round] of rounds) assert.equal(round, solvedAgain.has(id) ? 2 : 1, id)
  assert.deepEqual(
    accepted.filter(({ round }) => round === 1),
    first.filter(({ problemId }) => !solvedAgain.has(problemId)),
  )
  const without = withTrees('dropped', [trees, second], 'rounds.1.examples.carry=false')
  assert.ok(selectExamples(without, 2).accepted.every(({ round }) => round === 2))
})

test('pairs have a right and a wrong side after one prefix', () => {
  const { pairs } = selectExamples(searched, 1)
  assert.ok(pairs.length > 0)
  for (const { chosen, rejected, margin, weight } of pairs) {
    assert.notDeepEqual(chosen, rejected)
    assert.ok(margin > 0 && weight > 0 && weight <= 1)
  }
})

test('a selection that was made is read, whatever has become of the trees', () => {
  const before = selectExamples(searched, 1)
  const copy = withTrees('read', [trees])
  selectExamples(copy, 1)
  writeFileSync(copy.roundPath(1, 'trees.jsonl'), '')
  assert.deepEqual(selectExamples(copy, 1), before)
})

test('a round is searched before its examples are selected', () => {
  assert.throws(() => selectExamples(open('early'), 1), /Expected round 1 to be searched .* searchRound\(run, 1\)/)
})

test('the pairs of every n-th problem are held out, whole problems at a time, and nothing is lost', () => {
  const run = open('pairs', 'evaluation.pairHoldOut=4')
  const pairs = run.train.flatMap(({ id }) => [1, 2].map(() => ({ problemId: id }))) as never[]
  const { train, heldOut } = splitPairs(run, pairs) as {
    train: { problemId: string }[]
    heldOut: { problemId: string }[]
  }
  const idsOf = (list: { problemId: string }[]) => new Set(list.map(({ problemId }) => problemId))
  assert.equal(train.length + heldOut.length, pairs.length)
  assert.deepEqual(
    [...idsOf(heldOut)],
    run.train.filter((_, i) => i % 4 === 3).map(({ id }) => id),
  )
  assert.ok([...idsOf(heldOut)].every((id) => !idsOf(train).has(id)))
})
