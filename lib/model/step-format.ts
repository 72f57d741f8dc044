// How a question and its steps become the text a model reads, and how a model's text becomes a step again:
//   {question}<code>{step}<end_of_step>{step}<end_of_step>…{final step}<end_of_code>
// The markers are the paper's; there is nothing around them, so each part is encoded alone and a prefix and a step that
// are encoded apart give the same ids as together. Pure: no file, no model.
import type { Prefix, Step } from '../problem/problem.ts'
import { codeStart, endOfCode, endOfStep } from './bpe.ts'
import type { Tokenizer } from './tokenizer.ts'

/** What a model reads and writes of a step. */
export interface StepFormatOptions {
  /**
   * Whether the model reads and writes the Python comments of steps. Without them a step costs about half the tokens,
   * and the embedded model reasons no worse. @default false
   */
  readonly comments?: boolean
}

/** Ids of the question, `<code>`, and every step with its marker: what a model reads before the next step. */
export function encodePrefix(tokenizer: Tokenizer, prefix: Prefix, options: StepFormatOptions = {}): number[] {
  const ids = [...tokenizer.encode(prefix.question), markerId(tokenizer, codeStart)]
  for (const step of prefix.steps) ids.push(...encodeStep(tokenizer, step, options))
  return ids
}

/** Ids of one step, ending with `<end_of_code>` if it is final and with `<end_of_step>` otherwise. */
export function encodeStep(tokenizer: Tokenizer, step: Step, options: StepFormatOptions = {}): number[] {
  const text = options.comments === true ? step.text : codeOf(step)
  return [...tokenizer.encode(text), markerId(tokenizer, step.final ? endOfCode : endOfStep)]
}

/** Longest output that a PPM reads, in characters. */
const MOST_PRINTED = 16

/**
 * What a PPM reads of a step that ended the solution: the step, what it printed (paper's format: the output follows the
 * code), and `<end_of_step>`. Without output, the step alone.
 * Example: `print(now)<end_of_code>12.5<end_of_step>`.
 */
export function encodeExecuted(
  tokenizer: Tokenizer,
  step: Step,
  printed: string | null,
  options: StepFormatOptions = {},
): number[] {
  const ids = encodeStep(tokenizer, step, options)
  if (printed === null) return ids
  return [...ids, ...tokenizer.encode(printed.slice(0, MOST_PRINTED)), markerId(tokenizer, endOfStep)]
}

/** Ids that end a step: `<end_of_step>`, `<end_of_code>`. */
export function stopIds(tokenizer: Tokenizer): number[] {
  return [markerId(tokenizer, endOfStep), markerId(tokenizer, endOfCode)]
}

/**
 * The step that ids stand for. Null if they are no step: no marker at the end, a special token before it, no text, or
 * nothing but comments where the model does not read them.
 * Example: the ids of `print(now)<end_of_code>` give `{ text: 'print(now)', final: true }`.
 */
export function decodeStep(tokenizer: Tokenizer, ids: readonly number[], options: StepFormatOptions = {}): Step | null {
  const last = ids.at(-1)
  if (last === undefined || !stopIds(tokenizer).includes(last)) return null
  const body = ids.slice(0, -1)
  if (body.some((id) => tokenizer.specialIds.has(id))) return null
  const step = { text: tokenizer.decode(body).replace(/\n+$/, ''), final: last === markerId(tokenizer, endOfCode) }
  return (options.comments === true ? step.text.trim() : codeOf(step)) === '' ? null : step
}

/** Ids of several steps in a row, cut after each marker. The last part has no marker if the text was cut off. */
export function splitSteps(tokenizer: Tokenizer, ids: readonly number[]): number[][] {
  const stops = stopIds(tokenizer)
  const parts: number[][] = []
  let start = 0
  for (let i = 0; i < ids.length; i++) {
    if (!stops.includes(ids[i]!) && i + 1 < ids.length) continue
    parts.push(ids.slice(start, i + 1))
    start = i + 1
  }
  return parts
}

/**
 * The step's Python without comments, blank lines and spaces at line ends. Steps with equal code are one candidate. A
 * `#` inside a string is no comment; text inside a string, also of several lines, stays as it is.
 * @example
 * codeOf({ text: '# half\nx = 4 // 2  # two', final: false }) // 'x = 4 // 2'
 */
export function codeOf(step: Step): string {
  const parts = step.text.matchAll(PYTHON)
  const lines: string[] = []
  let line = ''
  const endLine = (): void => {
    const code = line.trimEnd()
    if (code !== '') lines.push(code)
    line = ''
  }
  for (const { 0: part, groups } of parts) {
    if (groups?.newline !== undefined) endLine()
    else if (!part.startsWith('#')) line += part
  }
  endLine()
  return lines.join('\n')
}

/** A text of Python in parts: strings first, so that neither a quote in a comment nor a `#` in a string is taken for the other. */
const PYTHON =
  /(?<string>"""(?:\\[\s\S]|[^\\])*?(?:"""|$)|'''(?:\\[\s\S]|[^\\])*?(?:'''|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?)|#[^\n]*|(?<newline>\n)|[^"'#\n]+/g

/**
 * What the comments of a step say, in one line.
 * @example
 * commentOf({ text: '# half\nx = 4 // 2  # two', final: false }) // 'half two'
 */
export const commentOf = (step: Step): string =>
  [...step.text.matchAll(PYTHON)]
    .map(([part]) => part)
    .filter((part) => part.startsWith('#'))
    .map((part) => part.replace(/^#+\s*/, '').trim())
    .join(' ')

function markerId(tokenizer: Tokenizer, marker: string): number {
  const id = tokenizer.idOf(marker)
  if (id !== null) return id
  throw new Error(
    `Expected a tokenizer with the special token ${marker}, got one without. Add ${codeStart}, ${endOfStep} and ` +
      `${endOfCode} to the tokenizer.json of this model, and rows for them to its embedding.`,
  )
}
