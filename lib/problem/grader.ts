// The contract of every grader: whatever decides that an answer is right. numeric-grader.ts has ours; the suite is
// test/contracts/grader.ts.

/** Compares answers. */
export interface Grader {
  /** Names the grader in the files of a run. @default 'unnamed' */
  readonly name?: string
  /**
   * Whether an answer equals a reference, or another answer (when answers are grouped for a vote). `answer`: the last
   * line that the final step printed, not empty. Equal text is equivalent, unless it is no value at all (NaN, infinity);
   * the same two texts always compare alike; nothing that a program can print makes it throw, or take seconds.
   * More than two answers need not agree among each other: a vote puts each with the first that it equals.
   */
  equivalent(answer: string, reference: string): boolean
}
