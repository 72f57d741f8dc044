// What one row of a problem file may look like: GSM8K, MATH, or plain question and answer.

/** `gsm8k`: worked answer ending in `#### 72`. `math`: problem with a solution in \boxed{…} or an answer of its own. */
export type RowFormat = 'gsm8k' | 'math' | 'plain'

export interface Row {
  readonly format: RowFormat
  readonly question: string
  readonly answer: string
  readonly level: string
  /** The data set's own name for the row, where it has one. */
  readonly id: string | null
}

/** Reads a row, or says what was expected and what came. */
export function readRow(value: unknown): Row | { readonly reason: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { reason: `expected an object with a question and an answer, got ${shown(value)}` }
  const row = value as Record<string, unknown>
  const isMath = row.question === undefined && row.problem !== undefined
  const question = isMath ? row.problem : row.question
  if (typeof question !== 'string' || question.trim() === '')
    return { reason: `expected text in "question" or "problem", got ${shown(question)}` }
  const found = isMath ? mathAnswer(row) : plainAnswer(row)
  if ('reason' in found) return found
  const format = isMath ? 'math' : found.worked === undefined ? 'plain' : 'gsm8k'
  return {
    format,
    question: question.trim(),
    answer: found.answer,
    level: typeof row.level === 'string' || typeof row.level === 'number' ? String(row.level) : levelOf(found.worked),
    id: ownId(row),
  }
}

type Answer = { readonly answer: string; readonly worked?: string } | { readonly reason: string }

function plainAnswer(row: Record<string, unknown>): Answer {
  const { answer } = row
  if (typeof answer === 'number' && Number.isFinite(answer)) return { answer: String(answer) }
  if (typeof answer !== 'string') return { reason: `expected text or a number in "answer", got ${shown(answer)}` }
  const mark = answer.lastIndexOf('####')
  if (mark < 0) return notEmpty(answer.trim(), 'answer')
  const final = answer
    .slice(mark + 4)
    .replace(/<<[^>]*>>/g, '')
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .trim()
  if (final === '') return { reason: 'expected an answer after "####", got nothing' }
  return { answer: final, worked: answer.slice(0, mark) }
}

function mathAnswer(row: Record<string, unknown>): Answer {
  const given = row.answer ?? row.final_answer
  if (typeof given === 'number' && Number.isFinite(given)) return { answer: String(given) }
  if (typeof given === 'string') return notEmpty(given.trim(), row.answer === undefined ? 'final_answer' : 'answer')
  if (given !== undefined) return { reason: `expected text or a number as answer, got ${shown(given)}` }
  if (typeof row.solution !== 'string')
    return { reason: 'expected "answer", "final_answer" or a "solution" with \\boxed{…}, got none of them' }
  const boxed = lastBoxed(row.solution)
  return boxed === null || boxed === '' ? { reason: 'expected \\boxed{…} in "solution", got none' } : { answer: boxed }
}

const notEmpty = (answer: string, field: string): Answer =>
  answer === '' ? { reason: `expected text in "${field}", got an empty string` } : { answer }

/** What stands in the last `\boxed{…}` (braces balanced) or `\boxed 7` of a text; null when there is none. */
export function lastBoxed(text: string): string | null {
  const at = text.lastIndexOf('\\boxed')
  if (at < 0) return null
  const rest = text.slice(at + '\\boxed'.length)
  if (!rest.trimStart().startsWith('{')) return /^\s*([^\s$.]+)/.exec(rest)?.[1] ?? null
  const open = rest.indexOf('{')
  let depth = 0
  for (let i = open; i < rest.length; i++) {
    if (rest[i] === '{' && rest[i - 1] !== '\\') depth++
    if (rest[i] === '}' && rest[i - 1] !== '\\' && --depth === 0) return rest.slice(open + 1, i).trim()
  }
  return null
}

/** GSM8K has no levels of its own: its worked answers mark each operation, and so few or many of them tell. */
function levelOf(worked: string | undefined): string {
  if (worked === undefined) return 'unrated'
  const operations = worked.split('<<').length - 1
  return operations <= 2 ? 'easy' : operations <= 4 ? 'medium' : 'hard'
}

function ownId(row: Record<string, unknown>): string | null {
  for (const field of ['id', 'unique_id', 'index']) {
    const value = row[field]
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value)
  }
  return null
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60))
