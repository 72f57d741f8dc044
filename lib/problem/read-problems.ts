// Reads other people's problem files: JSONL, JSON, CSV or TSV, packed with gzip or not (rows/file-rows.ts). A row that cannot
// be used is skipped, counted and explained; only a file without a single usable row is an error. What a row may look like
// is in problem-rows.ts. No network, no Parquet.
import { basename, extname } from 'node:path'
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import { numericGrader } from './numeric-grader.ts'
import type { Problem } from './problem.ts'
import { type Row, type RowFormat, readRow } from './problem-rows.ts'
import { type FileRow, rowsOf } from './rows/file-rows.ts'
import { normalizeQuestion } from './split.ts'

/** What `readProblems` reads, and what it calls it. */
export interface ReadOptions {
  /** `Problem.source` of every problem. @default 'gsm8k' or 'math' where the rows tell, else the file's name */
  readonly source?: string
  /** Stop after so many problems; later rows are not read. Integer from 1 up. @default no limit */
  readonly limit?: number
}

/** A row that was not used. */
export interface SkippedRow {
  /** Line of JSONL and tables, or place in the list, from 1. */
  readonly line: number
  /** What was expected, what came, as one clause. */
  readonly reason: string
}

/** What `readProblems` made of a file: problems in the order of their rows, and all that it left out. */
export interface ProblemFile {
  readonly problems: Problem[]
  readonly skipped: SkippedRow[]
  /**
   * Rows whose question (case, blanks and punctuation aside) was in the file before, with the same answer; the first one
   * stays. One with another answer is skipped with a reason.
   */
  readonly duplicates: number
  /** How many of the problems came from rows of each kind. */
  readonly formats: Readonly<Partial<Record<RowFormat, number>>>
}

/**
 * All problems of a file: JSONL, a list or other JSON, CSV or TSV, packed with gzip or not; datasets/README.md has a table
 * of the fields. Numbers keep their text. Ids depend only on the file's name and the row (its own id, else its line), not on
 * other rows. A row that cannot be used is skipped and counted; see `skipped`.
 * Errors: one line that names the file when it is missing, is no text in UTF-8, is cut off, or has no usable row; a
 * RangeError for a `limit` below 1.
 * @example
 * readProblems('missing.jsonl') // Error: Could not read problems from missing.jsonl: no such file…
 */
export function readProblems(path: string, options: ReadOptions = {}): ProblemFile {
  expectKnown('readProblems', options, READ_OPTIONS)
  const { limit = Number.POSITIVE_INFINITY } = options
  if (!(limit >= 1)) throw new RangeError(`Expected \`limit\` to be an integer from 1 up, got ${limit}`)
  const name = basename(path.replace(/\.gz$/i, ''), extname(path.replace(/\.gz$/i, '')))
  const problems: Problem[] = []
  const skipped: SkippedRow[] = []
  const known = new Map<string, { line: number; problem: Problem }>()
  const ids = new Set<string>()
  const formats: Partial<Record<RowFormat, number>> = {}
  let duplicates = 0
  for (const { line, value, error } of openedRows(path)) {
    if (problems.length >= limit) break
    const row = error === undefined ? readRow(value) : { reason: error }
    if ('reason' in row) {
      skipped.push({ line, reason: row.reason })
      continue
    }
    const question = normalizeQuestion(row.question)
    const earlier = known.get(question)
    if (earlier !== undefined) {
      const repeated = repetition(row, earlier)
      if (repeated === 'same') duplicates++
      if (typeof repeated === 'object') skipped.push({ line, ...repeated })
      if (repeated !== 'other') continue
    }
    const problem = problemOf(row, line, name, ids, options.source)
    if (earlier === undefined) known.set(question, { line, problem })
    formats[row.format] = (formats[row.format] ?? 0) + 1
    problems.push(problem)
  }
  if (problems.length === 0) throw new Error(noUsableRow(path, skipped))
  return { problems, skipped, duplicates, formats }
}

/**
 * What was left out, one line each, first a count; empty when nothing was. For a terminal. At most `most` skipped rows
 * (from 0 up, by default 5) have a line of their own; the rest are counted in one more.
 * @example
 * const file = { problems: [], skipped: [{ line: 2, reason: 'no question' }], duplicates: 0, formats: {} }
 * describeSkipped('a.jsonl', file) // [ 'a.jsonl: read 0 problems, skipped 1 rows', 'a.jsonl:2: skipped: no question' ]
 */
export function describeSkipped(path: string, file: ProblemFile, most = 5): string[] {
  const { skipped, duplicates } = file
  const lines = skipped.slice(0, most).map(({ line, reason }) => `${path}:${line}: skipped: ${reason}`)
  if (skipped.length > most) lines.push(`${path}: ${skipped.length - most} more rows skipped`)
  if (duplicates > 0) lines.push(`${path}: dropped ${duplicates} rows that repeat an earlier question`)
  return skipped.length > 0
    ? [`${path}: read ${file.problems.length} problems, skipped ${skipped.length} rows`, ...lines]
    : lines
}

/** Whether a row whose question was there before is the same, contradicts it, or only looks like it. */
function repetition(
  row: Row,
  { line, problem }: { line: number; problem: Problem },
): 'same' | 'other' | { reason: string } {
  if (row.answer === problem.answer || numericGrader.equivalent(row.answer, problem.answer)) return 'same'
  if (lettersOf(row.question) !== lettersOf(problem.question)) return 'other' // A and a may be two things
  const [now, then] = [row.answer, problem.answer].map((answer) => JSON.stringify(answer).slice(0, 60))
  return { reason: `expected the answer ${then} of row ${line}, which asks the same, got ${now}` }
}

/** A text of its own: a piece of a line, which is what parsing gives, would keep the whole line in memory. */
const copyOf = (text: string): string => (text.length < SHORT ? text : JSON.parse(JSON.stringify(text)))
/** Shorter pieces are copies already. */
const SHORT = 13

/** The letters of a question that stand for themselves. */
const lettersOf = (question: string): string => (question.match(/(?<![\p{L}'])\p{L}(?![\p{L}'])/gu) ?? []).join('')

function problemOf(row: Row, line: number, name: string, ids: Set<string>, source?: string): Problem {
  const own = `${name}-${row.id ?? line}`.replace(/[^\w.-]+/g, '-')
  const id = ids.has(own) ? `${own}-line-${line}` : own
  ids.add(id)
  return {
    id: copyOf(id),
    question: copyOf(row.question),
    answer: copyOf(row.answer),
    level: copyOf(row.level),
    source: source ?? (row.format === 'plain' ? name : row.format),
  }
}

function* openedRows(path: string): Generator<FileRow, void, void> {
  try {
    yield* rowsOf(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const missing = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a folder' : null
    const what =
      missing === null
        ? (error as Error).message
        : `${missing}. Expected a .jsonl or .json file of problems, or a .csv with a header`
    throw new Error(`Could not read problems from ${path}: ${what}`, { cause: error })
  }
}

function noUsableRow(path: string, skipped: readonly SkippedRow[]): string {
  const first = skipped[0]
  const why = first
    ? `${skipped.length} rows, none usable; ${path}:${first.line}: ${first.reason}`
    : 'the file is empty'
  return `No problems in ${path}: ${why}. Expected rows such as {"question": "…", "answer": "…"}, as JSONL or a JSON list`
}

const READ_OPTIONS: OptionNames<ReadOptions> = { source: true, limit: true }
