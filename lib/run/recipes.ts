// The four rounds (paper, section 3.4 and Table 2's setting) on the embedded default: a model small enough to train
// in about a minute on two cores. Each literal says only what the round changes.
import type { Recipe } from './recipe.ts'

/** What all rounds share. */
const everyRound = {
  select: 'puct', // the share of proposals as prior: the best single setting for a small rollout budget
  exploration: 2, // paper, section 4.1
  scoreCountsAsVisit: true, // released code; without it one rollout's answer wipes the score out
  wave: 0,
  examples: { perProblem: 2, suspectAbove: 0.5, carry: true }, // more likely an accident than not
  pairs: { perSide: 2, minMargin: 0, minEditDistance: 0 },
  policyTraining: {
    rows: 16,
    columns: 160,
    lookBack: 3, // without such heads the plateau before copying lasts two to four times as long, as luck has it
    learningRate: 2e-3, // with 3e-3 one training in three is slow to find the threshold
    warmUp: 30,
    shortUntil: 0.4, // copying is learned on short examples first
    threshold: 0.12, // train to a loss, not to a step count
    tail: 600,
    floor: 0.05,
    maxSteps: 2400, // twice what a training needs: cut off on the plateau it would spoil its round
    minSteps: 200,
    renumber: true,
    sizes: 'alike',
    shuffle: 0.5, // the same sentences in another order, the same steps in that order: from .44 to .85 on held-out
    splice: 0.3,
    blank: 0, // stories told anew do its work
    weightDecay: 0.1,
    clipNorm: 1,
  },
  ppmPairs: 'all', // a round's own few thousand pairs are learned by heart
  ppmTraining: {
    rows: 16,
    columns: 192,
    steps: 700,
    learningRate: 1e-3,
    warmUp: 20,
    renumber: true,
    sizes: 'alike',
    shuffle: 0.7, // accuracy on held-out pairs of whole solutions from .56 to .78
    blank: 0, // stories told anew do its work
    dropout: 0.1,
    printed: 0.5, // without it no PPM sees that an answer is no whole number
    weightDecay: 0.1,
    clipNorm: 1,
  },
} as const

const pass = { width: 8, temperature: 1, grammarShare: 0, stopAfterHits: 0 } as const

/** Round 1, the bootstrap: the grammar proposes, the answers alone guide; the PPM is too noisy to rely on. */
export const round1: Recipe = {
  ...everyRound,
  round: 1,
  proposer: 'grammar',
  guide: 'terminal',
  select: 'uct', // the grammar explores by itself
  ppmTraining: { ...everyRound.ppmTraining, steps: 200 }, // nothing is guided by it
  wave: 24, // refit after each, so that later problems profit from earlier ones
  passes: [
    { ...pass, rollouts: 16 },
    { ...pass, rollouts: 16, width: 16 }, // once more with all that was learned
  ],
}

/** Round 2: the first policy replaces the grammar; its trees give the first reliable PPM. */
export const round2: Recipe = {
  ...everyRound,
  round: 2,
  proposer: 'policy',
  guide: 'terminal',
  passes: [
    { ...pass, rollouts: 8 },
    { ...pass, rollouts: 8, stopAfterHits: 2, grammarShare: 0.25 }, // where the policy alone is stuck
  ],
}

/** Round 3: the PPM of round 2 values every new step, so the budget goes to promising ones. */
export const round3: Recipe = {
  ...round2,
  round: 3,
  guide: 'ppm',
}

/** Round 4: as round 3, with more rollouts for what is still unsolved. */
export const round4: Recipe = {
  ...round3,
  round: 4,
  passes: [
    { ...pass, rollouts: 8 },
    { ...pass, rollouts: 48, width: 16, stopAfterHits: 2, grammarShare: 0.5 },
  ],
}

/** The four rounds in order; `defaultSettings` holds them. */
export const recipes: readonly Recipe[] = [round1, round2, round3, round4]
