// What is solved, and what a model reads of it. Contracts only: no file is read and nothing is graded here.

/** A question with its reference answer. */
export interface Problem {
  /** Unique within a data set; names the problem in every file of a run. */
  readonly id: string
  readonly question: string
  /** Reference answer as text. Never shown to a policy, a PPM or the sandbox. */
  readonly answer: string
  /** Band of difficulty: 'easy' | 'medium' | 'hard' for generated problems, the data set's own word otherwise. */
  readonly level: string
  /** Where it comes from, e.g. 'generated/share', 'gsm8k', 'math'. */
  readonly source: string
  /** Only generated problems have one: how to ask the same question with other numbers. */
  readonly template?: ProblemTemplate
}

/** A generated problem with its numbers taken out: enough to ask it again with others and know the answer. */
export interface ProblemTemplate {
  /** The question with `{0}`, `{1}` … in place of its numbers. */
  readonly text: string
  /** The numbers of the question, in slot order. All distinct. */
  readonly numbers: readonly number[]
  /** Reference program: a Python expression over `n0`, `n1` … (the slots), exact division written `/`. */
  readonly program: string
  /** Dependent operations, 1 to 6. */
  readonly operations: number
}

/** One piece of reasoning together with its Python. */
export interface Step {
  /** Python source: comments hold the reasoning. One or more lines, no trailing newline. */
  readonly text: string
  /** True for the step that prints the answer and ends the solution. */
  readonly final: boolean
}

/** What a model reads: the question and the steps so far. */
export interface Prefix {
  readonly problemId: string
  readonly question: string
  readonly steps: readonly Step[]
}
