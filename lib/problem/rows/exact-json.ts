// JSON whose numbers keep their text: 9007199254740993 and 1234.50 come out as written, where `JSON.parse` rounds them. Also
// what Python prints for the same values: single quotes, True, None, tuples, NaN. Nothing is repaired: all else is an error.

/** A number as it stands in the text. */
export class WrittenNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Deepest nesting. */
const DEEPEST = 200
const BLANK = /[ \t\r\n]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON allows none within a string
const DOUBLE_QUOTED = /"[^"\\\u0000-\u001f]*(?:\\[\s\S][^"\\\u0000-\u001f]*)*"/y
const SINGLE_QUOTED = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y
const WORD = /-?[A-Za-z]+/y
const WORDS = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  // what has no value: null, and how Python writes null and a cell that was never filled
  ...['null', 'None', 'NaN', 'nan', 'Infinity', '-Infinity', 'inf', '-inf'].map((word): [string, null] => [word, null]),
])
const PYTHON_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
}

/**
 * Reads one value. Objects have no prototype; numbers are `WrittenNumber`; NaN and infinities are null.
 * Errors: a SyntaxError that says what was expected at which column and what came; also for a key that stands twice.
 */
export function parseExactJson(text: string): unknown {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

class Reader {
  private at = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  value(depth: number): unknown {
    if (depth > DEEPEST) throw this.unexpected(`at most ${DEEPEST} levels`)
    this.skipBlank()
    const start = this.text[this.at]
    if (start === '"') return this.string(DOUBLE_QUOTED)
    if (start === "'") return this.string(SINGLE_QUOTED)
    if (start === '{') return this.object(depth)
    if (start === '[') return this.list(']', depth)
    if (start === '(') return this.list(')', depth)
    const number = this.match(NUMBER)
    if (number !== null) return new WrittenNumber(number)
    const from = this.at
    const word = this.match(WORD)
    if (word !== null && WORDS.has(word)) return WORDS.get(word)
    this.at = from
    throw this.unexpected('a value')
  }

  end(): void {
    this.skipBlank()
    if (this.at < this.text.length) throw this.unexpected('the end')
  }

  private object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = Object.create(null)
    this.at++
    for (;;) {
      this.skipBlank()
      if (this.text[this.at] === '}') break
      const quote = this.text[this.at]
      if (quote !== '"' && quote !== "'") throw this.unexpected('a key in quotes')
      const key = this.string(quote === '"' ? DOUBLE_QUOTED : SINGLE_QUOTED)
      if (Object.hasOwn(object, key)) throw new SyntaxError(`expected each key once, got ${JSON.stringify(key)} twice`)
      this.expect(':')
      object[key] = this.value(depth + 1)
      if (!this.separated('}')) break
    }
    this.at++
    return object
  }

  private list(close: string, depth: number): unknown[] {
    const list: unknown[] = []
    this.at++
    for (;;) {
      this.skipBlank()
      if (this.text[this.at] === close) break
      list.push(this.value(depth + 1))
      if (!this.separated(close)) break
    }
    this.at++
    return list
  }

  /** Goes past a comma, after which more must follow but in a tuple; false at the closing bracket. */
  private separated(close: string): boolean {
    this.skipBlank()
    if (this.text[this.at] === close) return false
    this.expect(',')
    this.skipBlank()
    if (this.text[this.at] === close && close !== ')') throw this.unexpected('a value after the comma')
    return true
  }

  private string(pattern: RegExp): string {
    const token = this.match(pattern)
    if (token === null) throw this.unexpected('a string with its closing quote and no line end')
    if (pattern === SINGLE_QUOTED) return pythonString(token.slice(1, -1))
    const inner = token.slice(1, -1)
    if (!inner.includes('\\')) return inner
    try {
      return JSON.parse(token)
    } catch (error) {
      if (/^[^\n]*\\['xaUv0-7]/.test(inner)) return pythonString(inner)
      throw new SyntaxError(`expected a JSON string, got ${token.slice(0, 40)} (${(error as Error).message})`)
    }
  }

  private expect(sign: string): void {
    this.skipBlank()
    if (this.text[this.at] !== sign) throw this.unexpected(JSON.stringify(sign))
    this.at++
  }

  private skipBlank(): void {
    BLANK.lastIndex = this.at
    this.at += BLANK.exec(this.text)![0].length
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (match === null) return null
    this.at += match[0].length
    return match[0]
  }

  private unexpected(expected: string): SyntaxError {
    const rest = this.text.slice(this.at, this.at + 20)
    const got = rest === '' ? 'the end' : JSON.stringify(rest)
    return new SyntaxError(`expected ${expected} at column ${this.at + 1}, got ${got}`)
  }
}

const pythonString = (inner: string): string =>
  inner.replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g, (_, x, u, long, sign) => {
    const code = x ?? u ?? long
    return code === undefined ? (PYTHON_ESCAPES[sign] ?? sign) : String.fromCodePoint(Number.parseInt(code, 16))
  })
