// What was run: inputs and results of this session in memory, and of all sessions on disk. Each session appends to a file
// of its own, named by the session's number, so that any number of kernels may write at once. The number is claimed by
// creating the file, when the first cell is stored: a kernel that runs nothing leaves nothing behind.
import { appendFileSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { userDataFolder } from './kernelspec.ts'
import type { HistoryRow, Input } from './protocol/message.ts'

/** A cell of the past. Output: the text of its result, null where it had none. */
interface Entry {
  readonly line: number
  readonly input: string
  output: string | null
}

export interface History {
  /** A cell that begins to run. `line`: its number in this session. */
  add(line: number, input: string): void
  /** What it gave. */
  setOutput(line: number, output: string): void
  select(request: Input<'history_request'>): HistoryRow[]
}

/** Sessions that are kept on disk: older ones go when a new one begins. */
const KEPT_SESSIONS = 1000

/** Where history lies: ASTERISM_HOME, else Jupyter's data folder; null where ASTERISM_HISTORY is `off`. */
export function historyFolder(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.ASTERISM_HISTORY === 'off') return null
  return join(env.ASTERISM_HOME || join(userDataFolder(env), 'asterism'), 'history')
}

/** Opens the history of a new session. `folder`: null keeps it in memory. */
export function openHistory(folder: string | null): History {
  const past: Entry[] = []
  let disk = folder
  let session: number | null = null

  /** A disk that cannot be written must not cost the cell: history goes on in memory, and says so once. */
  const store = (record: Partial<Entry>): void => {
    if (disk === null) return
    try {
      session ??= claimSession(disk)
      appendFileSync(fileOf(disk, session), `${JSON.stringify(record)}\n`)
    } catch (error) {
      process.stderr.write(`asterism kernel: history is no longer kept on disk: ${(error as Error).message}\n`)
      disk = null
    }
  }
  const own = (): number => session ?? (disk === null ? 0 : (sessionsIn(disk).at(-1) ?? 0)) + 1
  const entriesOf = (number: number): readonly Entry[] => {
    if (number === session || (session === null && number === own())) return past
    return disk === null ? [] : readSession(disk, number)
  }
  const sessions = (): number[] =>
    [...new Set([...(disk === null ? [] : sessionsIn(disk)), own()])].sort((a, b) => a - b)

  /** Rows from the newest session back, in order of time, until there are enough. */
  const newest = (n: number, choose: (entry: Entry) => boolean, unique: boolean): Row[] => {
    const rows: Row[] = []
    const seen = new Set<string>()
    for (const number of sessions().reverse()) {
      for (const entry of entriesOf(number).toReversed()) {
        if (rows.length >= n) return rows.reverse()
        if (!choose(entry) || (unique && seen.has(entry.input))) continue
        seen.add(entry.input)
        rows.push({ session: number, entry })
      }
    }
    return rows.reverse()
  }

  /** As Python's slices: a negative line counts from the end. */
  const range = (asked: number, start: number, stop: number | null | undefined): Row[] => {
    const number = asked > 0 ? asked : own() + asked
    const entries = entriesOf(number)
    const end = (entries.at(-1)?.line ?? 0) + 1
    const from = start < 0 ? end + start : start
    const to = !stop ? end : stop < 0 ? end + stop : stop
    const chosen = entries.filter(({ line }) => line >= from && line < to)
    return chosen.map((entry) => ({ session: number, entry }))
  }

  return {
    add(line, input) {
      past.push({ line, input, output: null })
      store({ line, input })
    },
    setOutput(line, output) {
      const entry = past.findLast((one) => one.line === line)
      if (entry === undefined) return
      entry.output = output
      store({ line, output })
    },
    select({ hist_access_type: kind = 'tail', n, session: asked = 0, start = 0, stop, pattern = '*', ...flags }) {
      const count = n ?? Number.POSITIVE_INFINITY
      const { unique = false, output = false } = flags
      const matches = kind === 'search' ? globOf(pattern) : null
      const rows =
        kind === 'range'
          ? range(asked, start, stop)
          : newest(count, (entry) => matches?.test(entry.input) ?? true, kind === 'search' && unique)
      return rows.map(({ session: number, entry }) => [
        number,
        entry.line,
        output ? [entry.input, entry.output] : entry.input,
      ])
    },
  }
}

interface Row {
  readonly session: number
  readonly entry: Entry
}

const fileOf = (folder: string, session: number): string => join(folder, `${String(session).padStart(8, '0')}.jsonl`)

/** Numbers of the sessions on disk, oldest first. */
function sessionsIn(folder: string): number[] {
  try {
    const numbers = readdirSync(folder).map((file) => Number(/^(\d+)\.jsonl$/.exec(file)?.[1] ?? 0))
    return numbers.filter((number) => number > 0).sort((a, b) => a - b)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** The next free number, taken by creating its file: of two kernels that try the same, one gets the next. */
function claimSession(folder: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const numbers = sessionsIn(folder)
  for (let number = (numbers.at(-1) ?? 0) + 1; ; number++) {
    try {
      closeSync(openSync(fileOf(folder, number), 'wx', 0o600))
      for (const old of numbers.filter((one) => one <= number - KEPT_SESSIONS))
        rmSync(fileOf(folder, old), { force: true })
      return number
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function readSession(folder: string, session: number): Entry[] {
  const file = fileOf(folder, session)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [] // never there, or old enough to be gone
    throw error
  }
  const entries = new Map<number, Entry>()
  // What follows the last line end was being written when its kernel was killed, or is being written now.
  for (const [i, line] of text.split('\n').slice(0, -1).entries()) {
    const { line: at, input, output = null } = parseRecord(line, `${file}:${i + 1}`)
    const entry = entries.get(at)
    if (entry === undefined) entries.set(at, { line: at, input: input ?? '', output })
    else entry.output = output
  }
  return [...entries.values()]
}

function parseRecord(text: string, place: string): { line: number; input?: string; output?: string } {
  try {
    return JSON.parse(text) as { line: number }
  } catch (error) {
    throw new Error(`Expected a line of JSON at ${place}: ${(error as Error).message}. Delete the file to go on`)
  }
}

/** `*` is any text, `?` any character, `[ab]` one of these, `[!ab]` another; the whole input must match. */
function globOf(pattern: string): RegExp {
  const source = pattern.replace(/\*|\?|\[!?[^\]]+\]|[.+^${}()|[\]\\/]/g, (token) => {
    if (token === '*') return '.*'
    if (token === '?') return '.'
    return token.length > 1 ? token.replaceAll('\\', '\\\\').replace(/^\[!/, '[^') : `\\${token}`
  })
  return new RegExp(`^${source}$`, 'su')
}
