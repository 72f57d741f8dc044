// The lines of a stream, one at a time, each with its number and its end in bytes, so that a long input is never in
// memory as a whole. A line that is too long, or no UTF-8, has no text; the lines after it are read all the same.

export interface InputLine {
  /** From 1. */
  readonly number: number
  /** Bytes of the stream up to and with this line. */
  readonly end: number
  /** Without the newline; null where the line cannot be read. */
  readonly text: string | null
  /** What was expected and what came, where `text` is null. */
  readonly fault?: string
}

/** Cuts chunks at newlines. `longest`: bytes of a line above which it is passed over. A last line needs no newline. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  { longest }: { readonly longest: number },
): AsyncGenerator<InputLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let parts: Uint8Array[] = []
  let length = 0 // of the line so far; only up to `longest` of it is kept
  let number = 0
  let end = 0
  const add = (part: Uint8Array) => {
    length += part.length
    if (length <= longest) parts.push(part)
    else parts = []
  }
  const finish = (): InputLine => {
    const bytes = Buffer.concat(parts)
    const place = { number: ++number, end }
    const isTooLong = length > longest
    parts = []
    length = 0
    if (isTooLong) return { ...place, text: null, fault: `expected a line of at most ${longest} bytes` }
    try {
      return { ...place, text: decoder.decode(bytes) }
    } catch {
      return { ...place, text: null, fault: 'expected UTF-8, got other bytes' } // all that a fatal decoder throws for
    }
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, start)) {
      add(chunk.subarray(start, at))
      end += at + 1 - start
      start = at + 1
      yield finish()
    }
    add(chunk.subarray(start))
    end += chunk.length - start
  }
  if (length > 0) yield finish()
}
