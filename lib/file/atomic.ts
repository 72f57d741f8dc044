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

/** A file under way: nobody sees it before `commit`. */
export interface AtomicFile {
  /** Adds to its end. Errors: a full disk and the like, as one line; call `discard` then. */
  write(content: string | Uint8Array): void
  /** Puts it in the place of the old one: fsync, rename. */
  commit(): void
  /** Leaves the old one as it is. Harmless after `commit`. */
  discard(): void
}

/**
 * Begins a file that is written a piece at a time, under a temporary name beside it. Makes the folder when it is missing.
 * Errors: one line that names the file and what to do (a full disk, no permission); the old file is then untouched.
 */
export function openAtomic(path: string): AtomicFile {
  const temporary = `${path}.tmp-${process.pid}`
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw writeError(path, error)
    }
  }
  let file: number | null = guarded(() => {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(temporary, 'w')
  })
  const close = () => {
    if (file !== null) closeSync(file)
    file = null
  }
  return {
    write: (content) =>
      guarded(() => {
        const bytes = typeof content === 'string' ? Buffer.from(content) : content
        for (let offset = 0; offset < bytes.length; ) offset += writeSync(file!, bytes, offset)
      }),
    commit: () =>
      guarded(() => {
        fsyncSync(file!)
        close()
        renameSync(temporary, path)
      }),
    discard() {
      close()
      rmSync(temporary, { force: true })
    },
  }
}

/** Writes a whole file so. Errors: those of `openAtomic`. */
export function writeAtomic(path: string, content: string | Uint8Array): void {
  const file = openAtomic(path)
  try {
    file.write(content)
    file.commit()
  } finally {
    file.discard()
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
