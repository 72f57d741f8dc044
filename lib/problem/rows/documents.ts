// A file that is one JSON object: the rows it holds, whether in a list of some name, by key, or column by column.
import { WrittenNumber } from './exact-json.ts'
import { questionOf } from './question.ts'

type Fields = Record<string, unknown>

/** Deepest list of rows. */
const DEEPEST = 3

/**
 * The rows of an object: itself when it has a question, else those of the one list of rows in it (`data`, `rows`,
 * `example` …), of the objects it has by key, or of its columns. Null when it is no such thing.
 * Errors: several lists of rows; columns of different lengths.
 */
export function rowsOfDocument(value: unknown, depth = 0): unknown[] | null {
  if (!isFields(value) || depth > DEEPEST) return null
  const columns = columnRows(value) ?? splitRows(value)
  if (columns !== null) return columns
  if (hasQuestion(value)) return [value]
  const lists = Object.entries(value).filter(([, list]) => Array.isArray(list) && list.some(hasQuestion))
  if (lists.length > 1) {
    const names = lists.map(([name]) => JSON.stringify(name)).join(' and ')
    throw new Error(`expected one list of rows, got ${names}. Write the one to read to a file of its own`)
  }
  if (lists.length === 1) return lists[0]![1] as unknown[]
  const objects = Object.entries(value).filter(([, object]) => isFields(object))
  const rows = objects.filter(([, object]) => hasQuestion(object))
  if (rows.length > 1 || (rows.length === 1 && objects.length === 1))
    return objects.map(([id, object]) => (hasOwnId(object as Fields) ? object : { ...(object as Fields), id }))
  const inner = objects.map(([, object]) => rowsOfDocument(object, depth + 1)).filter((found) => found !== null)
  return inner.length === 1 ? inner[0]! : null
}

/** `{"question": ["…", "…"], "answer": ["7", "8"]}`, as pandas and datasets write columns; also with objects by index. */
function columnRows(value: Fields): unknown[] | null {
  const columns = Object.entries(value).flatMap(([name, cells]): [string, unknown[]][] => {
    const list = Array.isArray(cells) ? cells : isFields(cells) ? byIndex(cells) : null
    return list === null ? [] : [[name, list]]
  })
  const first = columns.find(
    ([name, cells]) => cells.length > 0 && hasQuestion({ [name]: cells[0] }) && isText(cells[0]),
  )
  if (first === undefined || columns.length < 2) return null
  const odd = columns.find(([, cells]) => cells.length !== first[1].length)
  if (odd !== undefined)
    throw new Error(
      `expected columns of one length, got ${first[1].length} in ${JSON.stringify(first[0])} and ${odd[1].length} in ${JSON.stringify(odd[0])}`,
    )
  return first[1].map((_, i) => Object.fromEntries(columns.map(([name, cells]) => [name, cells[i]])))
}

/** `{"columns": ["question", "answer"], "data": [["…", "7"]]}`, as pandas writes a split table. */
function splitRows({ columns, data }: Fields): unknown[] | null {
  if (!Array.isArray(columns) || !columns.every(isText) || !Array.isArray(data) || !data.every(Array.isArray))
    return null
  const odd = data.findIndex((cells) => cells.length !== columns.length)
  if (odd >= 0)
    throw new Error(`expected ${columns.length} cells in row ${odd + 1}, got ${(data[odd] as unknown[]).length}`)
  return data.map((cells) => Object.fromEntries(columns.map((name, i) => [name, cells[i]])))
}

/** The values of `{"0": …, "1": …}`; null for other keys. */
function byIndex(cells: Fields): unknown[] | null {
  const keys = Object.keys(cells)
  return keys.length > 0 && keys.every((key) => /^\d+$/.test(key)) ? Object.values(cells) : null
}

const isText = (value: unknown): value is string => typeof value === 'string'
const hasOwnId = (row: Fields): boolean => row.id !== undefined || row.unique_id !== undefined
/** Whether a value is a row, be it within the `row` of the Hub's viewer. */
const hasQuestion = (value: unknown): boolean =>
  isFields(value) && (questionOf(value) !== null || (isFields(value.row) && questionOf(value.row) !== null))

/** Whether a value is an object with fields. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WrittenNumber)
