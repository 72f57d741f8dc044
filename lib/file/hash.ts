// Content of files as one number.
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync } from 'node:fs'

/** SHA-256 of some files one after the other, read a piece at a time. A file that is not there counts as empty. */
export function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(1 << 20)
  for (const path of paths) {
    if (!existsSync(path)) continue
    const file = openSync(path, 'r')
    try {
      for (let length = readSync(file, piece); length > 0; length = readSync(file, piece))
        hash.update(piece.subarray(0, length))
    } finally {
      closeSync(file)
    }
  }
  return hash.digest('hex')
}
