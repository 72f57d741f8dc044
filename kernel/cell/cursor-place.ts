// What can stand at a cursor, told from the text before it alone: quick, and right where the text does not parse yet. Used
// by completion from live values, which must offer nothing where a value's name means nothing. Pure.
import { endsOperand, type Token, tokensOf } from './tokens.ts'

/** What can stand at a cursor. `part`: the identifier before it, which a completion replaces. */
export type CursorPlace =
  /** Text, a number, a type, or a name that is being made up. */
  | { readonly kind: 'nothing'; readonly part: string }
  | { readonly kind: 'name'; readonly part: string }
  | {
      readonly kind: 'member'
      readonly part: string
      /** The expression before the dot, as JavaScript; null where it is none that means the same outside its place. */
      readonly owner: string | null
      /** The name that the owner begins with, where it does. */
      readonly root: string | null
    }

const DECLARING = new Set('const let var function class enum interface type namespace import'.split(' '))
const TYPES_FOLLOW = new Set('as satisfies implements keyof infer'.split(' '))
/** They mean something else outside their function. */
const INNER = new Set('this super import arguments'.split(' '))

/** Longer text is not read, in UTF-16 units. */
const MAX_LENGTH = 500_000

/** What can stand at the end of a text. */
export function cursorPlace(before: string): CursorPlace {
  if (before.length > MAX_LENGTH) return { kind: 'nothing', part: '' }
  const { list, endsInText } = tokensOf(before)
  const last = list.at(-1)
  const touches = last !== undefined && last.end === before.length
  const isBehindValue = touches && (last.kind === 'mark' ? /^[\]`]$/.test(last.text) : last.kind !== 'word')
  if (endsInText || isBehindValue) return { kind: 'nothing', part: '' }
  const part = touches && last.kind === 'word' ? last.text : ''
  const tokens = part === '' ? list : list.slice(0, -1)
  const previous = tokens.at(-1)
  if (previous?.text === '.' || previous?.text === '?.') {
    const found = operandBefore(before, tokens, tokens.length - 1)
    const isInner =
      found === null || namesIn(tokens.slice(found.first)).some((name) => isBound(name, tokens, found.first))
    return { kind: 'member', part, owner: isInner ? null : found.text, root: found?.root ?? null }
  }
  return part.startsWith('#') || previous?.text === '#' || isNoValue(tokens)
    ? { kind: 'nothing', part }
    : { kind: 'name', part }
}

/** The operand that ends before a token, with what TypeScript adds taken out. */
function operandBefore(
  text: string,
  tokens: readonly Token[],
  end: number,
): { text: string; root: string | null; first: number } | null {
  const left: Token[] = []
  let at = end - 1
  let first = end
  for (let isWhole = false; !isWhole; ) {
    const token = tokens[at]
    if (token === undefined) return null
    const previous = tokens[at - 1]
    if (token.text === '!' && token.kind === 'mark' && previous !== undefined && endsOperand(previous)) {
      left.push(token)
      at -= 1
      continue
    }
    const isGroup = token.open !== undefined && token.text !== '}'
    if (token.kind === 'mark' && !isGroup) return null
    first = token.open ?? at
    const before = tokens[first - 1]
    if (token.kind === 'word') {
      if (before?.text === '.' || before?.text === '?.') at = first - 2
      else if (INNER.has(token.text) || !endsOperand(token)) return null
      else isWhole = true
    } else if (isGroup && before?.text === '?.') at = first - 2
    else if (isGroup && before !== undefined && (before.text === '!' || endsOperand(before))) at = first - 1
    else isWhole = true
  }
  const root = tokens[first]?.kind === 'word' ? (tokens[first]?.text ?? null) : null
  if (tokens[first - 1]?.text === 'new' && tokens[first - 2]?.text !== '.') first -= 1
  const start = tokens[first]?.start ?? 0
  let owner = text.slice(start, tokens[end - 1]?.end)
  for (const { start: from } of left) owner = owner.slice(0, from - start) + owner.slice(from - start + 1)
  return { text: owner, root, first }
}

/** The words that are no property's. */
const namesIn = (tokens: readonly Token[]): string[] =>
  tokens
    .filter(({ kind }, at) => kind === 'word' && !/^\??\.$/.test(tokens[at - 1]?.text ?? ''))
    .map(({ text }) => text)

/** True where this text itself gives the name a meaning: as a parameter, a variable, a function, an import. */
function isBound(name: string, tokens: readonly Token[], before: number): boolean {
  return tokens.slice(0, before).some((token, at) => {
    if (token.text !== name || token.kind !== 'word') return false
    const previous = tokens[at - 1]
    if (previous?.text === '.' || previous?.text === '?.') return false
    if (tokens[at + 1]?.text === '=>' || (previous !== undefined && DECLARING.has(previous.text))) return true
    return isInPattern(tokens, at)
  })
}

/** True inside the brackets of parameters, of a destructuring declaration or of an import. */
function isInPattern(tokens: readonly Token[], at: number): boolean {
  for (let outer = enclosing(tokens, at); outer !== null; outer = enclosing(tokens, outer)) {
    const { text, close } = tokens[outer] as Token
    const before = tokens[outer - 1]?.text ?? ''
    if (text !== '(' && DECLARING.has(before)) return true
    const after = close === undefined ? undefined : tokens[close + 1]?.text
    if (text === '(' && after !== undefined && ['=>', '{', ':'].includes(after)) return true
  }
  return declaresInList(tokens, at)
}

/** `const a = 1, b = 2` */
function declaresInList(tokens: readonly Token[], at: number): boolean {
  if (tokens[at - 1]?.text !== ',' || tokens[at + 1]?.text !== '=') return false
  const outer = enclosing(tokens, at)
  return tokens.slice((outer ?? -1) + 1, at).some(({ text }) => text === 'const' || text === 'let' || text === 'var')
}

/** Index of the innermost bracket that is open before a token. */
function enclosing(tokens: readonly Token[], at: number): number | null {
  for (let i = at - 1; i >= 0; i--) {
    const { kind, text, open, close } = tokens[i] as Token
    if (open !== undefined) i = open
    else if (kind === 'mark' && (close ?? tokens.length) >= at && /^(?:[([{`]|\$\{)$/.test(text)) return i
  }
  return null
}

/** True where a name at the end of the tokens names no value: it is made up there, is a key, or names a type. */
function isNoValue(tokens: readonly Token[]): boolean {
  const previous = tokens.at(-1)
  if (previous === undefined) return false
  if (previous.kind === 'word' && (DECLARING.has(previous.text) || TYPES_FOLLOW.has(previous.text))) return true
  const outer = enclosing(tokens, tokens.length)
  const open = outer === null ? undefined : tokens[outer]
  const before = outer === null ? undefined : tokens[outer - 1]
  const words = outer === null ? [] : statementWords(tokens, outer)
  if (open?.text === '{') {
    if (words.some((word) => word === 'import' || word === 'enum' || word === 'interface' || word === 'class'))
      return true
    const isKey = previous.text === '{' || previous.text === ','
    const isObject = before !== undefined && /^(?:[=(,:?[]|\?\?|\|\||&&|return|const|let|var)$/.test(before.text)
    if (isKey && isObject) return true
  }
  if (previous.text !== ':') return false
  const named = tokens.at(-2)
  return open?.text === '(' ? isParameter(tokens, outer as number) : isDeclared(tokens, named)
}

/** The words between the end of the statement before and a bracket. */
function statementWords(tokens: readonly Token[], at: number): string[] {
  const words: string[] = []
  for (let i = at - 1; i >= 0 && !/^[;{}()=]$/.test(tokens[i]?.text ?? ''); i--) words.push(tokens[i]?.text ?? '')
  return words
}

/** `const x: `, `let { a }: ` */
function isDeclared(tokens: readonly Token[], named: Token | undefined): boolean {
  const at = named === undefined ? -1 : tokens.indexOf(named)
  const first = named?.open ?? at
  return DECLARING.has(tokens[first - 1]?.text ?? '')
}

/** `(a: `, and no `c ? a : ` inside the brackets. */
const isParameter = (tokens: readonly Token[], open: number): boolean =>
  !tokens.slice(open + 1).some(({ text }) => text === '?')
