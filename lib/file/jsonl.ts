// Files of one JSON value a line. Appending is the unit of resume: a last line torn by a kill is ignored and cut off.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeError } from './atomic.ts'

/**
 * All values of a file written by `openJsonl` or `jsonl`, without a torn last line. Empty when the file does not exist.
 * Errors: a line that is no JSON, with its number.
 */
export function readJsonl<T>(path: string): T[] {
  if (!existsSync(path)) return []
  const text = readFileSync(path, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((line, index) => {
    if (line === '') return []
    try {
      return [JSON.parse(line) as T]
    } catch (error) {
      throw new Error(
        `${path}:${index + 1}: expected one JSON value, got ${JSON.stringify(line.slice(0, 80))}. ` +
          'The file was changed by hand: take that line back, or delete the file to have it made anew.',
        { cause: error },
      )
    }
  })
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
    if (existsSync(path)) {
      const bytes = readFileSync(path)
      const end = bytes.lastIndexOf(10) + 1
      if (end < bytes.length) truncateSync(path, end)
    }
    return openSync(path, 'a')
  } catch (error) {
    throw writeError(path, error)
  }
}
