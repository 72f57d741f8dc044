// What a traceback shows of the code that it points into: the lines around the place where the error arose, and around the
// line of the cell that led there. Behind the stack, so that they stand where a reader's eyes end.
import { readFileSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import { excerpt } from '../cell/excerpt.ts'
import { sourceOf } from '../cell/source-position.ts'

/** Lines shown before and behind the one that is meant. */
const CONTEXT = 2
/** Larger files are not read, in bytes. */
const MAX_FILE = 2_000_000

interface Place {
  /** A cell's name, or the path of a file. */
  readonly name: string
  readonly line: number
  readonly column: number
}

/** The excerpts that belong below a traceback: where the error arose, and in the cell that ran, where that is another place. */
export function sourceLines(traceback: readonly string[]): string[] {
  const places = placesIn(traceback).flatMap((place) => {
    const source = sourceOf(place.name) ?? fileText(place.name)
    return source === null || place.line > source.split('\n').length ? [] : [{ ...place, source }]
  })
  const [first] = places
  const last = places.findLast(({ name }) => !isAbsolute(name))
  const shown = [first, last?.name === first?.name ? undefined : last].filter((place) => place !== undefined)
  return shown.flatMap(({ source, ...place }) => [
    '',
    `${place.name}, line ${place.line}`,
    ...excerpt(source, place, CONTEXT).split('\n'),
  ])
}

/** Places that the head line names in brackets, as syntax errors do, and those of the stack; not those of causes. */
function placesIn(traceback: readonly string[]): Place[] {
  return traceback.flatMap((line, at) => {
    const named = at === 0 ? /\(([^()]*:\d+:\d+)\)$/.exec(line)?.[1] : /^ {4}at (.*?)(?: \{)?$/.exec(line)?.[1]
    const [, path = '', row, column] = /^(.*):(\d+):(\d+)$/.exec(named === undefined ? '' : bare(named)) ?? []
    if (path === '') return []
    const name = path.startsWith('file:') ? fileURLToPath(path) : path
    return [{ name, line: Number(row), column: Number(column) }]
  })
}

/** `async f (cell 1:2:3)` → `cell 1:2:3` */
const bare = (frame: string): string =>
  frame.endsWith(')') ? frame.slice(frame.lastIndexOf('(') + 1, -1) : frame.replace(/^async /, '')

/** The text of a local file that was not compiled here; packages are not what a notebook's reader looks for. */
function fileText(path: string): string | null {
  if (!isAbsolute(path) || path.includes('node_modules')) return null
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() && stats.size <= MAX_FILE ? readFileSync(path, 'utf8') : null
}
