// The elements of a JSON list too long to be read as one text: cut out of the bytes one at a time, by brackets and quotes.
import type { Bytes } from './bytes.ts'

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44]
const OPEN = new Set([123, 91])
const CLOSE = new Set([125, 93])

/**
 * The bytes of each element of the list that the file is. Errors, when they are reached: the list has no end, or
 * something follows it.
 */
export function* listElements(source: Bytes): Generator<Buffer, void, void> {
  let parts: Buffer[] = []
  let depth = 0
  let isQuoted = false
  let isEscaped = false
  let isFirst = true
  let isOver = false
  for (const piece of source.pieces()) {
    let start = 0
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i]!
      if (isEscaped) isEscaped = false
      else if (isQuoted) {
        if (byte === BACKSLASH) isEscaped = true
        else if (byte === QUOTE) isQuoted = false
      } else if (byte === QUOTE && depth > 0) isQuoted = true
      else if (OPEN.has(byte)) {
        if (isOver) throw new Error('expected nothing after the list, got more. Write one object a line, or one list')
        if (++depth === 1) start = i + 1
      } else if ((byte === COMMA && depth === 1) || (CLOSE.has(byte) && --depth === 0)) {
        parts.push(piece.subarray(start, i))
        start = i + 1
        const element = Buffer.concat(parts)
        parts = []
        isOver = depth === 0
        if (!(isOver && isFirst && element.toString('latin1').trim() === '')) yield element
        isFirst = false
      }
    }
    if (depth > 0) parts.push(Buffer.from(piece.subarray(start)))
  }
  if (!isOver)
    throw new Error('expected "]" at the end of the list, got the end of the file. It is cut off: none usable')
}
