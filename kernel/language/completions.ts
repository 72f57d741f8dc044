// Completions from types: members, names, import paths. The part of a word that is already typed is taken out of the
// text first, so that one analysis serves every keystroke of the word. user/live-members.ts completes from values, merge.ts joins both.
import ts from 'typescript'
import { cursorPlace } from '../cell/cursor-place.ts'
import { charactersBefore, offsetOf, wordBefore } from './characters.ts'
import { parse } from './notebook-types.ts'
import type { CellService } from './service.ts'

/** One completion. */
export interface Entry {
  readonly text: string
  /** What it is, in the words that Jupyter clients know from ipykernel: `function`, `instance`, `property` … */
  readonly type: string
  /** `(text: string): number`, where there are few entries. */
  readonly signature: string
}

/** What types say about a cursor. */
export interface StaticCompletion {
  /**
   * What can stand there: members of a value, names, types, what only this place knows (names that a module exports, keys
   * of a literal), the text of a string, or nothing (a comment, a plain string).
   */
  readonly place: 'member' | 'name' | 'type' | 'key' | 'string' | 'nothing'
  /** Position in characters where the replaced word begins. */
  readonly start: number
  /** Best first; all begin with the word. */
  readonly entries: readonly Entry[]
}

/** Signatures cost time: they are given for at most so many entries. */
const SIGNED_ENTRIES = 8
const PREFERENCES: ts.GetCompletionsAtPositionOptions = {
  includeCompletionsForModuleExports: false,
  includeCompletionsWithInsertText: false,
  includeCompletionsWithSnippetText: false,
}
/** TypeScript sorts what is in reach before what is global. */
const FIRST_GLOBAL = '15'

/** Completions at a cursor, in characters. */
export function completionsAt(cells: CellService, code: string, cursor: number): StaticCompletion {
  const offset = offsetOf(code, cursor)
  const string = stringAt(code, offset)
  if (string !== null) return inString(cells, code, cursor, string)
  const word = wordBefore(code, offset)
  const from = offset - word.length
  const shortened = code.slice(0, from) + code.slice(offset)
  const shift = cells.setDraft(shortened)
  const start = cursor - [...word].length
  const comment = cells.service.getSpanOfEnclosingComment(cells.draft, from + shift, false)
  if (comment !== undefined || /^\d/.test(word)) return { place: 'nothing', start, entries: [] }
  const info = cells.service.getCompletionsAtPosition(cells.draft, from + shift, PREFERENCES)
  const isMember = info?.isMemberCompletion ?? /\.\s*$/.test(shortened.slice(0, from))
  const listed = ordered(info).filter(({ name }) => name.startsWith(word))
  const isTyped = isTypePlace(info)
  const isName = info?.isGlobalCompletion === true && cursorPlace(code.slice(0, offset)).kind === 'name'
  const place = isMember ? 'member' : isTyped ? 'type' : isName ? 'name' : 'key'
  if (place === 'key' && info?.isGlobalCompletion) return { place: 'nothing', start, entries: [] }
  const sign = (entries: readonly ts.CompletionEntry[]): Entry[] =>
    entries.map(({ name, kind }) => ({
      text: name,
      type: typeOf(cells.notebook.names.get(name)?.kind ?? kind),
      signature: listed.length > SIGNED_ENTRIES || !isCallable(kind) ? '' : signatureOf(cells, from + shift, name),
    }))
  if (place === 'key') return { place, start, entries: sign(listed.filter(({ sortText }) => sortText < FIRST_GLOBAL)) }
  if (isMember || !info?.isGlobalCompletion) return { place, start, entries: sign(listed) }
  const near = listed.filter(({ sortText }) => sortText < FIRST_GLOBAL)
  const far = listed.filter(({ sortText }) => sortText >= FIRST_GLOBAL)
  const known = new Set(near.map(({ name }) => name))
  const earlier = [...cells.notebook.names.values()]
    .reverse()
    .filter(({ name, form }) => name.startsWith(word) && !known.has(name) && (!isTyped || form === 'alias'))
    .map(({ name, kind }): Entry => ({ text: name, type: typeOf(kind), signature: '' }))
  const taken = new Set(earlier.map(({ text }) => text))
  return { place, start, entries: [...sign(near), ...earlier, ...sign(far.filter(({ name }) => !taken.has(name)))] }
}

/** Where only a type can stand, TypeScript offers `keyof` and no `function`. */
function isTypePlace(info: ts.CompletionInfo | undefined): boolean {
  const keywords =
    info?.entries.filter(({ kind }) => kind === ts.ScriptElementKind.keyword).map(({ name }) => name) ?? []
  return keywords.includes('keyof') && !keywords.includes('function')
}

const ordered = (info: ts.CompletionInfo | undefined): ts.CompletionEntry[] =>
  (info?.entries ?? [])
    .filter(({ kind, name }) => kind !== ts.ScriptElementKind.warning && !name.startsWith('$asterism'))
    .sort((a, b) => (a.sortText < b.sortText ? -1 : a.sortText > b.sortText ? 1 : 0))

/** A string literal that holds an offset, and whether it names a module. */
interface StringPlace {
  /** Offset after the opening quote. */
  readonly start: number
  readonly isModule: boolean
}

function stringAt(code: string, offset: number): StringPlace | null {
  const file = parse(code)
  const visit = (node: ts.Node, parent: ts.Node): StringPlace | null => {
    if (offset <= node.getFullStart() || offset > node.getEnd()) return null
    if (ts.isStringLiteralLike(node)) {
      const start = node.getStart(file) + 1
      const isClosed = node.getEnd() > start && !(node as ts.StringLiteral).isUnterminated
      if (offset < start || (offset === node.getEnd() && isClosed)) return null
      return { start, isModule: isSpecifier(parent) }
    }
    return ts.forEachChild(node, (child) => visit(child, node) ?? undefined) ?? null
  }
  return visit(file, file)
}

const isSpecifier = (parent: ts.Node): boolean =>
  ts.isImportDeclaration(parent) ||
  ts.isExportDeclaration(parent) ||
  (ts.isCallExpression(parent) && parent.expression.kind === ts.SyntaxKind.ImportKeyword) ||
  (ts.isCallExpression(parent) && ts.isIdentifier(parent.expression) && parent.expression.text === 'require')

function inString(
  cells: CellService,
  code: string,
  cursor: number,
  { start, isModule }: StringPlace,
): StaticCompletion {
  const offset = offsetOf(code, cursor)
  const shift = cells.setDraft(code)
  const info = cells.service.getCompletionsAtPosition(cells.draft, offset + shift, PREFERENCES)
  const entries = ordered(info)
  const typed = code.slice(start, offset)
  const span = entries[0]?.replacementSpan ?? info?.optionalReplacementSpan
  const from = isModule ? start + typed.lastIndexOf('/') + 1 : span === undefined ? start : span.start - shift
  const part = code.slice(from, offset)
  const own = isModule
    ? cells.ownNames.filter((name) => name.startsWith(typed)).map((name) => name.slice(from - start))
    : []
  const texts = new Map([
    ...own.map((name) => [name, 'module'] as const),
    ...entries.map(({ name, kind }) => [name, typeOf(kind)] as const),
  ])
  const matching = [...texts].filter(([text]) => text.startsWith(part) && text !== '')
  if (matching.length === 0) return { place: 'nothing', start: cursor, entries: [] }
  return {
    place: 'string',
    start: charactersBefore(code, from),
    entries: matching.map(([text, type]) => ({ text, type, signature: '' })),
  }
}

function signatureOf(cells: CellService, position: number, name: string): string {
  const details = cells.service.getCompletionEntryDetails(
    cells.draft,
    position,
    name,
    undefined,
    undefined,
    PREFERENCES,
    undefined,
  )
  const text = ts.displayPartsToString(details?.displayParts).replace(/^\([^)]*\) /, '')
  const open = text.indexOf('(')
  return open < 0 ? '' : (text.slice(open).split('\n')[0] as string)
}

const { ScriptElementKind: Kind } = ts
const TYPES: readonly (readonly [string, readonly ts.ScriptElementKind[]])[] = [
  ['function', [Kind.functionElement, Kind.localFunctionElement, Kind.memberFunctionElement]],
  ['class', [Kind.classElement, Kind.localClassElement, Kind.interfaceElement, Kind.typeElement, Kind.enumElement]],
  ['module', [Kind.moduleElement, Kind.externalModuleName, Kind.scriptElement, Kind.alias]],
  ['path', [Kind.directory]],
  ['keyword', [Kind.keyword, Kind.primitiveType]],
  ['property', [Kind.memberVariableElement, Kind.memberGetAccessorElement, Kind.memberSetAccessorElement]],
  ['param', [Kind.parameterElement]],
  ['statement', [Kind.string]],
]
const typeOf = (kind: ts.ScriptElementKind): string =>
  TYPES.find(([, kinds]) => kinds.includes(kind))?.[0] ?? 'instance'
const isCallable = (kind: ts.ScriptElementKind): boolean => typeOf(kind) === 'function'
