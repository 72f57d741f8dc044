// The contract of every grader: whatever decides that an answer is right.

export interface Grader {
  /** Names the grader in the files of a run. @default 'unnamed' */
  readonly name?: string
  /**
   * Whether an answer equals a reference, or another answer (when answers are grouped for a vote). `answer`: the last
   * line that the final step printed, not empty. Equal text is equivalent; the same two texts always compare alike;
   * nothing that a program can print makes it throw.
   */
  equivalent(answer: string, reference: string): boolean
}
