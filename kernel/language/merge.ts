// One answer of two: what types say of a cursor, and what the running notebook says. Either may be missing. Pure.
import type { Output } from '../protocol/message.ts'
import type { StaticCompletion } from './completions.ts'
import type { StaticInspection } from './inspection.ts'

type Completion = Output<'complete_request'>
type Inspection = Output<'inspect_request'>

/** The metadata under which clients look for the types of completions. */
const TYPES = '_jupyter_types_experimental'

/** No completions. */
const noCompletion = (cursor: number): Completion => ({
  status: 'ok',
  matches: [],
  cursor_start: cursor,
  cursor_end: cursor,
  metadata: {},
})

/** Nothing found. */
const noInspection: Inspection = { status: 'ok', found: false, data: {}, metadata: {} }

/**
 * What types say comes first, in their order; live names follow where they can stand. Inside a string or a comment, and
 * in a type, live names mean nothing.
 */
export function mergeCompletions(cursor: number, types: StaticCompletion | null, live: Completion | null): Completion {
  if (types === null) return live ?? noCompletion(cursor)
  const start = types.start
  const isLive = live !== null && live.cursor_start === start && (types.place === 'member' || types.place === 'name')
  const known = new Set(types.entries.map(({ text }) => text))
  const rest = isLive ? live.matches.filter((name) => !known.has(name)) : []
  const entries = [...types.entries, ...rest.map((text) => ({ text, type: 'instance', signature: '' }))]
  return {
    status: 'ok',
    matches: entries.map(({ text }) => text),
    cursor_start: start,
    cursor_end: cursor,
    metadata: { [TYPES]: entries.map((entry) => ({ start, end: cursor, ...entry })) },
  }
}

/** Signature, doc comment and source from types; the value from the running notebook. */
export function mergeInspections(types: StaticInspection | null, live: Inspection | null): Inspection {
  const value = live?.found ? String(live.data['text/plain'] ?? '') : ''
  if (types === null) return live ?? noInspection
  const { signature, documentation, source } = types
  const shown = types.isCallable ? '' : value // a function's value is its text without types
  const parts = (fence: (text: string, language: string) => string): string =>
    [
      fence(signature, 'typescript'),
      documentation,
      shown === '' ? '' : fence(shown, ''),
      source === '' ? '' : fence(source, 'typescript'),
    ]
      .filter((part) => part !== '')
      .join('\n\n')
  const fenced = (text: string, language: string): string =>
    text === '' ? '' : `\`\`\`\`${language}\n${text}\n\`\`\`\``
  return {
    status: 'ok',
    found: true,
    data: { 'text/plain': parts((text) => text), 'text/markdown': parts(fenced) },
    metadata: {},
  }
}
