// A person's TypeScript expression → JavaScript that V8 evaluates in a frame: types removed, and names read from the
// binding that holds them there (the compiler renames some).
import MagicString from 'magic-string'
import { parseSync } from 'oxc-parser'
import { type Node, references } from '../cell/scope.ts'
import { CellSyntaxError, stripTypes } from '../cell/strip.ts'

/** Removes the types; throws CellSyntaxError. `{ a: 1 }` is an object, not a block. */
export function toJavaScript(source: string, bindingOf: (name: string) => string = (name) => name): string {
  return rename(stripped(source), bindingOf)
}

/** The same for a place where only an expression may stand. */
export const toExpression = (source: string, bindingOf?: (name: string) => string): string =>
  toJavaScript(source, bindingOf).trim().replace(/;$/, '')

function stripped(source: string): string {
  try {
    return stripTypes('expression', `(${source}\n)`).code
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error
    return stripTypes('expression', source).code
  }
}

function rename(code: string, bindingOf: (name: string) => string): string {
  const program = parseSync('expression.js', code, { lang: 'js', sourceType: 'module' }).program as unknown as Node
  const text = new MagicString(code)
  for (const { name, start, end, shorthand } of references(program)) {
    const binding = bindingOf(name)
    if (binding !== name) text.update(start, end, shorthand ? `${name}: ${binding}` : binding)
  }
  return text.toString()
}

/** `x is {x + 1}` → the list of its texts and values, as an expression. Example: `a {b}` gives `["a ", (b)]`. */
export function logParts(message: string): string {
  const parts = message.split(/\{((?:[^{}]|\{[^{}]*\})*)\}/)
  return `[${parts.map((part, at) => (at % 2 === 0 ? JSON.stringify(part) : `(${toExpression(part)})`)).join(', ')}]`
}
