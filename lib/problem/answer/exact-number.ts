// An answer as one number, for whoever counts with answers instead of comparing them.
import type { Rational } from '../rational.ts'
import { evaluate } from './evaluate.ts'
import { readAnswer } from './read-answer.ts'

/** The exact value of an answer without its unit; null for lists, words, and values that are no fraction. Never throws. */
export function exactNumber(text: string): Rational | null {
  const { meaning } = readAnswer(text.trim())
  return meaning.kind === 'value' ? (evaluate(meaning.formula, new Map())?.exact ?? null) : null
}
