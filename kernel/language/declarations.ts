// The top-level names that a cell declares. Reads the syntax tree only.
import ts from 'typescript'

/** A name that a cell declares. */
export interface Declared {
  readonly name: string
  /** How later cells must see it: variables can be assigned, everything else (types included) is an alias. */
  readonly form: 'let' | 'const' | 'alias'
  /** TypeScript's word for what it is: `const`, `function`, `class` … */
  readonly kind: ts.ScriptElementKind
  /** Offset of the name in the cell. */
  readonly start: number
}

const { ScriptElementKind: Kind } = ts

/** All of a cell's names; where two declarations share one (interface and const), the name is an alias to both. */
export function declarationsOf(
  file: ts.SourceFile,
  statements: readonly ts.Statement[] = file.statements,
): Map<string, Declared> {
  const found = new Map<string, Declared>()
  const add = (id: ts.Identifier | undefined, form: Declared['form'], kind: ts.ScriptElementKind): void => {
    if (id === undefined || id.text === '') return
    const merged = found.has(id.text) && form !== found.get(id.text)?.form
    found.set(id.text, { name: id.text, form: merged ? 'alias' : form, kind, start: id.getStart(file) })
  }
  const addBinding = (name: ts.BindingName, isConst: boolean): void => {
    if (ts.isIdentifier(name)) add(name, isConst ? 'const' : 'let', isConst ? Kind.constElement : Kind.letElement)
    else {
      for (const element of name.elements) if (ts.isBindingElement(element)) addBinding(element.name, isConst)
    }
  }
  const addVariables = (list: ts.VariableDeclarationList): void => {
    const isConst = (list.flags & ts.NodeFlags.Const) !== 0 // `using` and `await using` carry this bit too
    const isUsing = (list.flags & ts.NodeFlags.Using) !== 0
    for (const { name } of list.declarations) addBinding(name, isConst || isUsing)
  }
  /** `var` inside blocks belongs to the top level. */
  const addVars = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0) addVariables(node)
    ts.forEachChild(node, addVars)
  }
  for (const statement of statements) {
    if (ts.isVariableStatement(statement)) addVariables(statement.declarationList)
    else if (ts.isFunctionDeclaration(statement)) add(statement.name, 'alias', Kind.functionElement)
    else if (ts.isClassDeclaration(statement)) add(statement.name, 'alias', Kind.classElement)
    else if (ts.isInterfaceDeclaration(statement)) add(statement.name, 'alias', Kind.interfaceElement)
    else if (ts.isTypeAliasDeclaration(statement)) add(statement.name, 'alias', Kind.typeElement)
    else if (ts.isEnumDeclaration(statement)) add(statement.name, 'alias', Kind.enumElement)
    else if (ts.isImportEqualsDeclaration(statement)) add(statement.name, 'alias', Kind.alias)
    else if (ts.isModuleDeclaration(statement)) {
      if (ts.isIdentifier(statement.name) && !isGlobal(statement)) add(statement.name, 'alias', Kind.moduleElement)
    } else if (ts.isImportDeclaration(statement)) {
      for (const id of importedNames(statement)) add(id, 'alias', Kind.alias)
    } else addVars(statement)
  }
  return found
}

/** True where a cell changes types that are not its own: `declare global`, `declare module 'x'`. */
export const augments = (file: ts.SourceFile): boolean =>
  file.statements.some(
    (statement) => ts.isModuleDeclaration(statement) && (isGlobal(statement) || ts.isStringLiteral(statement.name)),
  )

const isGlobal = (declaration: ts.ModuleDeclaration): boolean =>
  (declaration.flags & ts.NodeFlags.GlobalAugmentation) !== 0

function importedNames({ importClause }: ts.ImportDeclaration): ts.Identifier[] {
  if (importClause === undefined) return []
  const { name, namedBindings } = importClause
  const names = name === undefined ? [] : [name]
  if (namedBindings === undefined) return names
  if (ts.isNamespaceImport(namedBindings)) return [...names, namedBindings.name]
  return [...names, ...namedBindings.elements.map((element) => element.name)]
}

/** Names that a cell exports itself, with `export const x` or `export { x }`. */
export function exportedNames(file: ts.SourceFile): Set<string> {
  const exported = new Set<string>()
  for (const statement of file.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined) {
      if (ts.isNamedExports(statement.exportClause)) {
        for (const element of statement.exportClause.elements) exported.add(element.name.text)
      }
    }
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : []
    const has = (kind: ts.SyntaxKind): boolean => modifiers.some((modifier) => modifier.kind === kind)
    if (!has(ts.SyntaxKind.ExportKeyword) || has(ts.SyntaxKind.DefaultKeyword)) continue
    for (const name of declarationsOf(file, [statement]).keys()) exported.add(name)
  }
  return exported
}
