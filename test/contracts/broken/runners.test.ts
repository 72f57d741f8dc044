import { after } from 'node:test'
import { majorityStrategy } from '../../../lib/eval/strategies/majority.ts'
import type { Question, Strategy, StrategyAnswer, StrategyParts } from '../../../lib/eval/strategy.ts'
import type { Step } from '../../../lib/problem/problem.ts'
import type { Verifier } from '../../../lib/verify/contract.ts'
import type { Verdict } from '../../../lib/verify/verdict.ts'
import { openVerifier } from '../../../lib/verify/verifier.ts'
import { strategyLaws } from '../strategy.ts'
import { verifierLaws } from '../verifier.ts'
import { disposesOnce, everOther, lawsCanFail, type Spoil } from './breaks.ts'

const python = await openVerifier({ processes: 1, limits: { cpuMs: 300 } })
after(() => python.dispose())
const verifier: Verifier = {
  get executions() {
    return python.executions
  },
  verify: (steps, candidates) => python.verify(steps, candidates),
  run: (programs) => python.run(programs),
  dispose: async () => undefined,
}

type Verify = Verifier['verify']
const verifying =
  (verify: (...asked: Parameters<Verify>) => Promise<Verdict[]>): Spoil<Verifier> =>
  () => ({ executions: 0, verify, dispose: async () => undefined })
const judging = (change: (verdict: Verdict) => Verdict) =>
  verifying(async (steps, candidates) => (await python.verify(steps, candidates)).map(change))
const printing = (change: (stdout: string) => string) =>
  judging((verdict) => (verdict.kind === 'ok' ? { ...verdict, stdout: change(verdict.stdout) } : verdict))

lawsCanFail('verifier', verifierLaws, () => verifier, {
  'each candidate gets one verdict, in order, after the steps before it, with what it printed alone': verifying(
    async (steps, candidates) => {
      const together = candidates.map(({ text, final }) => ({
        text: [...steps, { text }].map((s) => s.text).join('\n'),
        final,
      }))
      return python.verify([], together)
    },
  ),
  'no candidate, no verdict': verifying(async (steps, candidates) =>
    candidates.length === 0 ? [{ kind: 'ok', stdout: '' }] : python.verify(steps, candidates),
  ),
  'a step that fails has a verdict that is not ok, and does not disturb its neighbours': judging((verdict) =>
    verdict.kind === 'error' ? { kind: 'ok', stdout: verdict.message } : verdict,
  ),
  'a step that never ends gets a verdict that is not ok, and its neighbours theirs': judging((verdict) =>
    verdict.kind === 'timeout' ? { kind: 'ok', stdout: '' } : verdict,
  ),
  'a step that prints the word error is ok': judging((verdict) =>
    verdict.kind === 'ok' && verdict.stdout.includes('error')
      ? { kind: 'error', errorType: 'Error', message: verdict.stdout, line: null }
      : verdict,
  ),
  'candidates do not see each other, and a call leaves nothing behind for later ones': verifying(
    async (steps, candidates) => {
      const verdicts: Verdict[] = []
      const earlier: Step[] = [...steps]
      for (const candidate of candidates) {
        const [verdict] = await python.verify(earlier, [candidate])
        if (verdict!.kind === 'ok') earlier.push(candidate)
        verdicts.push(verdict!)
      }
      return verdicts
    },
  ),
  'the same steps get the same verdicts, equal candidates equal ones, in whatever order': printing(
    (stdout) => `${stdout}${everOther()}`,
  ),
  'calls that run at once do not disturb each other': () => {
    let latest: readonly Step[] = []
    return verifying(async (steps, candidates) => {
      latest = steps
      await new Promise((done) => setImmediate(done))
      return python.verify(latest, candidates)
    })(verifier)
  },
  'whole programs get the verdict of their last step, or of the first that fails, as step by step': () => ({
    ...verifier,
    run: async (programs: readonly (readonly Step[])[]) =>
      python.verify(
        [],
        programs.map((program) => program[0]!),
      ),
  }),
  'steps and candidates are left as they were': verifying(async (steps, candidates) => {
    const verdicts = await python.verify(steps, candidates)
    ;(candidates as Step[]).sort((a, b) => a.text.localeCompare(b.text))
    return verdicts
  }),
  'executions are counted from 0 up and never fewer': () => {
    let left = 3
    const { verify, dispose } = verifier
    return {
      verify,
      dispose,
      get executions() {
        return left--
      },
    }
  },
  'disposing twice is harmless': disposesOnce,
})

type Asked = [asked: readonly Question[], parts: StrategyParts]
const answering =
  (
    change: (answers: StrategyAnswer[], ...asked: Asked) => StrategyAnswer[] | Promise<StrategyAnswer[]>,
  ): Spoil<Strategy> =>
  (sound) => ({ ...sound, answer: async (...asked) => change(await sound.answer(...asked), ...asked) })
const tokens = (count: (old: number, i: number, all: number) => number) =>
  answering((answers) => answers.map((each, i) => ({ ...each, tokens: count(each.tokens, i, answers.length) })))

lawsCanFail('strategy', strategyLaws, () => majorityStrategy({ samples: 2 }), {
  'it has a name': (sound) => ({ ...sound, name: '' }),
  'each question gets one answer, a text that is not empty or null': answering((answers) => answers.slice(1)),
  'no question, no answer': answering((answers) => (answers.length === 0 ? [{ answer: null, tokens: 0 }] : answers)),
  'over a few seeds some question is answered': answering((answers) =>
    answers.map((each) => ({ ...each, answer: null })),
  ),
  'answers do not depend on what else is asked, nor on its order': tokens((old, i) => old + i),
  'the same seed gives the same answers': tokens((old) => old + everOther()),
  'two strategies made alike answer alike': (sound) => {
    const own = everOther()
    return tokens((old) => old + own)(sound)
  },
  'tokens are counted from 0 up, and all that the policy generated are': tokens((old) => old / 2),
  'without a PPM it answers as well': answering(async (answers, _, { ppm }) => {
    await ppm!.score([])
    return answers
  }),
  'calls that run at once do not disturb each other': (sound) => {
    let latest: Asked | undefined
    return {
      ...sound,
      async answer(...asked) {
        latest = asked
        await new Promise((done) => setImmediate(done))
        return sound.answer(...latest)
      },
    }
  },
  'the parts are not disposed': answering(async (answers, _, { policy }) => {
    await policy.dispose()
    return answers
  }),
  'questions are left as they were': answering((answers, asked) => {
    ;(asked as Question[]).pop()
    return answers
  }),
})
