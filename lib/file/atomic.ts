// Writing files so that a reader, or a process killed at any moment, sees the old content or the new, never a part.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isAlive } from './process.ts'

/**
 * Writes a whole file: temporary file beside it, fsync, rename. Makes the folder when it is missing.
 * Errors: one line that names the file and what to do (a full disk, no permission); the old file is then untouched.
 */
export function writeAtomic(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.tmp-${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true })
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
    if (existsSync(temporary)) rmSync(temporary, { force: true })
    throw writeError(path, error)
  }
}

/** Removes the temporary files that killed processes left in a folder and below it; those of living ones stay. */
export function removeLeftovers(folder: string): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder, { recursive: true }).map(String)) {
    const writer = /\.tmp-(\d+)$/.exec(name)?.[1]
    if (writer !== undefined && !isAlive(Number(writer))) rmSync(join(folder, name), { force: true })
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space and start the same command again, it goes on where it stopped',
  EDQUOT: 'the disk quota is used up: free some space and start the same command again, it goes on where it stopped',
  EFBIG: 'the file would be larger than this system allows (ulimit -f): raise the limit and start the command again',
  EACCES: 'no permission to write there: choose another folder or change its owner',
  EPERM: 'no permission to write there: choose another folder or change its owner',
  ENOENT: 'its folder cannot be made there: choose another folder, on a disk that can be written to',
  EROFS: 'the disk is read-only: choose another folder',
  ENOTDIR: 'a part of the path is a file, not a folder: choose another folder',
  EEXIST: 'a part of the path is a file, not a folder: choose another folder',
}

/** The error of a failed write as one line: the file, what happened, what to do. */
export function writeError(path: string, error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException
  return new Error(`Could not write ${path}: ${ADVICE[code] ?? message}`, { cause: error })
}
