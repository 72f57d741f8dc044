// Is a cell's text complete, or would another line help? Asked by consoles on every Enter. Looks at syntax only.
import { parseSync } from 'oxc-parser'
import type { Output } from './message.ts'
import { languageOf } from './strip.ts'

/** `incomplete` where the first error is at the end of the text, or an open template or comment. */
export function completeness(code: string): Output<'is_complete_request'> {
  const lang = languageOf(code)
  const error = parseSync(`cell.${lang}`, code, { lang, sourceType: 'module' }).errors[0]
  if (error === undefined) return { status: 'complete' }
  const start = error.labels[0]?.start ?? 0
  const opened = code.slice(start, start + 2)
  const isOpen = /^Unterminated/.test(error.message) && (opened.startsWith('`') || opened === '/*')
  if (!isOpen && start < code.trimEnd().length) return { status: 'invalid' }
  const lastLine = code.slice(code.lastIndexOf('\n') + 1)
  const indent = /^\s*/.exec(lastLine)?.[0] ?? ''
  return { status: 'incomplete', indent: /[{([]\s*$/.test(lastLine) ? `${indent}  ` : indent }
}
