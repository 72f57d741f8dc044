// One process at a time: a file that names the process that works in a folder, there for as long as it does.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeError } from './atomic.ts'
import { isAlive } from './process.ts'

/**
 * Claims a folder for this process by making the file `path`; returns what gives it back. What a dead process left is
 * taken over; a process may claim again what it holds, and the first claim counts.
 * Errors: another living process holds it (names the process and the file); the file cannot be written.
 */
export function claim(path: string): () => void {
  const held = holderOf(path)
  if (held === process.pid) return () => undefined
  if (held === null || !isAlive(held)) rmSync(path, { force: true }) // also what a full disk left empty
  try {
    mkdirSync(dirname(path), { recursive: true })
    // Made whole elsewhere and then linked: an empty one is what a full disk left, never that of a process at work.
    const whole = `${path}.tmp-${process.pid}`
    try {
      writeFileSync(whole, `${process.pid}`)
      linkSync(whole, path)
    } finally {
      rmSync(whole, { force: true })
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(path, error)
    throw new Error(
      `${path}: expected no other process at work in this folder, found process ${holderOf(path)}. Wait until it has ` +
        'ended, stop it, or choose another run. If that process does something else, delete this file.',
    )
  }
  return () => rmSync(path, { force: true })
}

/** The process that a claim names; null where there is none. */
function holderOf(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    return pid > 0 ? pid : null
  } catch {
    return null
  }
}
