// Is a cell's text complete, or would another line help? Asked by consoles on every Enter. Looks at syntax only.
import { parseSync } from 'oxc-parser'
import type { Output } from '../protocol/message.ts'
import { helpQuestion } from './help-question.ts'
import { languageOf } from './jsx.ts'

/** Longer text is not read at each Enter, in characters. */
const MAX_LENGTH = 1_000_000

/** `unknown` for very long text; `incomplete` where the first error is at the end of the text, or an open template or comment. */
export function completeness(code: string): Output<'is_complete_request'> {
  if (code.length > MAX_LENGTH) return { status: 'unknown' }
  if (helpQuestion(code) !== null) return { status: 'complete' }
  const lang = languageOf(code)
  const error = parseSync(`cell.${lang}`, code, { lang, sourceType: 'module' }).errors[0]
  if (error === undefined) return { status: 'complete' }
  const start = error.labels[0]?.start ?? 0
  const opened = code.slice(start, start + 2)
  const isOpen = /^Unterminated/.test(error.message) && (opened.startsWith('`') || opened === '/*')
  const rest = code.slice(start).trim()
  if (!isOpen && rest !== '' && rest !== '?.') return { status: 'invalid' }
  const lastLine = code.slice(code.lastIndexOf('\n') + 1)
  const indent = /^\s*/.exec(lastLine)?.[0] ?? ''
  return { status: 'incomplete', indent: /[{([]\s*$/.test(lastLine) ? `${indent}  ` : indent }
}
