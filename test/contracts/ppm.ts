// The laws of every process preference model (lib/policy/ppm-contract.ts). Equal requests get scores that are equal to the
// last bit: they are written to the files of a run, which must not depend on timing.
import assert from 'node:assert/strict'
import type { Ppm, ScoreRequest } from '../../lib/policy/ppm-contract.ts'
import type { Step } from '../../lib/problem/problem.ts'
import { type ContractOptions, declareLaws, disposesTwice, type Law, type Make, servesBatches, using } from './laws.ts'
import { contractPrefixes } from './policy.ts'

const candidates: readonly Step[] = [
  { text: '# Mia has 12 apples.\nnow = 12 - 5', final: false },
  { text: 'now = start * 3', final: false },
  { text: 'print(now)', final: true },
]

/** Three requests of different prefixes and lengths, one that ends with a printed answer. Copies all the way down. */
const requests = (): ScoreRequest[] =>
  structuredClone([
    { prefix: contractPrefixes[0]!, candidates, printed: [null, null, '7'] },
    { prefix: contractPrefixes[1]!, candidates: candidates.slice(0, 2) },
    { prefix: contractPrefixes[2]!, candidates: candidates.slice(2), printed: ['31'] },
  ])

/** What other candidates of one request may change. */
const ROUNDING = 1e-5

const near = (got: number, expected: number): void =>
  assert.ok(Math.abs(got - expected) <= ROUNDING, `${got} beside ${expected}`)

/** The laws of a PPM, one by one, for `brokenLaws`. */
export const ppmLaws: readonly Law<Ppm>[] = [
  {
    title: 'each request gets one score for each candidate, in order',
    async check(ppm) {
      const scores = await ppm.score(requests())
      assert.deepEqual(
        scores.map((list) => list.length),
        requests().map((request) => request.candidates.length),
      )
    },
  },
  {
    title: 'no request, no list; no candidate, no score',
    async check(ppm) {
      assert.deepEqual(await ppm.score([]), [])
      assert.deepEqual(await ppm.score([{ prefix: contractPrefixes[0]!, candidates: [] }]), [[]])
    },
  },
  {
    title: 'a score is in [-1, 1], whatever the steps say',
    async check(ppm) {
      const strange: Step[] = ['"', '🦊 = \\frac{1}{2}', 'x = 1\n'.repeat(40).trimEnd()].map((text) => ({
        text,
        final: false,
      }))
      const asked = [...requests(), { prefix: contractPrefixes[1]!, candidates: strange }]
      for (const score of (await ppm.score(asked)).flat())
        assert.ok(typeof score === 'number' && score >= -1 && score <= 1, `${typeof score} ${score}`)
    },
  },
  {
    title: 'the same requests get the same scores',
    check: async (ppm) => assert.deepEqual(await ppm.score(requests()), await ppm.score(requests())),
  },
  {
    title: 'two PPMs made alike score alike',
    check: (ppm, make) =>
      using(make, async (other) => assert.deepEqual(await other.score(requests()), await ppm.score(requests()))),
  },
  {
    title: 'scores do not depend on what else is in the batch, nor on its order',
    async check(ppm) {
      const together = await ppm.score(requests())
      const reversed = await ppm.score(requests().reverse())
      assert.deepEqual([...reversed].reverse(), together)
      for (const [i, request] of requests().entries()) assert.deepEqual((await ppm.score([request]))[0], together[i])
    },
  },
  {
    title: 'the other candidates of a request change a score by no more than rounding',
    async check(ppm) {
      const prefix = contractPrefixes[0]!
      const [together] = await ppm.score([{ prefix, candidates }])
      const [reversed] = await ppm.score([{ prefix, candidates: [...candidates].reverse() }])
      for (const [i, candidate] of candidates.entries()) {
        const [alone] = await ppm.score([{ prefix, candidates: [candidate] }])
        near(alone![0]!, together![i]!)
        near(reversed!.at(-1 - i)!, together![i]!)
      }
    },
  },
  {
    title: 'a request that does not tell what was printed is one in which nothing was',
    async check(ppm) {
      const prefix = contractPrefixes[2]!
      const [absent, none] = await ppm.score([
        { prefix, candidates },
        { prefix, candidates, printed: candidates.map(() => null) },
      ])
      assert.deepEqual(absent, none)
    },
  },
  {
    title: 'calls that run at once do not disturb each other',
    async check(ppm) {
      const [first, second] = await Promise.all([ppm.score(requests()), ppm.score(requests().slice(1))])
      assert.deepEqual(first, await ppm.score(requests()))
      assert.deepEqual(second, await ppm.score(requests().slice(1)))
    },
  },
  {
    title: 'requests are left as they were',
    async check(ppm) {
      const asked = requests()
      await ppm.score(asked)
      assert.deepEqual(asked, requests())
    },
  },
  servesBatches,
  disposesTwice,
]

/**
 * Declares the laws as tests. `make` gives a fresh PPM for each; the suite disposes it.
 * Example: `ppmContract('shorter is better', () => shorterIsBetter)`
 */
export function ppmContract(name: string, make: Make<Ppm>, options: ContractOptions = {}): void {
  declareLaws(`${name} keeps the PPM contract`, ppmLaws, make, options)
}
