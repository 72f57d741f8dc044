// Where tests find their data: files of this repository, and problem sets of other people beside it that may be absent.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder that holds package.json. */
export const packageRoot = (() => {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
})()

/** A file or folder under test/fixtures. */
export const fixture = (...parts: string[]): string => join(packageRoot, 'test', 'fixtures', ...parts)

/** A file of a problem set that is not ours to ship; null, with the reason to skip, when it is not there. */
export function problemSet(name: string): { path: string; skip: false } | { path: string; skip: string } {
  const path = join(packageRoot, '..', 'shared', 'data', name)
  return existsSync(path) ? { path, skip: false } : { path, skip: `${name} is not on this machine` }
}
