// The tokens of code that is being typed, which need not parse: words, literals, marks, and which bracket belongs to which.
// Templates are brackets around their text. What a token means is not decided here.

/** A word, a literal or a mark; offsets in UTF-16 units. */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'regex' | 'mark'
  readonly text: string
  readonly start: number
  readonly end: number
  /** Of a closing bracket: index of its opening one, which has `close`. */
  readonly open?: number
  close?: number
}

/** The tokens of a text, and whether it ends inside a comment, a string, a regular expression or a template's text. */
export interface Tokens {
  readonly list: readonly Token[]
  readonly endsInText: boolean
}

const SPACE = /\s+/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
const WORD = /#?[\p{ID_Start}$_][\p{ID_Continue}$]*/uy
const NUMBER = /(?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?)n?/iy
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'?|"(?:[^"\\\n]|\\[\s\S])*"?/y
const REGEX = /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y
const MARK = /\?\.(?!\d)|=>|\.{3}|\+\+|--|\?\?|&&|\|\||\$\{|[^\s]/y

/** Words that an operand follows. */
const BEFORE_OPERAND = new Set(
  'await case delete do else extends in instanceof new of return throw typeof void yield'.split(' '),
)

/** True where a value may end with this token, so that a slash behind it divides. */
export const endsOperand = ({ kind, text }: Token): boolean =>
  kind === 'word' ? !BEFORE_OPERAND.has(text) : kind !== 'mark' || /^(?:[)\]`]|\+\+|--)$/.test(text)

/** Splits a text. Never throws. */
export function tokensOf(text: string): Tokens {
  const list: Token[] = []
  const open: number[] = []
  let at = 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0] ?? null
  }
  const add = (kind: Token['kind'], found: string, opening?: number): void => {
    list.push({
      kind,
      text: found,
      start: at,
      end: at + found.length,
      ...(opening === undefined ? {} : { open: opening }),
    })
    at += found.length
  }
  const opens = (found: string): void => {
    open.push(list.length)
    add('mark', found)
  }
  const closes = (found: string): void => {
    const opening = open.pop()
    const start = opening === undefined ? undefined : list[opening]
    if (start !== undefined) start.close = list.length
    add('mark', found, opening)
  }
  const innermost = (): string | undefined => list[open.at(-1) ?? -1]?.text

  while (at < text.length) {
    if (innermost() === '`') {
      at += take(TEMPLATE_TEXT)?.length ?? 0
      if (at >= text.length) return { list, endsInText: true }
      if (text.charAt(at) === '`') closes('`')
      else opens('${')
      continue
    }
    const space = take(SPACE)
    if (space !== null) {
      at += space.length
      continue
    }
    const comment = take(COMMENT)
    if (comment !== null) {
      at += comment.length
      const isClosed = comment.startsWith('/*') && comment.length > 3 && comment.endsWith('*/')
      if (at >= text.length && !isClosed) return { list, endsInText: true }
      continue
    }
    const number = take(NUMBER)
    if (number !== null) {
      add('number', number)
      continue
    }
    const word = take(WORD)
    if (word !== null) {
      add('word', word)
      continue
    }
    const string = take(STRING)
    if (string !== null) {
      const isClosed = string.length > 1 && string.endsWith(string.charAt(0))
      add('string', string)
      if (at >= text.length && !isClosed) return { list, endsInText: true }
      continue
    }
    const last = list.at(-1)
    if (text.charAt(at) === '/' && (last === undefined || !endsOperand(last))) {
      const regex = take(REGEX)
      if (regex !== null) {
        add('regex', regex)
        continue
      }
      if (!text.includes('\n', at)) return { list, endsInText: true }
    }
    const mark = take(MARK) ?? text.charAt(at)
    if ('([{`'.includes(mark)) opens(mark)
    else if (')]}'.includes(mark)) closes(mark)
    else add('mark', mark)
  }
  return { list, endsInText: innermost() === '`' }
}
