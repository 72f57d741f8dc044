// The rows of a problem file: JSONL, a JSON list, one JSON object that holds them, or a table with a header (CSV, TSV).
// What it is is told by how it begins, not by its name. JSONL, lists and tables are read a piece at a time.
import { type Bytes, decode, encodingFault, linesOf, openBytes } from './bytes.ts'
import { recordsOf, separatorOf } from './csv.ts'
import { rowsOfDocument } from './documents.ts'
import { parseExactJson } from './exact-json.ts'
import { listElements } from './list-elements.ts'
import { questionOf } from './question.ts'

/** A row, or why it is none. */
export interface FileRow {
  /** Line of JSONL and tables, place in a list, from 1. */
  readonly line: number
  readonly value?: unknown
  readonly error?: string
}

/** Largest file that is read as one text, in bytes: the longest string. */
const LONGEST_TEXT = 500_000_000

/** Goes through the rows of a file. Errors: it cannot be opened, or is as a whole nothing that holds rows. */
export function* rowsOf(path: string): Generator<FileRow, void, void> {
  const source = openBytes(path)
  const start = startOf(source)
  if (start === null) return
  if (start.sign === '[') yield* listRows(source)
  else if (start.sign === '{') yield* objectRows(source)
  else {
    const separator = separatorOf(start.line)
    const header = [...recordsOf({ pieces: () => [Buffer.from(start.line)] }, separator)][0]?.fields ?? []
    const isNamed = /\.[ct]sv(?:\.gz)?$/i.test(path)
    const isTable = header.length > 1 && questionOf(Object.fromEntries(header.map((name) => [name, 'text']))) !== null
    if (isTable || isNamed) yield* tableRows(source, separator)
    else yield* lineRows(source)
  }
}

/** The first sign of a file, and its first line that is not empty, up to one piece; null for an empty file. */
function startOf(source: Bytes): { sign: string; line: string } | null {
  for (const piece of source.pieces()) {
    const text = piece.toString('utf8').replace(/^\ufeff/, '')
    const trimmed = text.trimStart()
    if (trimmed !== '') return { sign: trimmed[0]!, line: trimmed.split(/\r?\n/, 1)[0]! }
  }
  return null
}

function* listRows(source: Bytes): Generator<FileRow, void, void> {
  let line = 0
  for (const bytes of listElements(source)) yield jsonRow(bytes, ++line)
}

function* lineRows(source: Bytes): Generator<FileRow, void, void> {
  for (const { line, bytes } of linesOf(source)) if (!isBlank(bytes)) yield jsonRow(bytes, line)
}

/** JSONL, or one object that holds the rows: then its first line is not a whole object, or the only one. */
function* objectRows(source: Bytes): Generator<FileRow, void, void> {
  const [first, second] = firstLines(source)
  const isWholeLine = jsonRow(first!.bytes, 1).error === undefined
  if (isWholeLine && second !== undefined) {
    yield* lineRows(source)
    return
  }
  const whole = isWholeLine ? first!.bytes : wholeOf(source)
  const row = whole && jsonRow(whole, first!.line)
  if (row === null || row.error !== undefined) {
    yield* lineRows(source) // each line that fails is reported
    return
  }
  const rows = rowsOfDocument(row.value)
  if (rows === null) yield row
  else if (rows.length === 1 && rows[0] === row.value) yield row
  else for (const [i, value] of rows.entries()) yield { line: i + 1, value }
}

function firstLines(source: Bytes) {
  const lines = []
  for (const line of linesOf(source)) {
    if (!isBlank(line.bytes)) lines.push({ line: line.line, bytes: Buffer.from(line.bytes) })
    if (lines.length === 2) break
  }
  return lines
}

/** The whole file; null where it is longer than a text can be. */
function wholeOf(source: Bytes): Buffer | null {
  const pieces: Buffer[] = []
  let length = 0
  for (const piece of source.pieces()) {
    length += piece.length
    if (length > LONGEST_TEXT) return null
    pieces.push(Buffer.from(piece))
  }
  return Buffer.concat(pieces)
}

function* tableRows(source: Bytes, separator: string): Generator<FileRow, void, void> {
  let header: readonly string[] | undefined
  for (const { line, fields, error } of recordsOf(source, separator)) {
    if (header === undefined) {
      if (fields === undefined) throw new Error(`line ${line}, the header: ${error}`)
      header = fields.map((name) => name.trim())
      refuseHeader(header)
    } else if (fields === undefined) yield { line, error }
    else if (fields.length !== header.length)
      yield {
        line,
        error: `expected ${header.length} fields as in the header (${header.join(', ')}), got ${fields.length}`,
      }
    else yield { line, value: Object.fromEntries(header.map((name, i) => [name, fields[i]])) }
  }
}

function refuseHeader(header: readonly string[]): void {
  const twice = header.find((name, i) => header.indexOf(name) < i)
  if (twice !== undefined) throw new Error(`expected a header with each name once, got ${JSON.stringify(twice)} twice`)
  if (questionOf(Object.fromEntries(header.map((name) => [name, 'text']))) === null)
    throw new Error(`expected a header that names a question, got ${header.join(', ').slice(0, 80)}`)
}

function jsonRow(bytes: Buffer, line: number): FileRow {
  const text = decode(bytes)
  if (text === null) return { line, error: encodingFault(bytes) }
  try {
    return { line, value: parseExactJson(text) }
  } catch (error) {
    const got = JSON.stringify(text.trim().slice(0, 60))
    return { line, error: `expected one JSON object, got ${got} (${(error as Error).message})` }
  }
}

const isBlank = (bytes: Buffer): boolean =>
  bytes.length < 1000 && /^(?:\xef\xbb\xbf)?\s*$/.test(bytes.toString('latin1'))
