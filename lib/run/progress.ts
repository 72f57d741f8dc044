// What the stages of a round tell while they work.

/** How far a stage is: told often, e.g. after each tree or training step. */
export interface RoundProgress {
  readonly round: number
  /** What is going on, e.g. 'search', 'train policy'. */
  readonly stage: string
  /** Work done, of how much: trees, training steps, problems. */
  readonly done: number
  readonly of: number
  /** One short line beside the bar, e.g. `solved 412 of 640`. */
  readonly note: string
}
