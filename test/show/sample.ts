// A made-up run for tests of displays: figures that no run measured, in realistic ranges.
import { type BandMeasures, wilson } from '../../lib/eval/intervals.ts'
import type { Report, RoundReport, ScalingPoint } from '../../lib/eval/report-schema.ts'
import { normal, random } from '../../lib/seed/random.ts'
import type { QValue } from '../../lib/show/views/histogram.ts'
import type { ViewTree } from '../../lib/show/views/tree-view.ts'

const share = (value: number, n: number) => wilson(Math.round(value * n), n)!

function banded(easy: number, medium: number, hard: number, n: number): BandMeasures {
  const all = (Math.round(easy * n) + Math.round(medium * n) + Math.round(hard * n)) / (3 * n)
  return { all: share(all, 3 * n), easy: share(easy, n), medium: share(medium, n), hard: share(hard, n) }
}

const round = (i: number): RoundReport => ({
  round: i + 1,
  coverage: banded([0.9, 0.97, 0.99, 1][i]!, [0.5, 0.72, 0.86, 0.95][i]!, [0.14, 0.31, 0.58, 0.8][i]!, 280),
  passAt1: banded([0.85, 0.9, 0.95, 0.97][i]!, [0.55, 0.62, 0.8, 0.86][i]!, [0.1, 0.25, 0.62, 0.74][i]!, 60),
  ...(i > 0 && {
    system2: banded([0.9, 0.95, 0.98, 0.99][i]!, [0.6, 0.75, 0.9, 0.94][i]!, [0.2, 0.4, 0.74, 0.85][i]!, 60),
    bestOfN: banded([0.9, 0.93, 0.97, 0.98][i]!, [0.6, 0.7, 0.87, 0.92][i]!, [0.2, 0.36, 0.7, 0.82][i]!, 60),
    majority: banded([0.9, 0.93, 0.96, 0.98][i]!, [0.6, 0.68, 0.85, 0.9][i]!, [0.2, 0.33, 0.68, 0.79][i]!, 60),
    ppmPairAccuracy: share([0.5, 0.71, 0.79, 0.83][i]!, 412),
    net: { n: 120, missed: 60, gained: 25, lost: 3, net: 22 / 60 },
  }),
  faithful: banded(0.99, 0.98, 0.95 - 0.01 * i, 300),
  training: {
    policy: { steps: 1400 + 37 * i, loss: 0.019 - 0.001 * i, seconds: 61.2, capped: i === 1 },
    ...(i > 0 && { ppm: { steps: 420, loss: 0.31, seconds: 18.5, capped: false } }),
  },
  search: {
    rollouts: 16_400,
    executions: [110_400, 71_230, 51_020, 38_770][i]!,
    proposals: 131_000,
    batches: 2100,
    meanFill: 0.81,
    seconds: { policy: 14.2, python: 21.9, ppm: 3.1, other: 2.2 },
  },
  examples: {
    accepted: 1200 + 40 * i,
    pairs: 5200,
    right: 1310 + 40 * i,
    suspects: 37 - 9 * i,
    untrusted: i === 2 ? 1 : 0,
  },
  seconds: { search: 41.4, train: 79.7, evaluate: 12.3 },
  tokens: { search: 1_204_331, train: 4_980_112, evaluate: 310_229 },
})

export const sampleReport: Report = {
  name: 'made-up',
  seed: 1,
  seconds: 561.3,
  peakRssMb: 1430.2,
  rounds: [0, 1, 2, 3].map(round),
  baseline: banded(0.75, 0.3, 0.15, 60),
  ablations: [
    { table: 'PPM quality, policy fixed', name: 'PPM of round 2', measure: banded(0.9, 0.7, 0.3, 60) },
    { table: 'PPM quality, policy fixed', name: 'PPM of round 4', measure: banded(0.95, 0.8, 0.4, 60) },
    { table: 'SFT data', name: 'random correct trajectories', measure: banded(0.93, 0.7, 0.5, 60), tokens: 3_100_200 },
  ],
}

export const sampleScaling: ScalingPoint[] = [1, 2, 4, 8, 16, 32, 64].map((trajectories, i) => ({
  trajectories,
  system2: share(0.86 + 0.11 * (1 - 2 ** -i), 180),
  bestOfN: share(0.84 + 0.1 * (1 - 2 ** -i), 180),
  majority: share(0.84 + 0.07 * (1 - 2 ** -i), 180),
  anyRight: share(0.85 + 0.14 * (1 - 2 ** -i), 180),
}))

/** Q-values that drift to +1 with the rounds. */
export function sampleQ(nodes: number): QValue[] {
  const rng = random(7, 'sample')
  return Array.from({ length: nodes }, (_, i) => {
    const q = Math.tanh(normal(rng) * 1.4 + 0.4 * (i % 4))
    return { round: 1 + (i % 4), depth: 1 + Math.floor(rng() * 9), q: Math.min(1, Math.max(-1, q)) }
  })
}

export const sampleLogs = [1, 2, 3].map((i) => ({
  name: `policy, round ${i}`,
  points: Array.from({ length: 1500 }, (_, step) => ({
    step,
    loss: 0.02 + 3 * Math.exp(-step / 60) + 0.6 / (1 + Math.exp((step - 200 * i) / 30)) + 0.01 * Math.sin(step),
    ...(step % 250 === 249 && { accuracy: Math.min(0.9, (step / 1500) * (0.7 + 0.08 * i)) }),
  })),
}))

/** A small tree: two right answers, a wrong one, a failed step, and odd children that were visited once. */
export const sampleTree: ViewTree = {
  title: 'made-up/1 (medium)',
  nodes: [
    { parent: -1, text: 'Ann has 12 apples and buys 7 bags of 5. How many <apples> has she?', visits: 16, valueSum: 7 },
    { parent: 0, text: '# She buys 7 bags of 5.\nbought = 7 * 5', visits: 11, valueSum: 8, score: 0.71 },
    { parent: 0, text: 'start = 12', visits: 4, valueSum: -1, score: 0.1 },
    {
      parent: 1,
      text: '# Together.\nprint(12 + bought)',
      visits: 9,
      valueSum: 9,
      terminal: 'answered',
      reward: 1,
      score: 0.93,
      answer: '47',
    },
    {
      parent: 1,
      text: 'print(12 - bought)',
      visits: 2,
      valueSum: -2,
      terminal: 'answered',
      reward: -1,
      score: -0.8,
      answer: '-23',
    },
    { parent: 2, text: 'start = start / 0', visits: 1, valueSum: -1, terminal: 'codeFailed', reward: -1 },
    {
      parent: 2,
      text: 'print(start + 35)',
      visits: 3,
      valueSum: 3,
      terminal: 'answered',
      reward: 1,
      score: 0.6,
      answer: '47',
    },
    ...Array.from({ length: 12 }, (_, i) => ({ parent: 0, text: `odd = ${i}`, visits: 1, valueSum: -1 })),
  ],
}
