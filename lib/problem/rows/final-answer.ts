// The final answer of a text that may be a whole worked solution: after `####`, in the last box, after "the answer is".
import { readAnswer } from '../answer/read-answer.ts'
import { closingBrace } from '../answer/spelling.ts'

/** A final answer, what showed it, and the work before it; or why there is none. */
export type FinalAnswer =
  | { readonly answer: string; readonly shownBy: 'hash' | 'box' | 'words' | null; readonly work: string }
  | { readonly reason: string }

const SAID = /\banswer(?:\s+(?:is|was)\b\s*:?|\s*[:=])\s*/gi
/** What may stand between `####` and the answer. */
const LEAD = /^[\s:=*]*(?:(?:the )?(?:final )?answer(?: is)?\s*[:=]?\s*)?/i

/**
 * The final answer of a text. A text without any mark is its own answer when it is one line, or LaTeX; `field` names it
 * in reasons. Of several marks of a kind the last counts, and a box after the last `####` is meant.
 */
export function finalAnswer(text: string, field: string): FinalAnswer {
  const mark = text.lastIndexOf('####')
  const box = Math.max(text.lastIndexOf('\\boxed'), text.lastIndexOf('\\fbox'))
  if (box > mark) {
    const boxed = lastBoxed(text)
    if (boxed === null || boxed === '')
      return {
        reason: `expected an answer in the last \\boxed{…} of "${field}", got ${boxed === '' ? 'nothing' : 'no end of it'}`,
      }
    return { answer: boxed, shownBy: 'box', work: text.slice(0, box) }
  }
  if (mark >= 0) return afterHash(text, mark)
  const said = [...text.matchAll(SAID)].at(-1)
  if (said !== undefined) {
    const answer = sentence(text.slice(said.index + said[0].length))
    if (goesOn(answer))
      return { reason: `expected one answer in "${field}", got ${JSON.stringify(answer.slice(0, 60))}` }
    if (answer !== '') return { answer, shownBy: 'words', work: text.slice(0, said.index) }
  }
  const answer = text.trim()
  if (answer === '') return { reason: `expected text in "${field}", got an empty string` }
  if (/\n/.test(answer) && !/\\begin\{|\\\\/.test(answer))
    return {
      reason: `expected one answer in "${field}", got ${answer.split('\n').length} lines without ####, \\boxed{…} or "the answer is"`,
    }
  return { answer, shownBy: null, work: '' }
}

/** The first line after the mark that says something, without thousands commas and GSM8K's marks. */
function afterHash(text: string, mark: number): FinalAnswer {
  const line = text
    .slice(mark + 4)
    .replace(/<<[^>]*>>/g, '')
    .replace(LEAD, '')
    .split('\n', 1)[0]!
  const answer = line
    .replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
    .trim()
    .replace(/^(\S*\d)\.(?:\s.*)?$/, '$1')
  if (answer === '') return { reason: 'expected an answer after "####", got nothing' }
  if (goesOn(answer)) return { reason: `expected one answer after "####", got ${JSON.stringify(answer.slice(0, 60))}` }
  return { answer, shownBy: 'hash', work: text.slice(0, mark) }
}

/** Whether a sentence follows a number, which is then no answer with its unit. */
const goesOn = (answer: string): boolean =>
  /^\$?[-+]?\$?\d[\d.,/]*(?:\s+\S+){3,}/.test(answer) && readAnswer(answer).meaning.kind === 'text'

/** Up to the end of the sentence or the line. */
function sentence(text: string): string {
  const line = text.trimStart().split('\n', 1)[0]!
  return line
    .split(/\.(?:\s|\*|$)/, 1)[0]!
    .replace(/^\*+|\*+$/g, '')
    .trim()
}

/** What stands in the last `\boxed{…}` (braces balanced) or `\boxed 7` of a text; null when there is none. */
export function lastBoxed(text: string): string | null {
  const boxes = [...text.matchAll(/\\(?:boxed|fbox)(?![a-zA-Z])\s*/g)]
  const last = boxes.at(-1)
  if (last === undefined) return null
  const open = last.index + last[0].length
  if (text[open] !== '{') return /^([^\s$.]+)/.exec(text.slice(open))?.[1] ?? null
  const close = closingBrace(text, open)
  return close < 0 ? null : text.slice(open + 1, close).trim()
}
