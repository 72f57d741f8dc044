// What types and doc comments say of the name at a cursor. Inside the arguments of a call that is the function called.
import ts from 'typescript'
import { offsetOf, wordAround } from './characters.ts'
import { withoutCellPaths } from './diagnostics.ts'
import type { EarlierName } from './notebook-types.ts'
import type { CellService } from './service.ts'

/** What is known of a name. */
export interface StaticInspection {
  /** `const total: number`, `function f(x: string): void`. */
  readonly signature: string
  /** Doc comment, Markdown as people write it there. */
  readonly documentation: string
  /** Source of the declaration, where it was asked for and is known. */
  readonly source: string
  /** True for functions and classes: their value shows nothing that the signature does not. */
  readonly isCallable: boolean
}

interface Place {
  readonly file: string
  readonly position: number
  /** Declared by an earlier cell. */
  readonly isEarlier: boolean
}

/** Longer declarations are cut, in lines. */
const SOURCE_LINES = 200

/** What stands at a cursor, in characters; null where nothing is known. */
export function inspectionAt(
  cells: CellService,
  code: string,
  cursor: number,
  withSource: boolean,
): StaticInspection | null {
  const offset = offsetOf(code, cursor)
  const shift = cells.setDraft(code)
  const { service, draft } = cells
  const isWord = (at: number): boolean => /[\p{ID_Continue}$]/u.test(code.charAt(at))
  const onWord = isWord(offset) ? offset : isWord(offset - 1) ? offset - 1 : null
  const infoAt = (file: string, position: number): ts.QuickInfo | undefined => {
    const info = service.getQuickInfoAtPosition(file, position)
    return ts.displayPartsToString(info?.displayParts) === 'any' ? undefined : info // what it says of unknown names
  }
  const positions = [onWord === null ? null : onWord + shift, calleeAt(cells, offset + shift)]
  const position = positions.find((at) => at !== null && infoAt(draft, at) !== undefined) ?? null
  // A type's name alone is no expression, and still worth a look.
  const bare = onWord === null ? undefined : cells.notebook.names.get(wordAround(code, onWord))
  const declared = position !== null ? declarationOf(cells, position, shift) : bare ? placeOf(cells, bare) : null
  if (position === null && declared === null) return null
  const info = position === null ? undefined : infoAt(draft, position)
  const isAlias = info === undefined || info.kind === ts.ScriptElementKind.alias || declared?.isEarlier === true
  const shown = (isAlias && declared !== null ? infoAt(declared.file, declared.position) : undefined) ?? info
  if (shown === undefined) return null
  return {
    signature: withoutCellPaths(ts.displayPartsToString(shown.displayParts)),
    documentation: documentationOf(shown),
    source: withSource && declared !== null ? sourceOf(cells, declared, shift) : '',
    isCallable: isCallable(shown),
  }
}

const isCallable = ({ kind }: ts.QuickInfo): boolean =>
  [
    ts.ScriptElementKind.functionElement,
    ts.ScriptElementKind.localFunctionElement,
    ts.ScriptElementKind.memberFunctionElement,
    ts.ScriptElementKind.classElement,
    ts.ScriptElementKind.constructorImplementationElement,
  ].includes(kind)

/** The last name of what is called, where a position is among the arguments of a call. */
function calleeAt({ service, draft }: CellService, position: number): number | null {
  const help = service.getSignatureHelpItems(draft, position, {})
  const text = service.getProgram()?.getSourceFile(draft)?.text ?? ''
  const open = help === undefined ? -1 : text.lastIndexOf('(', help.applicableSpan.start)
  return open < 1 ? null : open - 1
}

/** Where the name at a place is declared. A name of an earlier cell is declared there, not in the line that brings it. */
function declarationOf(cells: CellService, position: number, shift: number): Place | null {
  const definition = cells.service.getDefinitionAtPosition(cells.draft, position)?.[0]
  if (definition === undefined) return null
  const { fileName: file, textSpan, name } = definition
  if (file === cells.fileOf('globals')) {
    // `var display: typeof import("…").display;`: the name at the end is the function, with its doc comment.
    const line = cells.service.getProgram()?.getSourceFile(file)?.text ?? ''
    const behind = line.indexOf(`).${name};`, textSpan.start)
    return { file, position: behind < 0 ? textSpan.start : behind + 2, isEarlier: true }
  }
  if (file !== cells.draft || textSpan.start >= shift) return { file, position: textSpan.start, isEarlier: false }
  const earlier = cells.notebook.names.get(name)
  return earlier === undefined ? null : placeOf(cells, earlier)
}

function placeOf({ notebook, fileOf }: CellService, { cell, start }: EarlierName): Place {
  const before = notebook.modules.get(cell)?.shift ?? 0
  return { file: fileOf(cell), position: before + start, isEarlier: true }
}

function documentationOf({ documentation, tags = [] }: ts.QuickInfo): string {
  const lines = tags.map(({ name, text }) => `*@${name}* ${ts.displayPartsToString(text)}`.trim())
  return [ts.displayPartsToString(documentation), ...lines].filter((text) => text !== '').join('\n\n')
}

function sourceOf(cells: CellService, { file, position }: Place, shift: number): string {
  const source = cells.service.getProgram()?.getSourceFile(file)
  if (source === undefined) return ''
  let found: ts.Node | null = null
  const visit = (node: ts.Node): void => {
    if (position < node.getStart(source) || position >= node.getEnd()) return
    if (isDeclaration(node)) found = node
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(source, visit)
  const node = found as ts.Node | null
  if (node === null || (file === cells.draft && node.getStart(source) < shift)) return ''
  const lines = node.getText(source).split('\n')
  return [...lines.slice(0, SOURCE_LINES), ...(lines.length > SOURCE_LINES ? ['…'] : [])].join('\n')
}

const isDeclaration = (node: ts.Node): boolean =>
  ts.isVariableStatement(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isClassDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isEnumDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isMethodSignature(node) ||
  ts.isPropertyDeclaration(node) ||
  ts.isPropertySignature(node)
