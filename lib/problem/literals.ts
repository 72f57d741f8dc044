// Number literals: where they stand in a question and in Python code, and what they are worth.
// Not covered: numbers in words ("three", "a dozen"), hexadecimal and complex literals.

/** A number as written in a text. */
export interface Literal {
  /** As written, with its thousands commas and decimals. */
  readonly text: string
  /** Offset of the first character. */
  readonly at: number
  /** The same number as a Python literal: no commas, no leading zeros. */
  readonly code: string
}

/** Numbers of a text in words: `1,200`, `3.50`, the 5 of `5km`; not the 2 of `x2` or the 3 of `3rd`. */
const IN_TEXT = /(?<![\w.]|\d,)(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d_]|,\d|\.\d|(?:st|nd|rd|th)\b)/g
/** Numbers of Python code: `1_200`, `3.5`; not the 2 of `x2`. */
const IN_CODE = /(?<![\w.])\d+(?:_\d+)*(?:\.\d+)?(?![\w.])/g

/** The numbers of a question, in order. Example: 'Ana pays $1,200 for 3 beds.' holds 1200 and 3. */
export function literalsOf(text: string): Literal[] {
  return Array.from(text.matchAll(IN_TEXT), (match) => ({
    text: match[0],
    at: match.index,
    code: codeLiteral(match[0]),
  }))
}

/** Rewrites each number literal of Python code. `replace` gets the literal as written and its key (see `literalKey`). */
export const replaceCodeLiterals = (code: string, replace: (text: string, key: string) => string): string =>
  code.replace(IN_CODE, (text) => replace(text, literalKey(text)))

/** Rewrites each number of a text. `replace` gets the literal as written, its key, its offset and the whole text. */
export const replaceTextLiterals = (
  text: string,
  replace: (literal: string, key: string, at: number, text: string) => string,
): string => text.replace(IN_TEXT, (literal, at: number) => replace(literal, literalKey(literal), at, text))

/** Equal for literals of equal value: `1,200`, `1200` and `1_200.0` are all '1200'. */
export function literalKey(text: string): string {
  const plain = /[,_]/.test(text) ? text.replace(/[,_]/g, '') : text
  return plain.length < 16 ? String(Number(plain)) : plain
}

const codeLiteral = (text: string): string => text.replace(/,/g, '').replace(/^0+(?=\d)/, '')
