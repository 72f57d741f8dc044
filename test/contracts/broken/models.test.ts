import type { Policy } from '../../../lib/policy/contract.ts'
import type { Ppm } from '../../../lib/policy/ppm-contract.ts'
import type { Step } from '../../../lib/problem/problem.ts'
import { random } from '../../../lib/seed/random.ts'
import { policyLaws } from '../policy.ts'
import { ppmLaws } from '../ppm.ts'
import { disposesOnce, everOther, lawsCanFail, type Spoil } from './breaks.ts'

const tick = (): Promise<void> => new Promise((done) => setImmediate(done))

const policy: Policy = {
  name: 'sound',
  batchSize: 4,
  propose: async (requests) =>
    requests.map(({ prefix, count, seed }) => {
      const rng = random(seed, prefix.question, prefix.steps.length)
      return Array.from({ length: count }, () => {
        const final = rng() < 0.5
        return { text: final ? 'print(now)' : `now = ${Math.floor(rng() * 9)}`, final, tokens: 3, logProbability: -1 }
      })
    }),
  dispose: async () => undefined,
}

type Proposals = Awaited<ReturnType<Policy['propose']>>
/** What comes out is changed. */
const proposing =
  (change: (lists: Proposals) => Proposals): Spoil<Policy> =>
  (sound) => ({ ...sound, propose: async (requests) => change(await sound.propose(requests)) })
const retold = (text: (old: string) => string) =>
  proposing((lists) => lists.map((list) => list.map((each) => ({ ...each, text: text(each.text) }))))

lawsCanFail('policy', policyLaws, () => policy, {
  'each request gets one list of at most as many proposals as it asked for': proposing((lists) =>
    lists.map((list) => [...list, ...list]),
  ),
  'no request, no list': proposing((lists) => (lists.length === 0 ? [[]] : lists)),
  'a proposal is a step with text and without a newline at its end': retold((text) => `${text}\n`),
  'tokens are counted from 0 up, and a log-probability is at most 0': proposing((lists) =>
    lists.map((list) => list.map((each) => ({ ...each, tokens: Number.NaN }))),
  ),
  'the same requests get the same proposals': retold((text) => `${text} + ${everOther()}`),
  'two policies made alike propose alike': (sound) => {
    const own = everOther()
    return retold((text) => `${text} + ${own}`)(sound)
  },
  'proposals do not depend on what else is in the batch, nor on its order': proposing((lists) =>
    lists.map((list) => list.map((each) => ({ ...each, logProbability: -lists.length }))),
  ),
  'calls that run at once do not disturb each other': (sound) => {
    let latest: Parameters<Policy['propose']>[0] = []
    return {
      ...sound,
      async propose(requests) {
        latest = requests
        await tick()
        return sound.propose(latest)
      },
    }
  },
  'requests are left as they were': (sound) => ({
    ...sound,
    async propose(requests) {
      const lists = await sound.propose(requests)
      for (const { prefix } of requests) (prefix.steps as Step[]).length = 0
      return lists
    },
  }),
  'over many seeds both steps that go on and steps that end the solution are proposed': proposing((lists) =>
    lists.map((list) => list.filter(({ final }) => !final)),
  ),
  'it has a name and serves at least one request at a time': (sound) => ({ ...sound, batchSize: 0 }),
  'disposing twice is harmless': disposesOnce,
})

const ppm: Ppm = {
  name: 'sound',
  batchSize: 4,
  score: async (requests) =>
    requests.map(({ prefix, candidates, printed }) =>
      candidates.map(({ text }, i) => 2 * random(1, prefix.question, text, printed?.[i] ?? '')() - 1),
    ),
  dispose: async () => undefined,
}

const scoring =
  (change: (scores: number[][], requests: Parameters<Ppm['score']>[0]) => number[][]): Spoil<Ppm> =>
  (sound) => ({ ...sound, score: async (requests) => change(await sound.score(requests), requests) })
const plus = (more: (list: number[], all: number[][]) => number) =>
  scoring((all) => all.map((list) => list.map((score) => score + more(list, all))))

lawsCanFail('PPM', ppmLaws, () => ppm, {
  'each request gets one score for each candidate, in order': scoring((all) => all.map((list) => list.slice(0, 1))),
  'no request, no list; no candidate, no score': scoring((all) => all.map((list) => (list.length === 0 ? [0] : list))),
  'a score is in [-1, 1], whatever the steps say': scoring((all) => all.map((list) => list.map((score) => 3 * score))),
  'the same requests get the same scores': plus(() => everOther() / 1e9),
  'two PPMs made alike score alike': (sound) => {
    const own = everOther()
    return plus(() => own / 1e9)(sound)
  },
  'scores do not depend on what else is in the batch, nor on its order': plus((_, all) => all.length / 1e9),
  'the other candidates of a request change a score by no more than rounding': plus((list) => list.length / 1e3),
  'a request that does not tell what was printed is one in which nothing was': scoring((all, requests) =>
    all.map((list, i) => list.map((score) => (requests[i]!.printed === undefined ? 0 : score))),
  ),
  'calls that run at once do not disturb each other': (sound) => {
    let latest: Parameters<Ppm['score']>[0] = []
    return {
      ...sound,
      async score(requests) {
        latest = requests
        await tick()
        return sound.score(latest)
      },
    }
  },
  'requests are left as they were': scoring((all, requests) => {
    for (const request of requests) (request.prefix as { question: string }).question += ' '
    return all
  }),
  'it has a name and serves at least one request at a time': (sound) => ({ ...sound, name: '' }),
  'disposing twice is harmless': disposesOnce,
})
