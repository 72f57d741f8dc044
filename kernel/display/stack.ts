// Errors as people read them: stack lines point into the cell's TypeScript (`cell 3:7:10`), frames of the kernel itself
// are left out, causes follow. Installs the process's stack formatter, so `error.stack` reads the same in user code.
import { inspect } from 'node:util'
import { isRegistered, originalPosition } from '../cell/source-position.ts'
import type { Failure } from '../protocol/message.ts'
import { shortened } from './format.ts'
import { sourceLines } from './source-lines.ts'

const kernelFolder = new URL('..', import.meta.url).href
const HIDDEN = /^node:|^native|^evalmachine/

/** From here on `error.stack` shows original positions. */
export function installStackFormat(): void {
  Error.prepareStackTrace = (error, frames) => {
    const lines = frames.map(formatFrame).filter((line) => line !== null)
    return [headline(error), ...lines.map((line) => `    at ${line}`)].join('\n')
  }
}

function headline(error: Error): string {
  try {
    return Error.prototype.toString.call(error)
  } catch {
    return 'Error (its message cannot be read)'
  }
}

function formatFrame(frame: NodeJS.CallSite): string | null {
  const file = frame.getFileName() ?? ''
  if (HIDDEN.test(file) || file.startsWith(kernelFolder)) return null
  if (!isRegistered(file)) return file === '' ? null : String(frame)
  const generated = { line: frame.getLineNumber() ?? 1, column: frame.getColumnNumber() ?? 1 }
  const position = originalPosition(file, generated)
  if (position === null) return null
  const place = `${file}:${position.line}:${position.column}`
  const name = functionName(frame)
  return name === '' ? place : `${name} (${place})`
}

function functionName(frame: NodeJS.CallSite): string {
  const own = frame.getFunctionName()
  const method = frame.getMethodName()
  if (own === null || own === '') return ''
  const type = frame.isToplevel() || frame.isConstructor() ? null : frame.getTypeName()
  const named = frame.isConstructor() ? `new ${own}` : type !== null && method !== null ? `${type}.${method}` : own
  return frame.isAsync() ? `async ${named}` : named
}

/** The names that the compiler gave back to what the person wrote. */
const plain = (text: string): string => text.replace(/\$(?:cell|local)_([\p{ID_Continue}$]+)/gu, '$1')

/** What `error` and a failed `execute_reply` carry. Never throws, whatever was thrown. `at`: an extra stack line. */
export function failureOf(thrown: unknown, at?: string): Failure {
  const text = describe(thrown)
  const lines = shortened(plain(text), MAX_TRACEBACK).split('\n')
  if (at !== undefined && !lines.some((line) => line.includes(` at ${at}`))) {
    const header = lines.findIndex((line, i) => i > 0 && /^\s+at |^\s*[{[]/.test(line))
    lines.splice(header < 0 ? lines.length : header, 0, `    at ${at}`)
  }
  return { status: 'error', ...nameAndMessage(thrown), traceback: [...lines, ...sourceLines(lines)] }
}

/** Longer ones are cut, in characters: they are shown as they are, and stored in the notebook. */
const MAX_MESSAGE = 10_000
const MAX_TRACEBACK = 50_000

function nameAndMessage(thrown: unknown): { ename: string; evalue: string } {
  try {
    if (thrown instanceof Error) {
      return { ename: String(thrown.name), evalue: shortened(plain(String(thrown.message)), MAX_MESSAGE) }
    }
    const text = typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 1 })
    return { ename: 'Uncaught', evalue: shortened(text, MAX_MESSAGE) }
  } catch {
    return { ename: 'Error', evalue: 'The thrown value cannot be read' }
  }
}

function describe(thrown: unknown): string {
  try {
    const text = inspect(thrown, { colors: false, depth: 5, maxStringLength: 10_000, breakLength: 120 })
    if (!(thrown instanceof Error)) return `Uncaught ${text}`
    // Without stack lines, inspect puts the error into brackets.
    const bare = `[${thrown.stack}]`
    return text.startsWith(bare) ? text.replace(bare, () => String(thrown.stack)) : text
  } catch (error) {
    return `Error: The thrown value cannot be shown (${error instanceof Error ? headline(error) : typeof error})`
  }
}
