// What an answer means: a value with its unit and name, a list in its brackets, a choice, or a text.
import { type Formula, parseFormula } from './formula.ts'
import { LONGEST, plainSpelling, wordsOf } from './spelling.ts'
import { measure } from './unit.ts'

/** An answer as it is understood. */
export type Answer =
  /** `x = 5 cm`: its name, if any, its formula, its unit, if any. */
  | { readonly kind: 'value'; readonly formula: Formula; readonly unit: string | null; readonly name: string | null }
  /** `brackets`: empty for a bare list, `∪` for a union, else both, as `(]`. The order counts within `()`, `[]` and the like. */
  | { readonly kind: 'list'; readonly brackets: string; readonly items: readonly Answer[] }
  /** A letter of a multiple choice. */
  | { readonly kind: 'choice'; readonly letter: string }
  | { readonly kind: 'text' }

/** An answer with its words, which decide where its meaning does not. */
export interface Reading {
  readonly meaning: Answer
  readonly words: string
}

const TEXT: Answer = { kind: 'text' }
/** Deepest nesting of brackets. */
const DEEPEST = 8
const NAME =
  /^(?!\\?(?:sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt)\b)(\\?[A-Za-z]+(?:_(?:\w+|\{\w+\}))?(?:\([A-Za-z]\))?)\s*=(?!=)\s*(.*)$/s
const CHOICE = /^\(?([A-H])(?:\)|\.|:)?$|^\(([A-H])\)\s*\S|^([A-H])[).:]\s+\S/
const PLAIN_NUMBER = /^-?\d+(?:[./]\d+)?$/
const THOUSANDS = /(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])/g

/** Readings that are kept, as a reference is compared with every answer of its tree; long ones are not. */
const KEPT = 1000
const LONGEST_KEPT = 200
const kept = new Map<string, Reading>()

/** Reads an answer as Python prints it or a data set writes it. Never throws. */
export function readAnswer(text: string): Reading {
  const known = kept.get(text)
  if (known !== undefined) return known
  const reading = newReading(text)
  if (kept.size >= KEPT) kept.clear()
  if (text.length <= LONGEST_KEPT) kept.set(text, reading)
  return reading
}

function newReading(text: string): Reading {
  if (text.length > LONGEST) return { meaning: TEXT, words: text.trim() }
  if (PLAIN_NUMBER.test(text)) return { meaning: measured(text), words: text }
  const plain = plainSpelling(text)
  return { meaning: meaningOf(plain, 0), words: wordsOf(plain) }
}

function meaningOf(plain: string, depth: number): Answer {
  if (plain === '' || depth > DEEPEST) return TEXT
  const choice = CHOICE.exec(plain)
  if (choice) return { kind: 'choice', letter: (choice[1] ?? choice[2] ?? choice[3])! }
  const sympy = sympyMeaning(plain, depth)
  if (sympy !== null) return sympy
  const isNested = depth > 0
  const grouped = isNested ? plain : withoutThousands(plain)
  for (const separator of [/^\s*∪\s*/, /^\s*[,;]\s*|^ (?:and|or) /]) {
    const parts = splitOutside(grouped, separator)
    if (parts.length > 1) return listOf(separator.source.includes('∪') ? '∪' : '', parts, depth)
  }
  return bracketed(grouped, depth) ?? measured(grouped)
}

function measured(plain: string): Answer {
  if (PLAIN_NUMBER.test(plain)) return { kind: 'value', formula: parseFormula(plain)!, unit: null, name: null }
  const named = NAME.exec(plain)
  const { amount, unit } = measure(named ? named[2]! : plain)
  const percent = /^(.*\S)\s*(?:%|percent)$/.exec(amount)
  const formula = parseFormula(percent ? percent[1]! : amount)
  if (formula === null) return TEXT
  const value = percent ? ({ kind: 'apply', name: '/', of: [formula, HUNDRED] } as const) : formula
  return { kind: 'value', formula: value, unit, name: named ? named[1]!.replace(/[\\{}]/g, '') : null }
}

const HUNDRED: Formula = { kind: 'literal', value: { numerator: 100n, denominator: 1n }, digits: null }

function listOf(brackets: string, parts: readonly string[], depth: number): Answer {
  return { kind: 'list', brackets, items: parts.map((part) => meaningOf(part.trim(), depth + 1)) }
}

/** A list in brackets that match around the whole; parentheses around one thing only group. */
function bracketed(plain: string, depth: number): Answer | null {
  const open = plain[0]!
  const close = plain.at(-1)!
  if (!'([{⦃'.includes(open) || !')]}⦄'.includes(close) || closeOf(plain) !== plain.length - 1) return null
  const parts = splitOutside(plain.slice(1, -1), /^\s*[,;]\s*/)
  if (parts.length === 1 && '({'.includes(open) && (open === '(' || !/^\{.*\}$/.test(plain))) return null
  const brackets = `${open}${close}`.replace('⦃', '{').replace('⦄', '}')
  return listOf(brackets, parts[0] === '' && parts.length === 1 ? [] : parts, depth)
}

/** What sympy prints for intervals, unions and matrices. */
function sympyMeaning(plain: string, depth: number): Answer | null {
  const call =
    /^(Interval|Interval\.open|Interval\.Lopen|Interval\.Ropen|Union|FiniteSet|Matrix|ImmutableDenseMatrix)\(/.exec(
      plain,
    )
  if (call === null || closeOf(plain.slice(call[0].length - 1)) !== plain.length - call[0].length) return null
  const parts = splitOutside(plain.slice(call[0].length, -1), /^\s*,\s*/)
  switch (call[1]) {
    case 'Union':
      return listOf('∪', parts, depth)
    case 'FiniteSet':
      return listOf('{}', parts, depth)
    case 'Matrix':
    case 'ImmutableDenseMatrix':
      return matrixOf(meaningOf(parts[0]!, depth + 1))
  }
  if (parts.length !== 2) return TEXT
  const opensLeft = /\.(?:open|Lopen)$/.test(call[1]!) || parts[0] === '-oo'
  const opensRight = /\.(?:open|Ropen)$/.test(call[1]!) || parts[1] === 'oo'
  return listOf(`${opensLeft ? '(' : '['}${opensRight ? ')' : ']'}`, parts, depth)
}

/** Rows of a matrix; a plain list is a column. */
function matrixOf(rows: Answer): Answer {
  if (rows.kind !== 'list' || rows.brackets !== '[]') return TEXT
  const items = rows.items.map(
    (row): Answer => (row.kind === 'list' ? row : { kind: 'list', brackets: '[]', items: [row] }),
  )
  return { kind: 'list', brackets: 'matrix', items }
}

/** `1,234` and `1 234` outside brackets are one number. */
function withoutThousands(plain: string): string {
  if (/^[+-]?\$?\d{1,3}(?: \d{3})+(?:\.\d+)?$/.test(plain)) return plain.replace(/ /g, '')
  if (!plain.includes(',') || /[([{⦃]/.test(plain[0]!)) return plain
  return plain.replace(THOUSANDS, (number) => number.replace(/,/g, ''))
}

/** Where the bracket at the start closes, whatever its kind; -1 where it does not. */
function closeOf(text: string): number {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    if ('([{⦃'.includes(text[i]!)) depth++
    else if (')]}⦄'.includes(text[i]!) && --depth === 0) return i
  }
  return -1
}

/** Cuts a text at separators that stand outside all brackets. */
function splitOutside(text: string, separator: RegExp): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if ('([{⦃'.includes(text[i]!)) depth++
    else if (')]}⦄'.includes(text[i]!)) depth--
    else if (depth === 0 && ' ,;∪'.includes(text[i]!)) {
      const match = separator.exec(text.slice(i, i + 8))
      if (match === null) continue
      parts.push(text.slice(start, i))
      start = i + match[0].length
      i = start - 1
    }
  }
  return [...parts, text.slice(start)]
}
