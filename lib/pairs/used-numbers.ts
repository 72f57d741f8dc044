// Which numbers of its question a program uses. Lenient on purpose, since a number can be read and written in many ways:
// `1,200` may be 1.2, `25` may stand for 0.25 or 1.25, `range(1, 101)` uses 100. Digits of every script are read, in every
// language; of number words only the English ones, and those only speak for a program that uses them, never against it.
// Not covered: numbers that a program takes apart (`"1208"[0]`) or reaches by counting.
/** The numbers of a question. */
export interface AskedNumbers {
  /** For each distinct number written in digits, in order, all values by which a program may use it. */
  readonly digits: readonly ReadonlySet<number>[]
  /** Values of English number words. */
  readonly words: ReadonlySet<number>
}

/** What a program uses of them. */
export interface NumberUse {
  /** Distinct numbers in digits that the question has, and how many of them the program does not use. */
  readonly asked: number
  readonly unused: number
  /** Whether it uses none of the question's numbers although there are some, in digits or words. */
  readonly usesNone: boolean
}

const NUMBER = /(?<![\d.])\.?\d+(?:[.,\u066b]\d+|[' \u00a0\u2009\u202f\u066c]\d{3}(?!\d))*/g
const LITERAL = /(?<![\w.])(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/g
const RANGE = /\brange\(([^()]*)\)/g

const WORDS: ReadonlyMap<string, readonly number[]> = new Map([
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map(named(0, 1)),
  ...['eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen'].map(named(11, 1)),
  ['nineteen', [19]],
  ...['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety', 'hundred'].map(named(20, 10)),
  ...(['thousand', 'million', 'billion'] as const).map((word, i) => [word, [1000 ** (i + 1)]] as const),
  ...(['once', 'twice', 'thrice'] as const).map((word, i) => [word, [i + 1]] as const),
  ...(['double', 'pair', 'couple', 'both'] as const).map((word) => [word, [2]] as const),
  ['half', [2, 0.5, 1.5]],
  ['halves', [2, 0.5]],
  ['triple', [3]],
  ['third', [3, 1 / 3]],
  ['thirds', [3, 1 / 3]],
  ['quarter', [4, 0.25]],
  ['quarters', [4, 0.25]],
  ['dozen', [12]],
])

function named(first: number, step: number) {
  return (word: string, i: number): readonly [string, readonly number[]] => [word, [first + i * step]]
}

/** The numbers of a question; read once for all programs that are compared with it. */
export function askedNumbers(question: string): AskedNumbers {
  const text = withPlainDigits(question)
    .replace(/\\[dt]?frac\s*(\d)(?=[\d{])/g, ' $1/') // \frac12
    .replace(/\\[dt]?frac\s*\{([^{}]*)\}\s*(?=\{)/g, ' $1/')
    .replace(/(?<=\d)(?:\{,\}|\\,|\\!)+(?=\d)/g, ',')
  const digits = new Map<number, Set<number>>()
  const fractions = new Map([...text.matchAll(/(\d+)\s*\/\s*\{?(\d+)/g)].flatMap(quotients))
  for (const [token] of text.matchAll(NUMBER)) {
    const [first, ...others] = readings(token)
    const values = digits.get(first!) ?? new Set()
    for (const value of [first!, ...others]) for (const use of usesOf(value)) values.add(use)
    const quotient = fractions.get(token)
    if (quotient !== undefined) values.add(quotient)
    digits.set(first!, values)
  }
  const words = text.toLowerCase().match(/[a-z]+/g) ?? []
  return { digits: [...digits.values()], words: new Set(words.flatMap((word) => WORDS.get(word) ?? [])) }
}

/** What a program uses of the numbers of its question. `used`: `codeNumbers` of its steps. */
export function numberUse({ digits, words }: AskedNumbers, used: readonly number[]): NumberUse {
  const isUsed = (values: ReadonlySet<number>): boolean => used.some((value) => values.has(value))
  const unused = digits.filter((values) => !isUsed(values)).length
  const hasNumbers = digits.length > 0 || words.size > 0
  return { asked: digits.length, unused, usesNone: hasNumbers && unused === digits.length && !isUsed(words) }
}

/** The value of a token as it stands, then what else it may be: thousands or decimals, or a list without blanks. */
function readings(token: string): number[] {
  const parts = token.split(/[^\d]/).filter((part) => part !== '')
  if (parts.length === 1) return [Number(parts[0]), ...(token.startsWith('.') ? [Number(`0.${parts[0]}`)] : [])]
  const whole = Number(parts.join(''))
  const decimal = Number(`${parts.slice(0, -1).join('')}.${parts.at(-1)}`)
  const [first, second] = /\.\d+$/.test(token) ? [decimal, whole] : [whole, decimal]
  return [first, second, ...parts.map(Number)]
}

/** A number as a count or a rate, as a percentage, and as a change by so many per cent. */
const usesOf = (value: number): number[] => [value, value / 100, round(1 + value / 100), round(1 - value / 100)]
const round = (value: number): number => Number(value.toPrecision(12))

function quotients([, top, bottom]: RegExpExecArray): [string, number][] {
  const quotient = Number(top) / Number(bottom)
  return [
    [top!, quotient],
    [bottom!, quotient],
  ]
}

/** The numbers of code without comments, and the last one of each `range`. */
export function codeNumbers(code: string): number[] {
  const values = (text: string): number[] =>
    (text.match(LITERAL) ?? []).map((literal) => Number(literal.replace(/_/g, '')))
  const ends = [...code.matchAll(RANGE)].flatMap(([, inside]) => values(inside!).map((value) => value - 1))
  return [...values(code), ...ends]
}

/** The digits of every script as ASCII ones. */
const withPlainDigits = (text: string): string =>
  text.replace(/\p{Nd}/gu, (digit) => (digit <= '9' ? digit : String(digitOf(digit))))

/** Unicode keeps the ten digits of a script together, from zero up. */
function digitOf(character: string): number {
  const code = character.codePointAt(0)!
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  return code - zero
}
