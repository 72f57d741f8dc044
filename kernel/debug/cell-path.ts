// Where a cell's source lives for debuggers: a path made from a hash of the text, so that a client can compute it for a
// cell that it shows, and a breakpoint belongs to a text, whenever it ran. The hash is MurmurHash2, as other kernels use.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'

export const HASH_METHOD = 'Murmur2'
export const HASH_SEED = 0xc70f6907
/** A folder of this process's own, which nobody else may read or can foretell. */
export const PATH_PREFIX = mkdtempSync(join(runtimeFolder(), 'asterism-debug-')) + sep
export const PATH_SUFFIX = '.ts'

/** Where programs of this person keep what lives as long as they run. */
function runtimeFolder(): string {
  const { JUPYTER_RUNTIME_DIR: jupyter, XDG_RUNTIME_DIR: session } = process.env
  return [jupyter, session].find((folder) => folder !== undefined && existsSync(folder)) ?? tmpdir()
}

/** The path of a cell with this text. */
export const cellPath = (code: string): string => `${PATH_PREFIX}${murmur2(code, HASH_SEED)}${PATH_SUFFIX}`

/** Writes the text to its path, for clients that open files. */
export function dumpCell(code: string): string {
  const path = cellPath(code)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, code, { mode: 0o600 })
  return path
}

/** Removes what dumpCell wrote. */
export const removeDumps = (): void => rmSync(PATH_PREFIX, { recursive: true, force: true })

const M = 0x5bd1e995

/** MurmurHash2 of the text's UTF-8 bytes, 32 bits. Example: `murmur2('', 0)` gives 0. */
export function murmur2(text: string, seed: number): number {
  const bytes = Buffer.from(text, 'utf8')
  const whole = bytes.length - (bytes.length % 4)
  let hash = seed ^ bytes.length
  for (let at = 0; at < whole; at += 4) {
    let part = Math.imul(bytes.readInt32LE(at), M)
    part = Math.imul(part ^ (part >>> 24), M)
    hash = Math.imul(hash, M) ^ part
  }
  if (whole < bytes.length) {
    for (let at = bytes.length - 1; at >= whole; at--) hash ^= (bytes[at] as number) << (8 * (at - whole))
    hash = Math.imul(hash, M)
  }
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return (hash ^ (hash >>> 15)) >>> 0
}
