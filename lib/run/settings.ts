// Everything that decides a run, as one plain object: saved in run.json, changed by `--set`, compared on resume.
import type { Aggregation } from '../search/choose-answer.ts'
import type { Recipe } from './recipe.ts'
import { recipes } from './recipes.ts'

/** How the models of a round are measured on held-out problems. */
export interface EvaluationSettings {
  /** Rollouts of a System 2 search of one held-out problem. */
  readonly rollouts: number
  /** Candidates an expansion in it (paper, section 4.1: 32). */
  readonly width: number
  /** Numberings of each question that it asks the policy and reads solutions in; 1 is the question as it stands. */
  readonly numberings: number
  /** A PPM's raw scores are divided by this before tanh: 1 in the paper, 5 in the released code, which votes better. */
  readonly scoreScale: number
  /** Temperature of its policy, and of best-of-N samples. */
  readonly temperature: number
  /** Constant c of its PUCT. */
  readonly exploration: number
  /** How its answer is chosen. */
  readonly vote: Aggregation
  /** From which round on System 2 and best-of-N are measured: a PPM is needed first. */
  readonly fromRound: number
  /** Longest whole solution in tokens. */
  readonly maxTokens: number
  /** Every n-th training problem's pairs are held out of the PPM's training, to measure it on. */
  readonly pairHoldOut: number
}

/** Everything that decides a run beside its seed and its problems. */
export interface Settings {
  /** Generated problems by number of operations, 1 to 6; unused when the problems come from a file. */
  readonly problems: readonly number[]
  /** Held-out problems for each number of operations; for a file: that many in all times 6. */
  readonly heldOut: number
  readonly tokenizer: { readonly vocabSize: number; readonly minFrequency: number }
  /** The bootstrap. `mixing`: share of its uniform prior in everything learned, the dial of what round 1 leaves to do. */
  readonly grammar: { readonly mixing: number }
  /** The embedded model: qwen2 architecture. */
  readonly model: {
    readonly hiddenSize: number
    readonly intermediateSize: number
    readonly layers: number
    readonly heads: number
    readonly kvHeads: number
    readonly tied: boolean
  }
  /** Requests in one policy batch. */
  readonly batchSize: number
  /** Trees that advance at once. */
  readonly concurrency: number
  readonly evaluation: EvaluationSettings
  readonly rounds: readonly Recipe[]
}

/** The embedded default: 800 problems, a model of about 0.5 M parameters, four rounds in minutes on two cores. */
export const defaultSettings: Settings = {
  problems: [120, 160, 160, 160, 120, 80],
  heldOut: 50,
  tokenizer: { vocabSize: 768, minFrequency: 2 },
  grammar: { mixing: 0.3 },
  model: { hiddenSize: 96, intermediateSize: 256, layers: 3, heads: 6, kvHeads: 6, tied: false },
  batchSize: 48,
  concurrency: 128,
  evaluation: {
    rollouts: 8,
    width: 12,
    numberings: 5,
    scoreScale: 5,
    temperature: 1,
    exploration: 2,
    vote: 'weighted',
    fromRound: 3,
    maxTokens: 160,
    pairHoldOut: 10,
  },
  rounds: recipes,
}
