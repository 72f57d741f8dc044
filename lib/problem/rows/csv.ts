// Tables with a header, as RFC 4180 has them: quotes around fields with separators and line ends, doubled quotes within.
// The separator is a comma, a semicolon or a tab, whichever the header has most of.
import { type Bytes, decode, encodingFault, linesOf } from './bytes.ts'

/** A record: its first line, and its fields or what is wrong with it. */
export interface CsvRecord {
  readonly line: number
  readonly fields?: readonly string[]
  readonly error?: string
}

/** The separator of a table with this header. */
export function separatorOf(header: string): string {
  const plain = header.replace(/"(?:[^"]|"")*"/g, '')
  const count = (sign: string): number => plain.split(sign).length
  return [',', '\t', ';'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
}

/** The records of a table, one at a time, its header first. Empty lines are passed over. */
export function* recordsOf(source: Bytes, separator: string): Generator<CsvRecord, void, void> {
  let fields: string[] = []
  let field = ''
  let isQuoted = false
  let started = 0
  let error: string | undefined
  for (const { line, bytes } of linesOf(source)) {
    const decoded = decode(bytes)
    const text = decoded ?? bytes.toString('latin1') // only to find where the record ends
    if (!isQuoted) {
      if (text.trim() === '') continue
      started = line
      fields = []
      field = ''
      error = undefined
    } else field += '\n'
    if (decoded === null) error ??= encodingFault(bytes)
    for (let at = 0; at <= text.length; ) {
      if (isQuoted) {
        const quote = text.indexOf('"', at)
        field += text.slice(at, quote < 0 ? text.length : quote)
        if (quote < 0) break
        at = quote + 1
        if (text[at] === '"') {
          field += '"'
          at++
          continue
        }
        isQuoted = false
        if (at < text.length && text[at] !== separator)
          error ??= `expected a separator after a closing quote, got ${JSON.stringify(text.slice(at, at + 20))}; a quote within a field is written twice`
        continue
      }
      if (field === '' && text[at] === '"') {
        isQuoted = true
        at++
        continue
      }
      const next = text.indexOf(separator, at)
      field += text.slice(at, next < 0 ? text.length : next)
      fields.push(field)
      field = ''
      if (next < 0) break
      at = next + 1
    }
    if (!isQuoted) yield error === undefined ? { line: started, fields } : { line: started, error }
  }
  if (isQuoted)
    yield {
      line: started,
      error: 'expected a closing quote, got the end of the file; all lines from here on are one field',
    }
}
