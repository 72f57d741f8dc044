// What one row of a problem file may look like: a question with its facts and options, and a reference answer. The names
// of fields are in rows/ and in datasets/README.md. A row is read rightly or refused with a reason; nothing is guessed.
import { withOptions } from './rows/choices.ts'
import { isFields } from './rows/documents.ts'
import { WrittenNumber } from './rows/exact-json.ts'
import { isEmpty, shown } from './rows/fields.ts'
import { questionOf, wholeQuestion } from './rows/question.ts'
import { referenceOf } from './rows/reference.ts'

export { lastBoxed } from './rows/final-answer.ts'

/** `gsm8k`: worked answer ending in `#### 72`. `math`: the question stands under `problem`. */
export type RowFormat = 'gsm8k' | 'math' | 'plain'

export interface Row {
  readonly format: RowFormat
  readonly question: string
  readonly answer: string
  readonly level: string
  /** The data set's own name for the row, where it has one. */
  readonly id: string | null
}

type Fields = Record<string, unknown>

/** Reads a row, or says what was expected and what came. */
export function readRow(value: unknown): Row | { readonly reason: string } {
  if (!isFields(value)) return { reason: `expected an object with a question and an answer, got ${shown(value)}` }
  if (!isEmpty(value.truncated_cells))
    return {
      reason: `expected whole cells, got some cut off: ${shown(value.truncated_cells)}. Load the data set's files`,
    }
  const row = unwrapped(value)
  const question = wholeQuestion(row)
  if ('reason' in question) return question
  const field = questionOf(row)!
  const hasFacts = typeof field.value === 'string' && question.text !== field.value.trim()
  const reference = referenceOf(row, question.reply, hasFacts)
  if ('reason' in reference) return reference
  const { answer, work, isHashed, options } = reference
  return {
    format: isHashed ? 'gsm8k' : field.key === 'problem' ? 'math' : 'plain',
    question: options === undefined ? question.text : withOptions(question.text, options),
    answer,
    level: scalarText(row.level) ?? levelOf(isHashed ? work : undefined),
    id: ownId(row),
  }
}

/** A row within another object: `{"row": {…}}` of the Hub's viewer, `{"question": {"stem": …, "choices": …}}`. */
function unwrapped(value: Fields): Fields {
  const field = questionOf(value)
  if (field !== null)
    return isFields(field.value) ? { ...value, [field.name]: undefined, ...unwrapped(field.value) } : value
  const inner = Object.values(value).filter((each): each is Fields => isFields(each) && questionOf(each) !== null)
  return inner.length === 1 ? unwrapped(inner[0]!) : value
}

/** GSM8K has no levels of its own: its worked answers mark each operation, and so few or many of them tell. */
function levelOf(worked: string | undefined): string {
  if (worked === undefined) return 'unrated'
  const operations = worked.split('<<').length - 1
  return operations <= 2 ? 'easy' : operations <= 4 ? 'medium' : 'hard'
}

function ownId(row: Fields): string | null {
  for (const field of ['id', 'unique_id', 'index', 'ID']) {
    const text = scalarText(row[field])
    if (text !== null) return text
  }
  return null
}

const scalarText = (value: unknown): string | null =>
  value instanceof WrittenNumber ? value.text : typeof value === 'string' && value !== '' ? value : null
