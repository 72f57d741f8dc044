// The scripts that V8 knows, as places in what the person wrote: cells by the path of their text, local TypeScript files
// and packages by their own path. Where a breakpoint can hold is asked of V8 and read back through the position table, so
// it does not depend on how a cell was compiled.
import { readFileSync } from 'node:fs'
import type { Debugger } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import { evaluateHost } from './host-calls.ts'
import type { Inspector } from './pipe.ts'
import { originOf, type PositionTable } from './source-map.ts'

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
const packageFolder = (name: string): string =>
  import.meta.resolve(name).replace(new RegExp(`(?<=/node_modules/${escaped(name)}/).*`), '')
/** The kernel itself, and the packages with which it compiles cells. */
const OURS = [
  new URL('..', import.meta.url).href,
  ...['oxc-parser', 'oxc-transform', 'magic-string'].map(packageFolder),
]

/** Code that is stepped over and never shown. */
export const HIDDEN_CODE = ['^node:', '^evalmachine', '^$', ...OURS.map((folder) => `^${escaped(folder)}`)]
const isHidden = new RegExp(HIDDEN_CODE.join('|'))

/** `cellPathOf`: the path of a cell by its name, null for other scripts. */
export function createScripts(inspector: Inspector, cellPathOf: (name: string) => string | null): Scripts {
  const urls = new Map<string, string>()
  const known = new Map<string, Promise<Script | null>>()
  const places = new Map<string, Promise<BreakPlace[]>>()

  const load = async (id: string, url: string): Promise<Script | null> => {
    const cell = cellPathOf(url)
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
    const isDeclaration = await functionDeclarations(inspector, script)
    return locations.flatMap((location) => {
      const from = origin(script, location)
      return from === null || isDeclaration(location) ? [] : [{ location, ...from }]
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
async function functionDeclarations(inspector: Inspector, script: Script): Promise<(at: Debugger.Location) => boolean> {
  if (!script.isCell) return () => false
  const { scriptSource } = await inspector.post<Debugger.GetScriptSourceReturnType>('Debugger.getScriptSource', {
    scriptId: script.id,
  })
  const lines = scriptSource.split('\n')
  return ({ lineNumber, columnNumber = 0 }) => {
    const text = lines[lineNumber]?.slice(columnNumber) ?? ''
    return /^[\p{ID_Continue}$]+ = (\$asterism\.named\("[^"]*", )?(async )?function\b/u.test(text)
  }
}

/** The text of a file that V8 loaded. */
export const fileText = (path: string): string => readFileSync(path, 'utf8')
