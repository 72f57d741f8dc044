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

/** True where the code of a node waits before it ends; functions inside it do so on their own. */
export function hasAwait(node: Node): boolean {
  if (isFunction(node)) return false
  if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await)) return true
  return children(node).some(hasAwait)
}

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

function walkFunction(node: Node, outer: Visit): void {
  const visit = reading(outer)
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

/** The same place, but read, not assigned to. */
const reading = (visit: Visit): Visit => (visit.written ? { ...visit, written: false } : visit)
const writing = (visit: Visit): Visit => ({ ...visit, written: true })

function walk(node: Node, visit: Visit): void {
  const rule = RULES[node.type]
  if (rule !== undefined) rule(node, visit)
  else walkAll(children(node), reading(visit))
}

type Rule = (node: Node, visit: Visit) => void

const nothing: Rule = () => undefined
const sameForChildren: Rule = (node, visit) => walkAll(children(node), visit)

/** `key: value` of an object, a class member: the key is a name of its own unless computed. */
const walkKey: Rule = (node, visit) => {
  if (node.computed) walk(node.key as Node, reading(visit))
}

const walkMember: Rule = (node, visit) => {
  walkKey(node, visit)
  walkAll([node.value as Node | null], reading(visit))
}

const walkClass: Rule = (node, visit) => {
  const inner = inside(visit, isNode(node.id) ? [node.id.name as string] : [], { deferred: true })
  walkAll([node.superClass as Node | null, node.body as Node], inner)
}

const walkLoop: Rule = (node, visit) => {
  const head = (node.init ?? node.left) as Node | null
  const inner = inside(visit, isNode(head) ? lexicalNames([head]) : [])
  if (isNode(head)) walk(head, node.type === 'ForStatement' ? inner : writing(inner))
  walkAll([node.test, node.update, node.right, node.body] as Node[], inner)
}

const walkProperty: Rule = (node, visit) => {
  walkKey(node, visit)
  const value = node.value as Node
  if (!node.shorthand) walk(value, visit)
  else if (value.type === 'Identifier') refer(value, visit, true)
  else {
    refer(value.left as Node, visit, true) // { name = fallback }
    walk(value.right as Node, reading(visit))
  }
}

const RULES: Record<string, Rule | undefined> = {
  Identifier: (node, visit) => refer(node, visit),
  FunctionDeclaration: walkFunction,
  FunctionExpression: walkFunction,
  ArrowFunctionExpression: walkFunction,
  ClassDeclaration: walkClass,
  ClassExpression: walkClass,
  StaticBlock: (node, visit) => {
    const body = node.body as Node[]
    walkAll(body, inside(visit, [...body.flatMap(varNames), ...lexicalNames(body)]))
  },
  MethodDefinition: walkMember,
  PropertyDefinition: walkMember,
  AccessorProperty: walkMember,
  BlockStatement: (node, visit) => {
    const body = node.body as Node[]
    walkAll(body, inside(visit, lexicalNames(body)))
  },
  ForStatement: walkLoop,
  ForInStatement: walkLoop,
  ForOfStatement: walkLoop,
  SwitchStatement: (node, visit) => {
    const cases = node.cases as Node[]
    walk(node.discriminant as Node, reading(visit))
    walkAll(cases, inside(visit, lexicalNames(cases.flatMap((one) => one.consequent as Node[]))))
  },
  CatchClause: (node, visit) => {
    const inner = inside(visit, boundNames(node.param as Node | null))
    walkAll([node.param as Node | null, node.body as Node], inner)
  },
  VariableDeclarator: (node, visit) => {
    walk(node.id as Node, isNode(node.init) ? writing(visit) : visit)
    walkAll([node.init as Node | null], reading(visit))
  },
  AssignmentExpression: (node, visit) => {
    walk(node.left as Node, writing(visit))
    walk(node.right as Node, reading(visit))
  },
  UpdateExpression: (node, visit) => walk(node.argument as Node, writing(visit)),
  AssignmentPattern: (node, visit) => {
    walk(node.left as Node, visit)
    walk(node.right as Node, reading(visit))
  },
  MemberExpression: (node, visit) => {
    walk(node.object as Node, reading(visit))
    if (node.computed) walk(node.property as Node, reading(visit))
  },
  Property: walkProperty,
  LabeledStatement: (node, visit) => walk(node.body as Node, reading(visit)),
  BreakStatement: nothing,
  ContinueStatement: nothing,
  MetaProperty: nothing,
  ImportDeclaration: nothing,
  ExportAllDeclaration: nothing,
  ExportNamedDeclaration: (node, visit) => walkAll([node.declaration as Node | null], reading(visit)),
  ObjectPattern: sameForChildren,
  ArrayPattern: sameForChildren,
  RestElement: sameForChildren,
  VariableDeclaration: sameForChildren,
}
