// Formulas of answers, as LaTeX, sympy and Python write them, read to a small tree (evaluate.ts says what it is worth).
// Nothing of a text is ever run. What is no formula of this grammar is null: nothing is guessed or repaired.
import { isInteger, parseRational, type Rational } from '../rational.ts'

/** A formula as a tree. `digits` of a literal: its significant digits where it is a decimal, else null. */
export type Formula =
  | { readonly kind: 'literal'; readonly value: Rational; readonly digits: number | null }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'apply'; readonly name: string; readonly of: readonly Formula[] }

/** Deepest nesting of a formula. */
const DEEPEST = 60
/** Names that are numbers. */
export const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E, E: Math.E }
const FUNCTIONS = new Set('exp ln sin cos tan cot sec csc asin acos atan arcsin arccos arctan'.split(' '))
const GREEK = /^(?:alpha|beta|gamma|delta|epsilon|theta|lambda|mu|nu|xi|rho|sigma|tau|phi|chi|psi|omega|oo)$/
const TOKEN =
  /\s*(?:(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|\\(?<command>[a-zA-Z]+)|(?<name>[A-Za-z]+(?:_(?:\{\w+\}|[A-Za-z0-9]+))?)|(?<sign>\*\*|[-+*/^(){}[\],!]))/y

interface Token {
  readonly kind: 'number' | 'command' | 'name' | 'sign'
  readonly text: string
}

/** The names that are not constants of a formula, sorted. */
export function variablesOf(formula: Formula): string[] {
  const names = new Set<string>()
  const visit = (each: Formula): void => {
    if (each.kind === 'name' && CONSTANTS[each.name] === undefined) names.add(each.name)
    if (each.kind === 'apply') each.of.forEach(visit)
  }
  visit(formula)
  return [...names].sort()
}

/** The decimals of a formula: the most significant digits of one; null where it has none. */
export function decimalDigits(formula: Formula): number | null {
  if (formula.kind === 'literal') return formula.digits
  if (formula.kind === 'name') return null
  const digits = formula.of.flatMap((each) => decimalDigits(each) ?? [])
  return digits.length === 0 ? null : Math.max(...digits)
}

/** Reads a formula in plain spelling (spelling.ts); null for what is none. */
export function parseFormula(text: string): Formula | null {
  const tokens = tokensOf(text)
  if (tokens === null || tokens.length === 0) return null
  const parser = new Parser(tokens)
  const formula = parser.sum(0)
  return formula !== null && parser.atEnd() ? formula : null
}

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const end = text.trimEnd().length
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text)
    if (match === null) return null
    const { number, command, name, sign } = match.groups!
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (command !== undefined) tokens.push({ kind: 'command', text: command })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else tokens.push({ kind: 'sign', text: sign! })
  }
  return tokens
}

const literal = (value: Rational, digits: number | null = null): Formula => ({ kind: 'literal', value, digits })
const apply = (name: string, ...of: Formula[]): Formula => ({ kind: 'apply', name, of })
const isWholeLiteral = (formula: Formula): boolean =>
  formula.kind === 'literal' && formula.digits === null && isInteger(formula.value)

/** Precedence climbing; null as soon as something is no formula. */
class Parser {
  private at = 0
  private readonly tokens: Token[]

  constructor(tokens: Token[]) {
    this.tokens = tokens
  }

  atEnd = (): boolean => this.at === this.tokens.length

  sum(depth: number): Formula | null {
    if (depth > DEEPEST) return null
    let left = this.product(depth)
    while (left !== null && (this.isSign('+') || this.isSign('-'))) {
      const operator = this.tokens[this.at++]!.text
      const right = this.product(depth)
      left = right && apply(operator, left, right)
    }
    return left
  }

  private product(depth: number): Formula | null {
    let left = this.signed(depth)
    while (left !== null) {
      const operator = this.isSign('*') ? '*' : this.isSign('/') ? '/' : null
      if (operator !== null) this.at++
      else if (!this.startsFactor()) return left
      const right: Formula | null = operator === null ? this.power(depth) : this.signed(depth)
      left = right && apply(operator ?? '*', left, right)
    }
    return null
  }

  private signed(depth: number): Formula | null {
    if (depth > DEEPEST) return null
    if (this.isSign('+')) {
      this.at++
      return this.signed(depth + 1)
    }
    if (!this.isSign('-')) return this.power(depth)
    this.at++
    const operand = this.signed(depth + 1)
    return operand && apply('negate', operand)
  }

  private power(depth: number): Formula | null {
    const base = this.postfix(depth)
    if (base === null || !(this.isSign('^') || this.isSign('**'))) return base
    this.at++
    const exponent = this.signed(depth + 1)
    return exponent && apply('^', base, exponent)
  }

  private postfix(depth: number): Formula | null {
    let operand = this.atom(depth)
    while (operand !== null && this.isSign('!')) {
      this.at++
      operand = apply('!', operand)
    }
    return operand
  }

  private atom(depth: number): Formula | null {
    const token = this.tokens[this.at++]
    if (token === undefined || depth > DEEPEST) return null
    if (token.kind === 'number') return this.number(token.text)
    if (token.kind === 'name') return this.name(token.text, depth)
    if (token.kind === 'command') return this.command(token.text, depth)
    if (token.text === '(' || token.text === '{') return this.closed(token.text === '(' ? ')' : '}', depth)
    return null
  }

  /** A number, and the fraction of a mixed one: `2 1/2`, `2\frac12`. */
  private number(text: string): Formula | null {
    const value = parseRational(text)
    if (value === null) return null
    const isDecimal = /[.eE]/.test(text)
    const whole = literal(value, isDecimal ? text.replace(/[eE].*|\D/g, '').replace(/^0+/, '').length : null)
    if (isDecimal) return whole
    const [top, slash, bottom] = this.tokens.slice(this.at, this.at + 3)
    if (top?.kind === 'number') {
      const part = slash?.text === '/' && bottom?.kind === 'number' && /^\d+ \d+$/.test(`${top.text} ${bottom.text}`)
      if (!part) return null // two numbers side by side are no product
      this.at += 3
      return mixed(whole, literal(parseRational(top.text)!), literal(parseRational(bottom.text)!))
    }
    if (top?.kind !== 'command' || top.text !== 'frac') return whole
    this.at++
    const fraction = this.fraction(0)
    if (fraction === null) return null
    const [above, below] = (fraction as { of: readonly Formula[] }).of
    if (isWholeLiteral(above!) && isWholeLiteral(below!)) return mixed(whole, above!, below!)
    return apply('*', whole, fraction)
  }

  private name(text: string, depth: number): Formula | null {
    if (text === 'sqrt' || text === 'Abs' || text === 'abs' || text === 'Rational' || text === 'Fraction')
      return this.call(text, depth)
    const isFunction = FUNCTIONS.has(text) || text === 'log'
    if (isFunction) return this.call(text === 'log' ? 'ln' : text, depth)
    if (Object.hasOwn(CONSTANTS, text) || GREEK.test(text)) return { kind: 'name', name: text }
    if (text === 'I' || text === 'j') return { kind: 'name', name: 'i' }
    if (/^[A-Za-z](?:_.*)?$/.test(text)) return { kind: 'name', name: text.replace(/[{}]/g, '') }
    const isGlued = /^[a-z]{2}$/.test(text) && this.tokens.length > 1 // xy of 2xy
    return isGlued ? apply('*', { kind: 'name', name: text[0]! }, { kind: 'name', name: text[1]! }) : null
  }

  private command(text: string, depth: number): Formula | null {
    if (text === 'frac') return this.fraction(depth)
    if (text === 'sqrt') {
      let index: Formula | null = null
      if (this.isSign('[')) {
        this.at++
        index = this.closed(']', depth)
        if (index === null) return null
      }
      const of = this.argument(depth)
      return of && (index === null ? apply('sqrt', of) : apply('^', of, apply('/', literal(ONE), index)))
    }
    if (GREEK.test(text)) return { kind: 'name', name: text }
    if (!FUNCTIONS.has(text)) return null
    const of = this.isSign('^') ? null : this.argument(depth)
    return of && apply(text, of)
  }

  private fraction(depth: number): Formula | null {
    const top = this.argument(depth)
    const bottom = top && this.argument(depth)
    return bottom && apply('/', top!, bottom)
  }

  /** The argument of a command: a group, or one digit or letter, as `\frac34` has it. */
  private argument(depth: number): Formula | null {
    const token = this.tokens[this.at]
    if (token?.kind !== 'number' || !/^\d+$/.test(token.text)) return this.atom(depth + 1)
    if (token.text.length > 1) this.tokens[this.at] = { ...token, text: token.text.slice(1) }
    else this.at++
    return literal(parseRational(token.text[0]!)!)
  }

  private call(name: string, depth: number): Formula | null {
    if (!this.isSign('(')) return null
    this.at++
    const first = this.sum(depth + 1)
    if (first === null) return null
    if (this.isSign(',') && (name === 'Rational' || name === 'Fraction')) {
      this.at++
      const second = this.closed(')', depth)
      return second && apply('/', first, second)
    }
    if (!this.isSign(')')) return null
    this.at++
    return name === 'Rational' || name === 'Fraction' ? first : apply(name === 'Abs' ? 'abs' : name, first)
  }

  private closed(close: string, depth: number): Formula | null {
    const inner = this.sum(depth + 1)
    return inner !== null && this.tokens[this.at++]?.text === close ? inner : null
  }

  private startsFactor(): boolean {
    const token = this.tokens[this.at]
    if (token === undefined) return false
    if (token.kind !== 'sign') return token.kind !== 'number'
    return token.text === '(' || token.text === '{'
  }

  private isSign(text: string): boolean {
    const token = this.tokens[this.at]
    return token?.kind === 'sign' && token.text === text
  }
}

const ONE: Rational = { numerator: 1n, denominator: 1n }
const mixed = (whole: Formula, top: Formula, bottom: Formula): Formula => apply('+', whole, apply('/', top, bottom))
