// Problems to reason about: generated ones, and those of other people's files.

export type { ProblemDraft, ProblemFamily } from '../lib/problem/family.ts'
export {
  describeSkipped,
  type ProblemFile,
  type ReadOptions,
  readProblems,
  type SkippedRow,
} from '../lib/problem/read-problems.ts'
export { normalizeQuestion, type SplitOptions, splitHeldOut } from '../lib/problem/split.ts'
export { families } from './families/index.ts'
export { bandOf, defaultProblems, type GenerateOptions, generatedProblems, generateProblems } from './generate.ts'
export { type StoryFamily, type StoryWords, storyFamily } from './story.ts'
