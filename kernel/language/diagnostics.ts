// Type errors of a cell: TypeScript's own, less those that a notebook makes no mistake with.
import { existsSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import { parse } from './notebook-types.ts'
import type { CellService } from './service.ts'

/** A type error; line and column of the cell are 1-based. */
export interface CellDiagnostic {
  /** What TypeScript says; may have several lines. */
  readonly message: string
  readonly code: number
  readonly line: number
  readonly column: number
  /** Length in UTF-16 units. */
  readonly length: number
  /** The name that no type is known of: no error where it exists live. */
  readonly unknown: string | null
}

/** Cannot find a name, in all the ways in which TypeScript says so. */
const UNKNOWN_NAME = new Set([2304, 2503, 2552, 2580, 2581, 2582, 2583, 2584, 2591, 2592, 2593, 18004])
/** Cannot find a module. */
const UNKNOWN_MODULE = new Set([2307, 2732, 2792])
/** Used before its declaration: an earlier cell has declared it too. */
const TOO_EARLY = new Set([2448, 2449, 2450, 2454])
/** `… is of type 'unknown'`: what came from JSON or a cast; a notebook looks at it without declaring it first. */
const UNKNOWN_TYPE = new Set([2571, 18046])
/** `<T>x` and `<T>(x) => x`, which TypeScript reserves in `.mts` files: a cell is none. */
const RESERVED = new Set([7059, 7060])
/** `… implicitly has an 'any' type`, types that are missing in a package included: such a value is any. */
const isImplicitAny = (code: number): boolean => code >= 7005 && code <= 7057

/** The type errors of a cell. None where it has syntax errors: running it tells those. */
export function diagnosticsOf(cells: CellService, source: string): CellDiagnostic[] {
  if (isUnchecked(source)) return []
  const shift = cells.setDraft(source)
  if (cells.service.getSyntacticDiagnostics(cells.draft).length > 0) return []
  const found = cells.service.getSemanticDiagnostics(cells.draft)
  const assigned = new Set(
    [...source.matchAll(/\bglobalThis\.([\p{ID_Continue}$]+)\s*=[^=]/gu)].map((match) => match[1]),
  )
  return found.flatMap(({ category, code, start = 0, length = 0, messageText }) => {
    const at = start - shift
    if (category !== ts.DiagnosticCategory.Error || at < 0 || at > source.length || isImplicitAny(code)) return []
    const text = source.slice(at, at + length)
    if (UNKNOWN_TYPE.has(code) || RESERVED.has(code)) return []
    if (TOO_EARLY.has(code) && cells.notebook.names.has(text)) return []
    if (UNKNOWN_MODULE.has(code) && canResolve(text.slice(1, -1), cells.draft)) return []
    const isUnknown = UNKNOWN_NAME.has(code)
    const before = source.slice(0, at)
    if (isUnknown && (assigned.has(text) || /\btypeof\s+$/.test(before))) return [] // `typeof x` is how one asks
    return {
      message: withoutCellPaths(ts.flattenDiagnosticMessageText(messageText, '\n')),
      code,
      line: before.split('\n').length,
      column: at - before.lastIndexOf('\n'),
      length,
      unknown: isUnknown ? text : null,
    }
  })
}

/** `// @ts-nocheck` in front of a cell, as in a file; nothing in front of the draft's own line counts. */
const isUnchecked = (source: string): boolean => /^(\s*\/\/[^\n]*\n)*\s*\/\/\s*@ts-nocheck\b/.test(source)

/** `import("/folder/.asterism-cell-3").Point` → `Point (of cell 3)`. */
export const withoutCellPaths = (text: string): string =>
  text.replace(/import\("[^"]*\.asterism-([^"/\\]*?)(?:\.m[tj]s)?"\)\.([\p{ID_Continue}$]+)/gu, (_, cell, name) =>
    cell === 'draft' ? `${name} (of this cell)` : `${name} (of ${String(cell).replaceAll('-', ' ')})`,
  )

/** Modules without types may still load: a package, a file of another kind, a newer builtin. */
function canResolve(specifier: string, from: string): boolean {
  if (isBuiltin(specifier) || /^(data|file):/.test(specifier)) return true
  if (/^\.{0,2}\//.test(specifier)) return existsSync(resolve(dirname(from), specifier))
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules', name))) return true
    if (folder === dirname(folder)) return false
  }
}

/** True where a cell's text cannot be parsed. */
export const hasSyntaxErrors = (source: string): boolean => {
  const { parseDiagnostics } = parse(source) as ts.SourceFile & { parseDiagnostics?: readonly unknown[] }
  return (parseDiagnostics?.length ?? 0) > 0
}
