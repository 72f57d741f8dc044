// What an example's trailing comment claims, asked of the value. Imported by the modules that examples.ts writes.
import { inspect } from 'node:util'

/**
 * Compares a value, or what `of` throws, with the text of a comment. `…` in the comment stands for anything; blanks and
 * line ends count as one blank each. Errors: what was expected and what came.
 */
export async function shows(of: () => unknown, expected: string, place: string): Promise<void> {
  let got: string
  try {
    got = inspect(await of(), { depth: null, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: null })
  } catch (error) {
    got = String(error)
  }
  const parts = oneLine(expected).split('…')
  const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')
  if (!new RegExp(`^${pattern}$`).test(oneLine(got)))
    throw new Error(`${place}: expected ${expected}, got ${shortened(got)}`)
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

const shortened = (text: string): string => (text.length > 400 ? `${text.slice(0, 400)} …` : text)
