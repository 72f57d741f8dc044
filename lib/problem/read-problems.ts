// Reads other people's problem files: JSONL, a JSON list, or `{ "example": [...] }`. A row that cannot be used is
// skipped, counted and explained; only a file without a single usable row is an error. What a row may look like is in
// problem-rows.ts. No network, no Parquet.

import { readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import type { Problem } from './problem.ts'
import { type Row, type RowFormat, readRow } from './problem-rows.ts'
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
  /** Line of a JSONL file, or place in the list, from 1. */
  readonly line: number
  /** What was expected, what came, as one clause. */
  readonly reason: string
}

/** What `readProblems` made of a file: problems in the order of their rows, and all that it left out. */
export interface ProblemFile {
  readonly problems: Problem[]
  readonly skipped: SkippedRow[]
  /** Rows whose question (case, blanks and punctuation aside) was in the file before; the first one stays. */
  readonly duplicates: number
  /** How many of the problems came from rows of each kind. */
  readonly formats: Readonly<Partial<Record<RowFormat, number>>>
}

/**
 * All problems of a file: JSONL, a JSON list, or `{ "example": [...] }`. Ids depend only on the file's name and the row
 * (its own id, else its line), not on other rows. A row that cannot be used is skipped and counted; see `skipped`.
 * Errors: one line that names the file when it is missing, cannot be read, or has no usable row; a RangeError for a
 * `limit` below 1.
 * @example
 * readProblems('missing.jsonl') // Error: Could not read problems from missing.jsonl: no such file…
 */
export function readProblems(path: string, options: ReadOptions = {}): ProblemFile {
  expectKnown('readProblems', options, READ_OPTIONS)
  const { limit = Number.POSITIVE_INFINITY } = options
  if (!(limit >= 1)) throw new RangeError(`Expected \`limit\` to be an integer from 1 up, got ${limit}`)
  const name = basename(path, extname(path))
  const problems: Problem[] = []
  const skipped: SkippedRow[] = []
  const questions = new Set<string>()
  const ids = new Set<string>()
  const formats: Partial<Record<RowFormat, number>> = {}
  let duplicates = 0
  for (const { line, value, error } of rowsOf(path)) {
    if (problems.length >= limit) break
    const row = error === undefined ? readRow(value) : { reason: error }
    if ('reason' in row) {
      skipped.push({ line, reason: row.reason })
      continue
    }
    const question = normalizeQuestion(row.question)
    if (questions.has(question)) {
      duplicates++
      continue
    }
    questions.add(question)
    formats[row.format] = (formats[row.format] ?? 0) + 1
    problems.push(problemOf(row, line, name, ids, options.source))
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

interface FileRow {
  readonly line: number
  readonly value?: unknown
  readonly error?: string
}

function problemOf(row: Row, line: number, name: string, ids: Set<string>, source?: string): Problem {
  const own = `${name}-${row.id ?? line}`.replace(/[^\w.-]+/g, '-')
  const id = ids.has(own) ? `${own}-line-${line}` : own
  ids.add(id)
  return {
    id,
    question: row.question,
    answer: row.answer,
    level: row.level,
    source: source ?? (row.format === 'plain' ? name : row.format),
  }
}

function rowsOf(path: string): FileRow[] {
  const text = textOf(path)
  const whole = wholeJson(text)
  if (whole === undefined) return text.split('\n').flatMap((line, index) => jsonlRow(line, index + 1))
  const list = Array.isArray(whole) ? whole : exampleList(whole)
  return (list ?? [whole]).map((value, index) => ({ line: index + 1, value }))
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const what = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a folder' : (error as Error).message
    throw new Error(`Could not read problems from ${path}: ${what}. Expected a .jsonl or .json file of problems`, {
      cause: error,
    })
  }
}

/** The file as one JSON value; undefined when it is none, as a JSONL file of several lines. */
function wholeJson(text: string): unknown {
  const isList = text.trimStart().startsWith('[')
  if (!isList && text.trimEnd().includes('\n') && !/^\s*\{\s*("example"|\n)/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the same text is read line by line next, and each line that fails is reported
  }
}

function exampleList(value: unknown): unknown[] | null {
  const example = (value as { example?: unknown } | null)?.example
  return Array.isArray(example) ? example : null
}

function jsonlRow(line: string, number: number): FileRow[] {
  if (line.trim() === '') return []
  try {
    return [{ line: number, value: JSON.parse(line) }]
  } catch (error) {
    const got = JSON.stringify(line.slice(0, 60))
    return [{ line: number, error: `expected one JSON object, got ${got} (${(error as Error).message})` }]
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
