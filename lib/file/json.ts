// Files of one JSON value, written whole by `writeAtomic`. One that cannot be read was changed by hand or by another
// program, and the error says what to do about it.
import { readFileSync } from 'node:fs'
import { writeAtomic } from './atomic.ts'

/**
 * Reads a JSON file. `advice`: what to do when it is broken, as a whole sentence.
 * Errors: one line that names the file, what was expected, what came, and the advice.
 */
export function readJson<T>(path: string, advice = 'Delete it and start the same command again: it is made anew.'): T {
  const text = readFileSync(path, 'utf8')
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new Error(`${path}: expected JSON, got ${(error as Error).message.split('\n')[0]}. ${advice}`, {
      cause: error,
    })
  }
}

/** The text of a file of one value: on one line, or with `indent` spaces a level. */
export const jsonText = (value: unknown, indent = 0): string => `${JSON.stringify(value, null, indent)}\n`

/** Writes one value. Errors: a full disk and the like. */
export const writeJson = (path: string, value: unknown, indent = 0): void => writeAtomic(path, jsonText(value, indent))
