import { ppmAugmented } from '../../../lib/annotate/ppm-augmented.ts'
import { bestByQ, type ExampleSelection, type Selected } from '../../../lib/pairs/selection.ts'
import type { Grader } from '../../../lib/problem/grader.ts'
import { numericGrader } from '../../../lib/problem/numeric-grader.ts'
import type { Annotator, TerminalFacts } from '../../../lib/search/annotator.ts'
import type { Tree } from '../../../lib/search/tree.ts'
import { annotatorLaws } from '../annotator.ts'
import { graderLaws } from '../grader.ts'
import { selectionLaws } from '../selection.ts'
import { contractPpm } from '../solver.ts'
import { everOther, lawsCanFail, type Spoil } from './breaks.ts'

/** Decides first where it has an opinion. */
const judging =
  (opinion: (answer: string, reference: string) => boolean | undefined): Spoil<Grader> =>
  (sound) => ({ equivalent: (a, b) => opinion(a, b) ?? sound.equivalent(a, b) })

lawsCanFail('grader', graderLaws, () => numericGrader, {
  'an answer equals itself': judging((a) => (a === 'Paris' ? false : undefined)),
  'different answers are told apart, whichever of them is the reference': judging((a, b) =>
    a.startsWith(b) ? true : undefined,
  ),
  'the same two texts always compare alike, whatever was compared between': (sound) => {
    const seen = new Set<string>()
    return judging((a) => {
      const isNew = !seen.has(a)
      seen.add(a)
      return isNew
    })(sound)
  },
  'nothing that a program can print makes it throw, or answer anything but yes or no': judging((a) => {
    BigInt(a.replace(/\D/g, '') || '0')
    if (a === '🦊') throw new SyntaxError(a)
    return undefined
  }),
  'no text makes it think for seconds': (sound) => {
    let isTired = false
    return judging((a) => {
      if (isTired || a.length < 100_000) return undefined
      isTired = true
      for (const started = performance.now(); performance.now() - started < 3_100; );
      return undefined
    })(sound)
  },
  'nothing that is no answer equals a number': judging((a) => (a === 'None' ? true : undefined)),
})

const valuing =
  (more: Partial<Annotator>): Spoil<Annotator> =>
  (sound) => ({ ...sound, ...more })

lawsCanFail('annotator', annotatorLaws, () => ppmAugmented(contractPpm({ tokens: 0, disposed: 0 })), {
  'it has a name, and a PPM or none': valuing({ name: '' }),
  'what a terminal sends is in [-1, 1]': valuing({ reward: ({ right, depth }) => (right ? 1 : -depth) }),
  'what a child starts with is in [-1, 1], for every score': valuing({ initial: (score) => 5 * score }),
  'with the reference, a right answer is worth more than anything else of the same depth and score': valuing({
    reward: ({ kind }) => (kind === 'answered' ? 1 : -1),
  }),
  'equal facts are worth the same, in whatever order they come': valuing({
    reward: ({ right }) => (right ? 1 : -1 / everOther()),
  }),
  'two annotators made alike judge alike': (sound) => {
    const own = everOther()
    return { ...sound, reward: ({ right }) => (right ? 1 : -1 / own) }
  },
  'facts are left as they were': valuing({
    reward(terminal) {
      ;(terminal as { depth: TerminalFacts['depth'] }).depth = 0
      return 0
    },
  }),
})

/** What is chosen is changed. */
const choosing =
  (change: (selected: Selected, trees: readonly Tree[]) => Selected): Spoil<ExampleSelection> =>
  (sound) => ({ ...sound, select: (trees, context) => change(sound.select(trees, context), trees) })
const accepting = (change: (accepted: Selected['accepted']) => Selected['accepted']) =>
  choosing((selected) => ({ ...selected, accepted: change(selected.accepted) }))
const pairing = (change: (pairs: Selected['pairs']) => Selected['pairs']) =>
  choosing((selected) => ({ ...selected, pairs: change(selected.pairs) }))

lawsCanFail('selection', selectionLaws, () => bestByQ(), {
  'it has a name': (sound) => ({ ...sound, name: '' }),
  'what it accepts are right trajectories of the trees that a model may learn from, with what they printed': accepting(
    (accepted) => accepted.map((each) => ({ ...each, steps: each.steps.slice(1) })),
  ),
  'where nothing is suspect, something is accepted; where everything is, that is no error': accepting(() => []),
  'a pair is of the problem, and its chosen side is worth more': pairing((pairs) =>
    pairs.map((pair) => ({ ...pair, margin: -pair.margin })),
  ),
  'the chosen side of a pair leads to a right answer': pairing((pairs) =>
    pairs.map((pair) => ({ ...pair, chosen: pair.rejected, rejected: pair.chosen })),
  ),
  'both sides of a pair go on from its prefix in the trees, by steps that a model may learn from': pairing((pairs) =>
    pairs.map((pair) => ({ ...pair, rejected: [{ text: 'now = 0 * 0', final: false }] })),
  ),
  'equal trees give an equal choice, whatever was chosen from before': (sound) => {
    let called = 0
    return pairing((pairs) => pairs.slice(called++))(sound)
  },
  'two selections made alike choose alike': (sound) => {
    const own = everOther()
    return accepting((accepted) => accepted.map((each) => ({ ...each, meanQ: 1 / own })))(sound)
  },
  'the trees are left as they were': choosing((selected, trees) => {
    for (const { stats } of trees) stats.visits.fill(0)
    return selected
  }),
  'what is chosen is plain data that a file can hold': pairing((pairs) =>
    pairs.map((pair) => ({ ...pair, at: new Date(0) })),
  ),
})
