// Which identifiers of a program refer to its top level. Works on the ESTree of plain JavaScript in strict mode (types
// already stripped); JSX and sloppy-mode function hoisting are not covered. `eval` and `new Function` are not looked into.

/** A node of the syntax tree, read by shape: the tree comes from a native parser as plain objects. */
export interface Node {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

/** One use of a name that no inner scope declares. */
export interface Reference {
  readonly name: string
  readonly start: number
  readonly end: number
  /** `{ name }`: renaming it must keep the key. */
  readonly shorthand: boolean
  /** Inside a function or class, so it may run at another time than the cell. */
  readonly deferred: boolean
  /** Assigned to, as in `name = 1`, `name++`, `[name] = list`. */
  readonly written: boolean
}

type Visit = { scopes: Set<string>[]; deferred: boolean; written: boolean; out: Reference[] }

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string'

/** Child nodes in source order. */
export function children(node: Node): Node[] {
  const found: Node[] = []
  for (const key in node) {
    const value = node[key]
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item)
    } else if (isNode(value)) found.push(value)
  }
  return found
}

/** Names bound by a pattern: `{ a, b: [c], ...d }` gives a, c, d. */
export function boundNames(pattern: Node | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name as string]
    case 'ObjectPattern':
      return (pattern.properties as Node[]).flatMap((property) =>
        boundNames((property.type === 'RestElement' ? property.argument : property.value) as Node),
      )
    case 'ArrayPattern':
      return (pattern.elements as (Node | null)[]).flatMap(boundNames)
    case 'AssignmentPattern':
      return boundNames(pattern.left as Node)
    case 'RestElement':
      return boundNames(pattern.argument as Node)
    default:
      return []
  }
}

const isFunction = (node: Node): boolean => /Function/.test(node.type)

/** Names that `var` declares anywhere below the node, up to the next function. */
export function varNames(node: Node): string[] {
  if (isFunction(node) || node.type === 'StaticBlock') return []
  const own =
    node.type === 'VariableDeclaration' && node.kind === 'var'
      ? (node.declarations as Node[]).flatMap((declarator) => boundNames(declarator.id as Node))
      : []
  return [...own, ...children(node).flatMap(varNames)]
}

/** Names that let, const, class and function declare directly in a list of statements. */
export function lexicalNames(statements: readonly Node[]): string[] {
  return statements.flatMap((statement) => {
    if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') {
      return (statement.declarations as Node[]).flatMap((declarator) => boundNames(declarator.id as Node))
    }
    const named = statement.type === 'ClassDeclaration' || statement.type === 'FunctionDeclaration'
    return named && isNode(statement.id) ? [statement.id.name as string] : []
  })
}

/** Every use of a name of the top level, or of a name that is declared nowhere in the program. */
export function references(program: Node): Reference[] {
  const visit: Visit = { scopes: [], deferred: false, written: false, out: [] }
  for (const statement of program.body as Node[]) walk(statement, visit)
  return visit.out
}

function inside(visit: Visit, names: Iterable<string>, change: Partial<Visit> = {}): Visit {
  return { ...visit, written: false, ...change, scopes: [...visit.scopes, new Set(names)] }
}

function walkAll(nodes: readonly (Node | null | undefined)[], visit: Visit): void {
  for (const node of nodes) if (isNode(node)) walk(node, visit)
}

function refer(node: Node, visit: Visit, shorthand = false): void {
  const name = node.name as string
  if (visit.scopes.some((scope) => scope.has(name))) return
  const { deferred, written } = visit
  visit.out.push({ name, start: node.start, end: node.end, shorthand, deferred, written })
}

function walkFunction(node: Node, visit: Visit): void {
  const self = node.type === 'FunctionExpression' && isNode(node.id) ? [node.id.name as string] : []
  const params = node.params as Node[]
  const body = node.body as Node
  const block = body.type === 'BlockStatement' ? (body.body as Node[]) : []
  const own = node.type === 'ArrowFunctionExpression' ? [] : ['arguments']
  const names = [...self, ...own, ...params.flatMap(boundNames), ...varNames(body), ...lexicalNames(block)]
  const inner = inside(visit, names, { deferred: true })
  walkAll(params, inner)
  if (body.type === 'BlockStatement') walkAll(block, inner)
  else walk(body, inner)
}

function walk(node: Node, visit: Visit): void {
  const read: Visit = visit.written ? { ...visit, written: false } : visit
  const write: Visit = { ...visit, written: true }
  switch (node.type) {
    case 'Identifier':
      return refer(node, visit)
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return walkFunction(node, read)
    case 'ClassDeclaration':
    case 'ClassExpression': {
      const inner = inside(read, isNode(node.id) ? [node.id.name as string] : [], { deferred: true })
      return walkAll([node.superClass as Node | null, node.body as Node], inner)
    }
    case 'StaticBlock': {
      const body = node.body as Node[]
      return walkAll(body, inside(read, [...body.flatMap(varNames), ...lexicalNames(body)]))
    }
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      if (node.computed) walk(node.key as Node, read)
      return walkAll([node.value as Node | null], read)
    case 'BlockStatement':
      return walkAll(node.body as Node[], inside(read, lexicalNames(node.body as Node[])))
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement': {
      const head = (node.init ?? node.left) as Node | null
      const inner = inside(read, isNode(head) ? lexicalNames([head]) : [])
      if (isNode(head)) walk(head, node.type === 'ForStatement' ? inner : { ...inner, written: true })
      return walkAll([node.test, node.update, node.right, node.body] as Node[], inner)
    }
    case 'SwitchStatement': {
      const cases = node.cases as Node[]
      walk(node.discriminant as Node, read)
      return walkAll(cases, inside(read, lexicalNames(cases.flatMap((one) => one.consequent as Node[]))))
    }
    case 'CatchClause': {
      const inner = inside(read, boundNames(node.param as Node | null))
      return walkAll([node.param as Node | null, node.body as Node], inner)
    }
    case 'VariableDeclarator':
      walk(node.id as Node, isNode(node.init) ? write : visit)
      return walkAll([node.init as Node | null], read)
    case 'AssignmentExpression':
      walk(node.left as Node, write)
      return walk(node.right as Node, read)
    case 'UpdateExpression':
      return walk(node.argument as Node, write)
    case 'AssignmentPattern':
      walk(node.left as Node, visit)
      return walk(node.right as Node, read)
    case 'MemberExpression':
      walk(node.object as Node, read)
      if (node.computed) walk(node.property as Node, read)
      return
    case 'Property': {
      if (node.computed) walk(node.key as Node, read)
      if (!node.shorthand) return walk(node.value as Node, visit)
      const value = node.value as Node
      if (value.type === 'Identifier') return refer(value, visit, true)
      refer(value.left as Node, visit, true) // { name = fallback }
      return walk(value.right as Node, read)
    }
    case 'LabeledStatement':
      return walk(node.body as Node, read)
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
      return
    case 'ExportNamedDeclaration':
      return walkAll([node.declaration as Node | null], read)
    case 'ObjectPattern':
    case 'ArrayPattern':
    case 'RestElement':
    case 'VariableDeclaration':
      return walkAll(children(node), visit)
    default:
      return walkAll(children(node), read)
  }
}
