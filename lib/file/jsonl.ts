// Files of one JSON value a line. Appending is the unit of resume: a last line torn by a kill is ignored and cut off.
// Files are read a piece at a time, so they may be larger than memory, or than the longest string.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { writeError } from './atomic.ts'

/** Where a line stands in its file, in bytes; the newline is not counted. */
export interface JsonlPlace {
  readonly offset: number
  readonly bytes: number
}

/** One line of a file: its value, its number from 1, and its place. */
export interface JsonlEntry<T> extends JsonlPlace {
  readonly value: T
  readonly line: number
}

/** Bytes read at once. */
const PIECE = 1 << 20
const NEWLINE = 10

/**
 * The values of a file written by `openJsonl` or `jsonl`, one after the other, without a torn last line. None when the
 * file does not exist. `advice`: what to do about a broken line, as a whole sentence. Errors: a line that is no JSON,
 * with its number, when it is reached.
 */
export function* eachJsonl<T>(path: string, advice = BY_HAND): Generator<JsonlEntry<T>, void, void> {
  if (!existsSync(path)) return
  const file = openSync(path, 'r')
  try {
    let line = 0
    for (const { text, ...place } of wholeLines(file)) {
      line++
      if (text !== '') yield { value: parseLine<T>(path, line, text, advice), line, ...place }
    }
  } finally {
    closeSync(file)
  }
}

/** All values of such a file at once. */
export const readJsonl = <T>(path: string, advice?: string): T[] =>
  Array.from(eachJsonl<T>(path, advice), ({ value }) => value)

/** The values at some places of such a file, as `eachJsonl` told them. Errors: no JSON there, for the file was changed. */
export function readJsonlAt<T>(path: string, places: readonly JsonlPlace[]): T[] {
  const file = openSync(path, 'r')
  try {
    const room = Buffer.allocUnsafe(Math.max(0, ...places.map(({ bytes }) => bytes)))
    return places.map(({ offset, bytes }) => {
      const length = readSync(file, room, 0, bytes, offset)
      return parseLine<T>(path, `byte ${offset}`, room.toString('utf8', 0, length), BY_HAND)
    })
  } finally {
    closeSync(file)
  }
}

/** The lines of a file that end in a newline. */
function* wholeLines(file: number): Generator<JsonlPlace & { readonly text: string }, void, void> {
  const piece = Buffer.allocUnsafe(PIECE)
  let begun: Buffer[] = [] // of a line that goes on in the next piece
  let offset = 0
  for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
    let from = 0
    for (let at = piece.indexOf(NEWLINE); at >= 0 && at < length; at = piece.indexOf(NEWLINE, from)) {
      const end = piece.subarray(from, at)
      const whole = begun.length === 0 ? end : Buffer.concat([...begun, end])
      begun = []
      from = at + 1
      yield { text: whole.toString('utf8'), offset, bytes: whole.length }
      offset += whole.length + 1
    }
    if (from < length) begun.push(Buffer.from(piece.subarray(from, length)))
  }
}

const BY_HAND = 'The file was changed by hand: take that line back.'

function parseLine<T>(path: string, line: number | string, text: string, advice: string): T {
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new Error(`${path}:${line}: expected one JSON value, got ${JSON.stringify(text.slice(0, 80))}. ${advice}`, {
      cause: error,
    })
  }
}

/** The text of a file of one JSON value a line. */
export const jsonl = (values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('')

/** An append-only file: each value is on the disk before `append` returns. */
export interface JsonlWriter {
  /** Errors: a full disk and the like, as one line; what was appended before stays. */
  append(values: readonly unknown[]): void
  close(): void
}

/** Opens a file for appending, after cutting off a line that a killed process left unfinished. */
export function openJsonl(path: string): JsonlWriter {
  const file = openWhole(path)
  return {
    append(values) {
      if (values.length === 0) return
      const bytes = Buffer.from(jsonl(values))
      try {
        for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset)
        fsyncSync(file)
      } catch (error) {
        throw writeError(path, error)
      }
    },
    close: () => closeSync(file),
  }
}

function openWhole(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    cutTornLine(path)
    return openSync(path, 'a')
  } catch (error) {
    throw writeError(path, error)
  }
}

function cutTornLine(path: string): void {
  if (!existsSync(path)) return
  const file = openSync(path, 'r+')
  try {
    const { size } = fstatSync(file)
    const bytes = Buffer.allocUnsafe(Math.min(size, PIECE))
    for (let end = size; ; ) {
      const start = Math.max(0, end - bytes.length)
      const length = readSync(file, bytes, 0, end - start, start)
      const kept = start + bytes.subarray(0, length).lastIndexOf(NEWLINE) + 1
      if (kept > start || start === 0) {
        if (kept < size) ftruncateSync(file, kept)
        return
      }
      end = start
    }
  } finally {
    closeSync(file)
  }
}
