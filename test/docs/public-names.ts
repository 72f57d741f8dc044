// The public names of the package with their doc comments, read from the sources by the compiler. What is public is what
// the three entry points export; nothing is run.
import { join, relative } from 'node:path'
import ts from 'typescript'
import { packageRoot } from '../fixtures.ts'

/** The entry points of package.json, each with the file that lists its names. */
export const ENTRY_POINTS = {
  asterism: 'lib/index.ts',
  'asterism/datasets': 'datasets/index.ts',
  'asterism/kernel': 'kernel/index.ts',
  'asterism/contracts': 'test/contracts/index.ts',
} as const

export type EntryPoint = keyof typeof ENTRY_POINTS

/** One exported value or type. */
export interface PublicName {
  readonly name: string
  readonly entry: EntryPoint
  /** False for a type alone, which is imported by `import type`. */
  readonly isValue: boolean
  /** Where it is declared, the file relative to the package. Lines count from 1. */
  readonly file: string
  readonly line: number
  /** Its doc comment without the marks of the comment, tags included; empty where it has none. */
  readonly comment: string
  readonly declaration: ts.Declaration
}

let base: ts.Program | undefined

/** A program over the entry points and further files, with the options of tsconfig.json. */
export function openProgram(further: readonly string[] = []): ts.Program {
  if (base !== undefined && further.length === 0) return base
  const { config, error } = ts.readConfigFile(join(packageRoot, 'tsconfig.json'), ts.sys.readFile)
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'))
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, packageRoot)
  const entries = Object.values(ENTRY_POINTS).map((file) => join(packageRoot, file))
  const program = ts.createProgram([...entries, ...further], options, undefined, base)
  base ??= program
  return program
}

let names: PublicName[] | undefined

/** All names of all entry points, in the order of the index files. */
export function publicNames(): PublicName[] {
  names ??= collect(openProgram())
  return names
}

function collect(program: ts.Program): PublicName[] {
  const checker = program.getTypeChecker()
  return Object.entries(ENTRY_POINTS).flatMap(([entry, index]) => {
    const source = program.getSourceFile(join(packageRoot, index))!
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)
    return exported.map((symbol): PublicName => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      const declaration = target.valueDeclaration ?? target.declarations![0]!
      return {
        name: symbol.name,
        entry: entry as EntryPoint,
        isValue: (target.flags & ts.SymbolFlags.Value) !== 0,
        ...placeOf(declaration),
        comment: commentOf(declaration),
        declaration,
      }
    })
  })
}

/** File and line of a node. */
export function placeOf(node: ts.Node): { readonly file: string; readonly line: number } {
  const source = node.getSourceFile()
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
  return { file: relative(packageRoot, source.fileName), line: line + 1 }
}

/** The text of the doc comment that stands before a declaration, or before the statement that holds it. */
export function commentOf(declaration: ts.Node): string {
  const block = ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc).at(-1)
  return block ? commentText(block.getText()) : ''
}

/** A doc comment without its marks. Example: `/** Of *\/` is `Of`. */
export const commentText = (block: string): string =>
  block
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((line, i) => (i === 0 ? line.trimStart() : line.replace(/^\s*\* ?/, '')))
    .join('\n')
    .trimEnd()

/** Every doc comment of a declaration: its own and those of its members. */
export function commentBlocks(declaration: ts.Declaration): ts.JSDoc[] {
  const own = ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc)
  const members = ts.isInterfaceDeclaration(declaration)
    ? declaration.members
    : ts.isTypeAliasDeclaration(declaration) && ts.isTypeLiteralNode(declaration.type)
      ? declaration.type.members
      : []
  return [...own, ...members.flatMap((member) => ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc))]
}
