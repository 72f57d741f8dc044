// The scripts that V8 knows, as places in what the person wrote: cells by the path of their text, local TypeScript files
// and packages by their own path. Where a breakpoint can hold is asked of V8 and read back through the position table, so
// it does not depend on how a cell was compiled.
import { readFileSync } from 'node:fs'
import type { Debugger } from 'node:inspector'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { originOf, type PositionTable } from '../cell/position-table.ts'
import { cellPath } from './cell-path.ts'
import { evaluateHost } from './host-calls.ts'
import type { Inspector } from './pipe.ts'

/** A script of the user, or of a package that the user loads. */
export interface Script {
  readonly id: string
  /** What V8 calls it: `cell 3`, a path, a file URL. */
  readonly url: string
  readonly path: string
  readonly isCell: boolean
  /** Null where the code runs as it was written. */
  readonly table: PositionTable | null
}

/** A place where V8 can stop, and what it is in the source; 1-based. */
export interface BreakPlace {
  readonly location: Debugger.Location
  readonly line: number
  readonly column: number
}

/** Knows the scripts of one user-code process. */
export interface Scripts {
  /** Remembers a script that V8 parsed. */
  parsed(event: Debugger.ScriptParsedEventDataType): void
  /** The script behind an id; null for the kernel's and Node's own code. */
  get(id: string): Promise<Script | null>
  ofPath(path: string): Promise<Script[]>
  all(): Promise<Script[]>
  /** The first place at or after a line, and a column where one is given; null where no code follows. */
  breakPlace(script: Script, line: number, column?: number): Promise<BreakPlace | null>
  /** Where a location comes from; null for code that the compiler added. */
  origin(script: Script, location: Debugger.Location): { line: number; column: number } | null
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const packageFolder = (name: string, url: string): string =>
  url.slice(0, url.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}/`.length)
const magicString = import.meta.resolve('magic-string')
const sourcemapCodec = createRequire(magicString).resolve('@jridgewell/sourcemap-codec')
/** The kernel itself, and the packages with which it compiles cells and draws. */
const OURS = [
  new URL('..', import.meta.url).href,
  packageFolder('magic-string', magicString),
  packageFolder('@jridgewell/sourcemap-codec', pathToFileURL(sourcemapCodec).href),
  ...['oxc-parser', 'oxc-transform', 'typescript', 'jsdom'].map((name) =>
    packageFolder(name, import.meta.resolve(name)),
  ),
]

/** Code that is stepped over and never shown. */
export const HIDDEN_CODE = ['^node:', '^evalmachine', '^$', ...OURS.map((folder) => `^${escaped(folder)}`)]
const isHidden = new RegExp(HIDDEN_CODE.join('|'))

/** `cells`: the texts of the cells, by name. */
export function createScripts(inspector: Inspector, cells: ReadonlyMap<string, string>): Scripts {
  const urls = new Map<string, string>()
  const known = new Map<string, Promise<Script | null>>()
  const places = new Map<string, Promise<BreakPlace[]>>()

  const load = async (id: string, url: string): Promise<Script | null> => {
    const text = cells.get(url)
    const cell = text === undefined ? null : cellPath(text)
    if (cell === null && isHidden.test(url)) return null
    // V8 gives file URLs also where a path was given.
    const file = url.startsWith('file:') ? fileURLToPath(url) : null
    const path = cell ?? file
    if (path === null) return null
    const table = await evaluateHost(inspector, `positions(${JSON.stringify(file ?? url)})`)
    return { id, url, path, isCell: cell !== null, table: table as PositionTable | null }
  }
  const get = (id: string): Promise<Script | null> => {
    const url = urls.get(id)
    if (url === undefined) return Promise.resolve(null)
    const script = known.get(id) ?? load(id, url)
    known.set(id, script)
    return script
  }
  const all = async (): Promise<Script[]> => {
    const scripts = await Promise.all([...urls.keys()].map(get))
    return scripts.filter((script) => script !== null)
  }
  const origin: Scripts['origin'] = (script, { lineNumber, columnNumber = 0 }) =>
    script.table === null
      ? { line: lineNumber + 1, column: columnNumber + 1 }
      : originOf(script.table, lineNumber, columnNumber)

  const findPlaces = async (script: Script): Promise<BreakPlace[]> => {
    const start = { scriptId: script.id, lineNumber: 0, columnNumber: 0 }
    const { locations } = await inspector.post<Debugger.GetPossibleBreakpointsReturnType>(
      'Debugger.getPossibleBreakpoints',
      { start },
    )
    const lines = cells.get(script.url)?.split('\n') ?? []
    return locations.flatMap((location) => {
      const from = origin(script, location)
      return from === null || isFunctionDeclaration(lines, from) ? [] : [{ location, ...from }]
    })
  }

  return {
    parsed({ scriptId, url }) {
      urls.set(scriptId, url)
    },
    get,
    ofPath: async (path) => (await all()).filter((script) => script.path === path),
    all,
    async breakPlace(script, line, column = 1) {
      const found = places.get(script.id) ?? findPlaces(script)
      places.set(script.id, found)
      const after = (await found).filter(
        (place) => place.line > line || (place.line === line && place.column >= column),
      )
      return after.reduce<BreakPlace | null>(
        (first, place) => (first === null || isBefore(place, first) ? place : first),
        null,
      )
    },
    origin,
  }
}

const isBefore = (one: BreakPlace, other: BreakPlace): boolean =>
  one.line < other.line || (one.line === other.line && one.column < other.column)

/**
 * A function declaration of a cell runs as an assignment, which is not what a breakpoint on its line means: that one
 * holds when the function is called.
 */
function isFunctionDeclaration(lines: readonly string[], { line, column }: { line: number; column: number }): boolean {
  const text = lines[line - 1]?.slice(column - 1) ?? ''
  return /^(export\s+)?(default\s+)?(async\s+)?function\b/.test(text)
}

/** The text of a file that V8 loaded. */
export const fileText = (path: string): string => readFileSync(path, 'utf8')
