// A cell's TypeScript → a JavaScript script with the same meaning among other cells: top-level names become bindings of
// the realm's script scope (plain variables, so that loops stay fast and closures see later assignments), imports become
// requests to the module loader, the last expression becomes the result. Types are removed, never checked. Pure: what is
// declared already comes in, what the cell declares goes out.
import MagicString from 'magic-string'
import { parseSync } from 'oxc-parser'
import { hastenLoops } from './hasten-loops.ts'
import { HOST } from './host-names.ts'
import { guardLoops } from './loop-guard.ts'
import { boundNames, children, hasAwait, lexicalNames, type Node, references, varNames } from './scope.ts'
import { type Position, type PositionMap, throughMaps } from './source-position.ts'
import { positionAt, type Stripped, stripTypes } from './strip.ts'
import type { LanguageOptions } from './tsconfig.ts'

/** One imported name: `local` in the cell, `imported` in the module (`*` is the whole namespace). */
export interface ImportedName {
  readonly local: string
  readonly imported: string
}

/** An import statement: run before the cell's own code. */
export interface CellImport {
  readonly specifier: string
  readonly names: readonly ImportedName[]
  /** Where the statement stands in the cell. */
  readonly position: () => Position
}

/** What earlier cells left behind. */
export interface Names {
  /** Bindings that exist in the script scope. */
  readonly declared: ReadonlySet<string>
  /** Names of the realm (`process`, `URL` …) that a cell declared for itself, and the binding that holds them. */
  readonly renamed: ReadonlyMap<string, string>
  /** Names that the realm had before the first cell. */
  readonly realm: ReadonlySet<string>
  /** Names that functions of earlier cells refer to. */
  readonly captured: ReadonlySet<string>
  /** Names that functions of earlier cells assign. */
  readonly reassigned: ReadonlySet<string>
  /** Loops keep their variables where a debugger looks for them. */
  readonly plainLoops?: boolean
}

/** A cell ready to run. */
export interface CompiledCell {
  readonly code: string
  readonly imports: readonly CellImport[]
  /** Bindings that this cell's code declares: none of them existed before. */
  readonly declares: readonly string[]
  /** Top-level names of the cell. */
  readonly names: readonly string[]
  readonly renamed: ReadonlyMap<string, string>
  readonly captured: readonly string[]
  readonly reassigned: readonly string[]
  /** Generated line and column → the cell's; computed when first asked for. */
  readonly maps: PositionMap[]
}

const prefixed = (name: string): string => `$cell_${name}`

/** Compiles one cell. Throws CellSyntaxError. */
export function compileCell(name: string, source: string, earlier: Names, options: LanguageOptions = {}): CompiledCell {
  const { code: script, maps } = strippedCell(name, source, options)
  const program = parseSync(`${name}.js`, script, { lang: 'js', sourceType: 'module' }).program as unknown as Node
  const body = (program.body as Node[]).filter((statement) => statement.type !== 'EmptyStatement')
  const text = new MagicString(script)

  const unexported = body.map(unwrapExport)
  const imports = body.filter((statement) => statement.type === 'ImportDeclaration')
  const imported = imports.flatMap((statement) => importedNames(statement).map((entry) => entry.local))
  // Names that the lowering made up stay inside the cell.
  const isOwn = (one: string): boolean => source.includes(one)
  const declared = [...lexicalNames(unexported), ...body.flatMap(varNames)].filter(isOwn)
  const names = [...new Set([...imported, ...declared])]

  const renamed = new Map(names.filter((one) => earlier.realm.has(one)).map((one) => [one, prefixed(one)]))
  const isRenamed = (one: string): string | undefined => renamed.get(one) ?? earlier.renamed.get(one)
  const uses = references(program)
  for (const use of uses) {
    const to = isRenamed(use.name)
    if (to !== undefined) text.update(use.start, use.end, use.shorthand ? `${use.name}: ${to}` : to)
  }

  rewriteImportCalls(program, text)
  const last = body.at(-1)
  for (const statement of body) {
    rewriteStatement(statement, text, { binding: (one) => isRenamed(one) ?? one, isOwn }, statement === last)
  }
  hoistFunctions(unexported, text)
  const bindings = names.map((one) => renamed.get(one) ?? one)
  const declares = bindings.filter((one, at) => !earlier.declared.has(one) && !imported.includes(names[at] as string))
  const deferred = uses.filter((use) => use.deferred)
  const captured = new Set(deferred.map((use) => use.name))
  const reassigned = new Set(deferred.filter((use) => use.written).map((use) => use.name))
  if (!earlier.plainLoops) {
    const loopNames = {
      isBinding: (one: string) => !isRenamed(one) && (declares.includes(one) || earlier.declared.has(one)),
      isCaptured: (one: string) => captured.has(one) || earlier.captured.has(one),
      isReassigned: (one: string) => reassigned.has(one) || earlier.reassigned.has(one),
    }
    for (const statement of body) hastenLoops(statement, text, uses, loopNames)
  }
  guardLoops(program, text)
  for (const statement of body) checkAwaits(statement, text)

  const declaration = declares.length > 0 ? `let ${declares.join(', ')};` : ''
  // Code of an async function is optimised less well: only a cell that waits is one.
  const wrapper = body.some(hasAwait) ? 'async () =>' : '() =>'
  text.prepend(`'use strict';${declaration}(${wrapper} {\n`).append('\n})()')
  return {
    code: text.toString(),
    imports: imports.map((statement) => {
      const position = (): Position => throughMaps(maps, positionAt(script, statement.start)) ?? { line: 1, column: 1 }
      return { specifier: specifierOf(statement), names: importedNames(statement), position }
    }),
    declares,
    names,
    renamed,
    captured: [...captured],
    reassigned: [...reassigned],
    maps: [() => text.generateMap({ source: name, hires: 'boundary' }), ...maps],
  }
}

/** A cell that is nothing but `{ a: 1 }` is meant as an object, though as a statement it would be a block. */
function strippedCell(name: string, source: string, options: LanguageOptions): Stripped {
  const isBraced = /^\s*\{[\s\S]*\}\s*$/.test(source)
  const expression = `(${source}\n)`
  if (!isBraced || parseSync(`${name}.ts`, expression, { lang: 'ts', sourceType: 'module' }).errors.length > 0) {
    return stripTypes(name, source, options)
  }
  const text = new MagicString(source).prepend('(').append('\n)')
  const { code, maps } = stripTypes(name, expression, options)
  return { code, maps: [...maps, () => text.generateMap({ source: name, hires: 'boundary' })] }
}

function unwrapExport(statement: Node): Node {
  const exported = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
  return exported && statement.declaration ? (statement.declaration as Node) : statement
}

const specifierOf = (statement: Node): string => (statement.source as Node).value as string

function importedNames(statement: Node): ImportedName[] {
  return (statement.specifiers as Node[]).map((specifier) => {
    const local = (specifier.local as Node).name as string
    if (specifier.type === 'ImportDefaultSpecifier') return { local, imported: 'default' }
    if (specifier.type === 'ImportNamespaceSpecifier') return { local, imported: '*' }
    const from = specifier.imported as Node
    return { local, imported: (from.name ?? from.value) as string }
  })
}

/** `import(x)` and `import.meta` mean nothing in a script: both go through the host. */
function rewriteImportCalls(node: Node, text: MagicString): void {
  if (node.type === 'ImportExpression') text.update(node.start, node.start + 'import'.length, `${HOST}.import`)
  if (node.type === 'MetaProperty' && (node.meta as Node).name === 'import') {
    text.update(node.start, node.end, `${HOST}.meta`)
  }
  for (const child of children(node)) rewriteImportCalls(child, text)
}

/** What is known of the cell's names: the binding of each, and whether the person wrote it. */
interface CellNames {
  binding(name: string): string
  isOwn(name: string): boolean
}

function rewriteStatement(statement: Node, text: MagicString, names: CellNames, isLast: boolean): void {
  const { binding } = names
  switch (statement.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
      text.remove(statement.start, statement.end)
      return
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration': {
      const declaration = statement.declaration as Node | null
      if (declaration === null) {
        text.remove(statement.start, statement.end)
        return
      }
      text.remove(statement.start, declaration.start)
      const isValue = !/Declaration$/.test(declaration.type)
      const inner = isValue ? { ...statement, type: 'ExpressionStatement', expression: declaration } : declaration
      rewriteStatement(inner as Node, text, names, isLast)
      return
    }
    case 'ExpressionStatement': {
      if (!isLast) return
      const expression = statement.expression as Node
      text.appendLeft(expression.start, 'return { __proto__: null, value: (')
      text.appendRight(expression.end, ') }')
      return
    }
    case 'FunctionDeclaration': {
      const id = statement.id as Node | null
      if (id === null) {
        text.prependLeft(statement.start, '(').appendRight(statement.end, ');')
        return
      }
      // An anonymous function takes the binding's name, and its inner calls go through the binding.
      text.remove(id.start, id.end)
      text.prependRight(statement.start, `${binding(id.name as string)} = ${named(id, binding)}`)
      text.appendLeft(statement.end, `${named(id, binding) === '' ? '' : `)`};`)
      return
    }
    case 'ClassDeclaration': {
      const id = statement.id as Node | null
      if (id === null) text.prependLeft(statement.start, '(').appendRight(statement.end, ');')
      else {
        text.prependRight(statement.start, `${binding(id.name as string)} = `)
        text.appendLeft(statement.end, ';')
      }
      return
    }
    case 'VariableDeclaration':
      if (isMadeUp(statement, names)) return
      detachEnum(statement, text)
      rewriteDeclaration(statement, text, true)
      return
    case 'TryStatement': {
      // `using` puts the rest of a cell into a block.
      const inner = (statement.block as Node).body as Node[]
      if (isLast && inner[0] !== undefined && isMadeUp(inner[0], names)) {
        const value = inner.at(-1) as Node
        if (value.type === 'ExpressionStatement') rewriteStatement(value, text, names, true)
      }
      rewriteVars(statement, text, names)
      return
    }
    default:
      rewriteVars(statement, text, names)
  }
}

/** Functions are there before the first statement runs; of two with one name the second stays. */
function hoistFunctions(body: readonly Node[], text: MagicString): void {
  const isFunction = ({ type, id }: Node): boolean => type === 'FunctionDeclaration' && id !== null
  const first = body.findIndex((statement) => !isFunction(statement))
  if (first < 0) return
  const front = body[first - 1]?.end ?? 0
  for (const { start, end } of body.slice(first).filter(isFunction).reverse()) text.move(start, end, front)
}

/** A renamed binding would rename the function: `Object.defineProperty` on the way in keeps the person's name. */
const named = (id: Node, binding: (name: string) => string): string =>
  binding(id.name as string) === id.name ? '' : `${HOST}.named(${JSON.stringify(id.name)}, `

/** `const { a } = b, c = 1` → `({ a } = b), c = 1`. */
function rewriteDeclaration(statement: Node, text: MagicString, isStatement: boolean): void {
  const declarators = statement.declarations as Node[]
  text.remove(statement.start, (declarators[0] as Node).start)
  for (const declarator of declarators) {
    const id = declarator.id as Node
    if (declarator.init === null && isStatement) {
      // `let x` gives undefined also when the cell runs again; `var x` keeps what is there.
      if (statement.kind !== 'var') text.appendLeft(declarator.end, ' = undefined')
    } else if (id.type !== 'Identifier' && declarator.init !== null) {
      text.appendLeft(declarator.start, '(').appendRight(declarator.end, ')')
    }
  }
}

/**
 * `enum E` comes as `var E = function(E) { … }(E || {})`, which would add to what an earlier cell called E. A second
 * part of the same enum in one cell comes as a call without `var`, and stays as it is.
 */
function detachEnum(statement: Node, text: MagicString): void {
  for (const { id, init } of statement.declarations as { id: Node; init: Node | null }[]) {
    const argument = init?.type === 'CallExpression' ? (init.arguments as Node[])[0] : undefined
    if (statement.kind !== 'var' || argument?.type !== 'LogicalExpression' || argument.operator !== '||') continue
    const { left, right } = argument as unknown as { left: Node; right: Node }
    const isMerge = left.type === 'Identifier' && left.name === id.name && right.type === 'ObjectExpression'
    if (isMerge && (right.properties as Node[]).length === 0) text.remove(left.start, right.start)
  }
}

/** `var` inside blocks and loops of the top level belongs to the top level too. */
function rewriteVars(node: Node, text: MagicString, names: CellNames, parent: Node | null = null): void {
  if (/Function/.test(node.type) || node.type === 'StaticBlock') return
  if (node.type === 'VariableDeclaration' && node.kind === 'var' && !isMadeUp(node, names)) {
    const inHead = /^For/.test(parent?.type ?? '') && parent?.body !== node
    rewriteDeclaration(node, text, !inHead)
  }
  for (const child of children(node)) rewriteVars(child, text, names, node)
}

/** A variable of the lowering, such as the context of `using`. */
const isMadeUp = (node: Node, { isOwn }: CellNames): boolean =>
  node.type === 'VariableDeclaration' &&
  !(node.declarations as Node[]).some(({ id }) => boundNames(id as Node).some(isOwn))

/** Code of a cell that was interrupted while it waited goes no further. */
function checkAwaits(node: Node, text: MagicString): void {
  if (/Function/.test(node.type)) return
  if (node.type === 'AwaitExpression') {
    text.appendRight(node.start, `${HOST}.resumed(`).appendLeft(node.end, ')')
  }
  for (const child of children(node)) checkAwaits(child, text)
}
