// Writing files so that a reader, or a process killed at any moment, sees the old content or the new, never a part.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Writes a whole file: temporary file beside it, fsync, rename. Makes the folder when it is missing.
 * Errors: one line that names the file and what to do (a full disk, no permission); the old file is then untouched.
 */
export function writeAtomic(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.tmp-${process.pid}`
  try {
    const file = openSync(temporary, 'w')
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw writeError(path, error)
  }
}

/** The error of a failed write as one line: the file, what happened, what to do. */
export function writeError(path: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code
  const advice =
    code === 'ENOSPC'
      ? 'the disk is full: free some space and start the same command again, it goes on where it stopped'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'no permission to write there: choose another folder or change its owner'
        : (error as Error).message
  return new Error(`Could not write ${path}: ${advice}`, { cause: error })
}
