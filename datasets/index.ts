// Problems to reason about: generated ones, and those of other people's files.
export {
  describeSkipped,
  type ProblemFile,
  type ReadOptions,
  readProblems,
  type SkippedRow,
} from '../lib/problem/read-problems.ts'
export { normalizeQuestion, type SplitOptions, splitHeldOut } from '../lib/problem/split.ts'
export { type Family, families } from './families.ts'
export { bandOf, defaultProblems, type GenerateOptions, generateProblems } from './generate.ts'
