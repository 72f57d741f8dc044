// What the doc comment of a public name has to say, as functions from names to those that do not. Read from the sources
// by the compiler; whether a comment is true no program can tell.
import ts from 'typescript'
import { commentOf, openProgram, type PublicName, placeOf } from './public-names.ts'

/** Names without a doc comment. */
export const undocumented = (names: readonly PublicName[]): string[] =>
  names.filter(({ comment }) => comment === '').map(({ name, file, line }) => `${name} (${file}:${line})`)

const SAYS_ERRORS = /\b(Errors|Throws|Rejects)\b/

/**
 * Functions that throw, themselves or through a function of the same file that they call, and whose comment does not say
 * so. What a function throws that it gave away, or that came from elsewhere, is left to those who write the comment.
 */
export const silentOnErrors = (names: readonly PublicName[]): string[] =>
  names
    .filter(({ declaration, comment }) => canThrow(declaration) && !SAYS_ERRORS.test(comment))
    .map(({ name, file, line }) => `${name} (${file}:${line})`)

/** Whether the body of a function, or the value of a constant, holds a `throw`, or calls one of its file that does. */
export function canThrow(declaration: ts.Node): boolean {
  const checker = openProgram().getTypeChecker()
  const seen = new Set<ts.Node>()
  const visit = (node: ts.Node): boolean => {
    if (ts.isThrowStatement(node)) return true
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const called = checker.getSymbolAtLocation(node.expression)?.valueDeclaration
      if (called && called.getSourceFile() === declaration.getSourceFile() && !seen.has(called)) {
        seen.add(called)
        if (visit(called)) return true
      }
    }
    return ts.forEachChild(node, visit) ?? false
  }
  const isFunction = ts.isFunctionDeclaration(declaration) || ts.isVariableDeclaration(declaration)
  return isFunction && visit(declaration)
}

/** One field of an options interface that holds a number. */
export interface NumericField {
  readonly owner: string
  readonly field: string
  readonly file: string
  readonly line: number
  readonly comment: string
}

/** Words of a range, a unit or a default. */
const SAYS_RANGE =
  /@default|\b(minimum|maximum|range|integer|at least|at most|from \S+ (up|to)|above|below|in \[|milliseconds|ms|seconds|MB|bytes|pixels|characters|tokens|places|nats)\b/i

/** Numeric fields of the options of public functions, and of public options types, without range, unit and default. */
export const vagueNumbers = (names: readonly PublicName[]): string[] =>
  numericFields(names)
    .filter(({ comment }) => !SAYS_RANGE.test(comment))
    .map(({ owner, field, file, line }) => `${owner}.${field} (${file}:${line})`)

/** The numeric fields of every interface named …Options that is public or that a public function takes. */
export function numericFields(names: readonly PublicName[]): NumericField[] {
  const checker = openProgram().getTypeChecker()
  const interfaces = new Set<ts.InterfaceDeclaration>()
  const add = (type: ts.Type): void => {
    for (const part of type.isUnionOrIntersection() ? type.types : [type]) {
      for (const declaration of (part.aliasSymbol ?? part.symbol)?.declarations ?? []) {
        if (!ts.isInterfaceDeclaration(declaration) || !declaration.name.text.endsWith('Options')) continue
        if (/node_modules/.test(declaration.getSourceFile().fileName) || interfaces.has(declaration)) continue
        interfaces.add(declaration)
        for (const base of declaration.heritageClauses?.flatMap(({ types }) => types) ?? [])
          add(checker.getTypeAtLocation(base))
      }
      for (const argument of (part as ts.TypeReference).target
        ? checker.getTypeArguments(part as ts.TypeReference)
        : [])
        add(argument)
    }
  }
  for (const { declaration } of names) {
    const type = checker.getTypeAtLocation(declaration)
    if (ts.isInterfaceDeclaration(declaration)) add(type)
    for (const signature of type.getCallSignatures())
      for (const parameter of signature.getParameters()) add(checker.getTypeOfSymbol(parameter))
  }
  return [...interfaces].flatMap(({ name, members }) =>
    members.flatMap((member): NumericField[] => {
      if (!ts.isPropertySignature(member) || !member.type) return []
      const type = checker.getTypeFromTypeNode(member.type)
      const parts = type.isUnion() ? type.types : [type]
      if (!parts.some(({ flags }) => flags & ts.TypeFlags.NumberLike)) return []
      return [{ owner: name.text, field: member.name.getText(), ...placeOf(member), comment: commentOf(member) }]
    }),
  )
}
