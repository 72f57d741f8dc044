import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ppmAugmented } from '../../lib/annotate/ppm-augmented.ts'
import type { SearchParts } from '../../lib/search/parts.ts'
import { writeTree } from '../../lib/search/record.ts'
import { searchTree } from '../../lib/search/rollout.ts'
import {
  type SearchProblemsOptions,
  type SearchProgress,
  searchProblems,
  searchTrees,
} from '../../lib/search/schedule.ts'
import { newTree } from '../../lib/search/tree.ts'
import { random } from '../../lib/seed/random.ts'
import { digitPolicy, digitSum, fakeVerifier, noisyPpm, parts, problem } from './fakes.ts'

const problems = (n: number) => Array.from({ length: n }, (_, i) => problem(`p${i}`, String(i % 9)))
const ppm = noisyPpm((steps) => (digitSum(steps) % 7) / 7, 0.3)
const guided = () => parts(digitPolicy(), { annotator: ppmAugmented(ppm) })

async function lines(n: number, from: SearchParts, options: SearchProblemsOptions = {}): Promise<string[]> {
  const out: string[] = []
  for await (const { tree } of searchProblems(problems(n), from, { rollouts: 6, ...options }))
    out.push(JSON.stringify(writeTree(tree)))
  return out
}

/** The same parts, each call late by a random time. */
function delayed(seed: number): SearchParts {
  const rng = random(seed, 'delay')
  const late = async <T>(result: Promise<T>): Promise<T> => {
    await sleep(rng() * 4)
    return result
  }
  const { policy, verifier, annotator, grader } = guided()
  return {
    policy: { ...policy, propose: (requests) => late(policy.propose(requests)) },
    verifier: {
      executions: 0,
      verify: (steps, candidates) => late(verifier.verify(steps, candidates)),
      dispose: verifier.dispose,
    },
    annotator: { ...annotator, ppm: { ...ppm, score: (requests) => late(ppm.score(requests)) } },
    grader,
  }
}

test('trees come in problem order and do not depend on concurrency, batches or delays', async () => {
  const alone = await lines(40, guided(), { concurrency: 1 })
  assert.equal(alone.length, 40)
  assert.deepEqual(await lines(40, guided(), { concurrency: 100 }), alone)
  assert.deepEqual(await lines(40, delayed(1), { concurrency: 100 }), alone)
  assert.deepEqual(await lines(40, delayed(2), { concurrency: 7 }), alone)
  const single = await searchTree(newTree(problems(40)[3]!, { rollouts: 6 }), guided())
  assert.equal(JSON.stringify(writeTree(single)), alone[3])
})

test('other seeds, tree indices and ids are other trees; equal questions stay apart', async () => {
  const twins = [problem('a', '3', 'Same?'), problem('b', '4', 'Same?')]
  const seen = new Set<string>()
  for (const options of [{ treesPerProblem: 2 }, { treesPerProblem: 2, firstTreeIndex: 2 }, { seed: 2 }]) {
    for await (const { problem: searched, tree } of searchProblems(twins, guided(), { rollouts: 6, ...options })) {
      assert.equal(searched, tree.problem)
      seen.add(JSON.stringify(writeTree(tree).nodes))
    }
  }
  assert.equal(seen.size, 10)
  assert.throws(() => searchProblems([twins[0]!, twins[0]!], guided()), /own id, got a twice/)
})

test('a slow tree delays nobody', async () => {
  let release = (): void => undefined
  const othersDone = new Promise<void>((resolve) => (release = resolve))
  const inner = fakeVerifier()
  const slowSteps = new Set<string>()
  const policy = digitPolicy()
  const marked = {
    ...policy,
    propose: async (requests: Parameters<typeof policy.propose>[0]) => {
      const proposals = await policy.propose(requests)
      return proposals.map((list, i) =>
        requests[i]!.prefix.problemId === 'p0' ? list.map((s) => ({ ...s, text: `${s.text} # slow` })) : list,
      )
    },
  }
  const verifier = {
    ...inner,
    executions: 0,
    verify: async (...args: Parameters<typeof inner.verify>) => {
      if (args[1].some(({ text }) => text.includes('# slow'))) {
        slowSteps.add(args[1][0]!.text)
        await othersDone
      }
      return inner.verify(...args)
    },
  }
  const onProgress = ({ done }: SearchProgress): void => {
    if (done === 29) release()
  }
  const trees = await lines(30, parts(marked, { verifier }), { onProgress, concurrency: 10 })
  assert.equal(trees.length, 30)
  assert.ok(slowSteps.size > 0)
})

test('requests of many trees share batches, at least half full on average', async () => {
  const search = searchProblems(problems(200), guided(), { rollouts: 6, concurrency: 64 })
  let rollouts = 0
  for await (const { tree } of search) rollouts += tree.counts.rollouts
  const { policy, ppm: scored, ...cost } = search.statistics()
  assert.ok(policy.meanFill! >= 0.5, `policy ${policy.meanFill}`)
  assert.ok(scored.meanFill! >= 0.5, `ppm ${scored.meanFill}`)
  assert.equal(policy.requests, cost.expansions)
  assert.equal(cost.rollouts, rollouts)
})

test('no batch is larger than the model asks for, and only one is under way', async () => {
  const policy = digitPolicy({ batchSize: 5 })
  let underWay = 0
  const watched = {
    ...policy,
    propose: async (requests: Parameters<typeof policy.propose>[0]) => {
      assert.ok(requests.length <= 5)
      assert.equal(underWay++, 0)
      await sleep(1)
      underWay--
      return policy.propose(requests)
    },
  }
  await lines(12, parts(watched), { rollouts: 3 })
})

test('progress counts what is done and solved, and ends at the total', async () => {
  const seen: SearchProgress[] = []
  const trees = await lines(20, guided(), { onProgress: (progress) => seen.push(progress) })
  const solved = trees.filter((tree) => (JSON.parse(tree) as { hits: number }).hits > 0).length
  assert.deepEqual(
    seen.map(({ done }) => done),
    Array.from({ length: 20 }, (_, i) => i + 1),
  )
  assert.equal(seen.at(-1)!.solved, solved)
  assert.equal(seen.at(-1)!.total, 20)
})

test('what a part throws ends the search with that error, after the trees before it', async () => {
  const policy = digitPolicy()
  let calls = 0
  const failing = {
    ...policy,
    propose: async (requests: Parameters<typeof policy.propose>[0]) => {
      if (++calls > 30) throw new Error('the server is gone')
      return policy.propose(requests)
    },
  }
  await assert.rejects(lines(30, parts(failing), { concurrency: 4 }), /the server is gone/)
})

test('an abort signal ends the search with its reason, and breaking off leaves nothing under way', async () => {
  const abort = new AbortController()
  const stopAtThree = ({ done }: SearchProgress): void => {
    if (done === 3) abort.abort(new Error('enough'))
  }
  await assert.rejects(lines(30, delayed(3), { signal: abort.signal, onProgress: stopAtThree }), /enough/)
  await assert.rejects(lines(3, guided(), { signal: AbortSignal.abort(new Error('before')) }), /before/)

  let underWay = 0
  const { policy, ...others } = delayed(4)
  const counted = {
    ...policy,
    propose: async (requests: Parameters<typeof policy.propose>[0]) => {
      underWay++
      const proposals = await policy.propose(requests)
      underWay--
      return proposals
    },
  }
  for await (const _ of searchProblems(problems(30), { policy: counted, ...others }, { rollouts: 6 })) break
  assert.equal(underWay, 0)
})

test('trees that exist already are grown on side by side', async () => {
  const whole = await lines(10, guided(), { rollouts: 6 })
  const trees = problems(10).map((searched) => newTree(searched, { rollouts: 6 }))
  const out: string[] = []
  for await (const { tree } of searchTrees(trees, guided())) out.push(JSON.stringify(writeTree(tree)))
  assert.deepEqual(out, whole)
})
