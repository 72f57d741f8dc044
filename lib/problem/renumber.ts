// Asks a question again with other numbers, in the question and in the code of its solution together: the cure against
// memorising a small data set. Left alone on both sides: decimals, percentages, fractions, clock times, ordinals and
// the small constants that code uses for themselves. Nothing is executed: the new pair is as right as the old program.
import type { Random } from '../seed/random.ts'
import { below } from '../seed/random.ts'
import { literalKey, replaceCodeLiterals, replaceTextLiterals } from './literals.ts'
import { slipAgain, slipOf } from './miscopy.ts'
import type { Step } from './problem.ts'

/** How `renumber` draws its numbers, and which it leaves alone. */
export interface RenumberOptions {
  /**
   * Where new numbers come from. `alike`: as many digits as the number they replace. `mixed`: 30 % from 3 to 9,
   * 30 % from 10 to 99, 40 % from 100 to 399, so that every length is trained at every place. @default 'mixed'
   */
  readonly sizes?: 'alike' | 'mixed'
  /** Numbers that are never replaced nor drawn, as code tends to use them for themselves. @default [0, 1, 2] */
  readonly keep?: readonly number[]
  /**
   * The steps from here on are wrong ones: a number in them alone that is a slip of one of the question's (miscopy.ts)
   * becomes the same slip of the fresh number. For sizes `alike`. From 0 to steps.length. @default steps.length
   */
  readonly wrongFrom?: number
}

const KEEP: readonly number[] = [0, 1, 2]
/** Draws of one number before its range is widened. */
const DRAWS = 40

/**
 * Replaces every distinct whole number of the question by a fresh one, the same everywhere; other literals of the code
 * stay, and no fresh number equals one of those. Identifiers such as `x2` are no literals. Result: the question and as
 * many steps as came in, in order; no argument is changed. Random choices come from `rng` alone. It throws nothing.
 * @example
 * const steps = [{ text: 'start = 219', final: false }]
 * renumber('Mia has 219 shells.', steps, random(1, 'numbers')).question // 'Mia has 6 shells.'
 * renumber('Mia has 219 shells.', steps, random(1, 'numbers'), { sizes: 'alike' }).steps[0]?.text // 'start = 308'
 */
export function renumber(
  question: string,
  steps: readonly Step[],
  rng: Random,
  options: RenumberOptions = {},
): { question: string; steps: Step[] } {
  const fresh = freshNumbers(question, steps, rng, options)
  return { question: renumberText(question, fresh), steps: renumberSteps(steps, fresh) }
}

/** The replacement itself: from each number, by its literal key, to the fresh one. No two numbers get the same. */
export function freshNumbers(
  question: string,
  steps: readonly Step[],
  rng: Random,
  { sizes = 'mixed', keep = KEEP, wrongFrom = steps.length }: RenumberOptions = {},
): Map<string, string> {
  const fresh = new Map<string, string>()
  const taken = new Set(keep.map(String))
  const kept = new Set(taken)
  replaceTextLiterals(question, (literal, key, at) => {
    if (kept.has(key) || !isWholeAlone(literal, at, question)) taken.add(key)
    else fresh.set(key, '')
    return literal
  })
  for (const key of taken) fresh.delete(key)
  const numbers = [...fresh.keys()]
  for (const step of steps.slice(0, wrongFrom)) collectConstants(step.text, fresh, taken)
  const suspects = new Set<string>()
  for (const step of steps.slice(wrongFrom)) collectConstants(step.text, fresh, suspects)
  const slips = slipsAmong(
    [...suspects].filter((key) => !taken.has(key)),
    numbers,
  )
  for (const key of suspects) taken.add(key) // a slip too: drawn as a fresh number it would make a wrong step right
  for (const key of fresh.keys()) {
    const next = String(draw(rng, sizes === 'alike' ? key.length : 0, taken))
    taken.add(next)
    fresh.set(key, next)
  }
  for (const [wrong, source] of slips) fresh.set(wrong, slipAgain(source, wrong, fresh.get(source)!))
  return fresh
}

/** The constants that are slips of a number of the question, each with that number. */
function slipsAmong(constants: readonly string[], numbers: readonly string[]): Map<string, string> {
  return new Map(
    constants.flatMap((wrong): [string, string][] => {
      const source = /^\d+$/.test(wrong) ? slipOf(wrong, numbers) : null
      return source === null ? [] : [[wrong, source]]
    }),
  )
}

/** The replacement in every step: in its code, and in its comments as in a text. */
export function renumberSteps(steps: readonly Step[], fresh: ReadonlyMap<string, string>): Step[] {
  return steps.map((step) => ({
    ...step,
    text: step.text
      .split('\n')
      .map((line) => renumberLine(line, fresh))
      .join('\n'),
  }))
}

function renumberLine(line: string, fresh: ReadonlyMap<string, string>): string {
  const comment = line.indexOf('#')
  if (comment < 0) return renumberCode(line, fresh)
  return renumberCode(line.slice(0, comment), fresh) + renumberText(line.slice(comment), fresh)
}

const renumberCode = (code: string, fresh: ReadonlyMap<string, string>): string =>
  replaceCodeLiterals(code, (text, key) => {
    const next = fresh.get(key)
    if (next === undefined) return text
    const point = text.indexOf('.')
    return point < 0 ? next : next + text.slice(point)
  })

/** The replacement in a text: whole numbers that stand for themselves. */
export const renumberText = (text: string, fresh: ReadonlyMap<string, string>): string =>
  replaceTextLiterals(text, (literal, key, at, whole) => {
    const next = fresh.get(key)
    if (next === undefined || !isWholeAlone(literal, at, whole)) return literal
    return literal.includes(',') ? next.replace(/\B(?=(\d{3})+$)/g, ',') : next
  })

/** A whole number that stands for itself: no decimals, and not part of `50%`, `3/4`, `12:30`. */
function isWholeAlone(literal: string, at: number, text: string): boolean {
  if (literal.includes('.')) return false
  const before = text[at - 1]
  const after = text[at + literal.length]
  return (
    before !== '/' &&
    before !== ':' &&
    after !== '%' &&
    after !== '/' &&
    !(after === ':' && /\d/.test(text[at + literal.length + 1] ?? ''))
  )
}

function collectConstants(text: string, fresh: ReadonlyMap<string, string>, taken: Set<string>): void {
  replaceCodeLiterals(text.replace(/#.*$/gm, ''), (literal) => {
    const key = literalKey(literal)
    if (!fresh.has(key)) taken.add(key)
    return literal
  })
}

/** A number with `digits` digits, or of the mixed sizes when `digits` is 0, that is not taken. */
function draw(rng: Random, digits: number, taken: ReadonlySet<string>): number {
  for (let attempt = 0; ; attempt++) {
    const value = attempt < DRAWS ? drawOnce(rng, digits) : 3 + below(rng, 1000 * (attempt - DRAWS + 1))
    if (!taken.has(String(value))) return value
  }
}

function drawOnce(rng: Random, digits: number): number {
  if (digits === 1) return 3 + below(rng, 7)
  if (digits > 1) return Math.floor(10 ** (digits - 1) * (1 + 9 * rng()))
  const size = rng()
  return size < 0.3 ? 3 + below(rng, 7) : size < 0.6 ? 10 + below(rng, 90) : 100 + below(rng, 300)
}
