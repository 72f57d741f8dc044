// What one round does, as plain data: it is saved beside the round's results and can be changed by `--set`.
import type { PairOptions } from '../pairs/preference-pairs.ts'
import type { PolicyTrainingOptions } from '../train/policy.ts'
import type { PpmTrainingOptions } from '../train/ppm.ts'

/** One sweep over problems. The first takes all of them, each further one a fresh tree for those still unsolved. */
export interface Pass {
  /** Rollouts a tree. */
  readonly rollouts: number
  /** Candidates an expansion. */
  readonly width: number
  /** Sampling temperature of the policy. */
  readonly temperature: number
  /** Share of the candidates that the learned grammar proposes instead of the policy. Range: 0 to 1. */
  readonly grammarShare: number
  /** A tree ends early at this many right answers; 0 never. */
  readonly stopAfterHits: number
}

/** Who may propose steps: the grammar (round 1's bootstrap), or the policy trained in the round before. */
export const PROPOSERS = ['grammar', 'policy'] as const
/** Who may value new steps: only the answers at the end, or the PPM of the round before as well. */
export const GUIDES = ['terminal', 'ppm'] as const

/** One round: who proposes and who guides, how much is searched, what is learned from it and how. */
export interface Recipe {
  readonly round: number
  /** Who proposes steps; round/search-parts.ts opens what it names. */
  readonly proposer: (typeof PROPOSERS)[number]
  /** Who values new steps, likewise. */
  readonly guide: (typeof GUIDES)[number]
  readonly select: 'uct' | 'puct'
  /** Exploration constant c of UCT and PUCT. */
  readonly exploration: number
  /** Whether a step's first PPM score weighs as much as one rollout; else it only breaks the tie until the first visit. */
  readonly scoreCountsAsVisit: boolean
  readonly passes: readonly Pass[]
  /** Problems searched between two refits of the grammar, easy ones first; 0: all at once. Only for the grammar. */
  readonly wave: number
  readonly examples: {
    /** Right trajectories kept a problem, by mean Q. */
    readonly perProblem: number
    /**
     * A right trajectory that is an accident with more than this probability (`surveyLuck`) is a suspect: no model learns
     * from it. Range: 0 to 1; 1: none is suspected.
     */
    readonly suspectAbove: number
    /** A problem that this round leaves unsolved keeps its trajectories of an earlier round. */
    readonly carry: boolean
  }
  readonly pairs: PairOptions
  /** null: this round trains no policy, and so no PPM either. */
  readonly policyTraining: PolicyTrainingOptions | null
  /** Whether the PPM learns from this round's pairs alone (paper) or from those of all rounds so far. */
  readonly ppmPairs: 'round' | 'all'
  /** null: this round trains no PPM. */
  readonly ppmTraining: PpmTrainingOptions | null
}
