// Messages between Node and a fork server: u32be length, then UTF-8 JSON. Knows nothing of what they say.

/** Longest message in bytes, both ways. */
export const MAX_FRAME = 16 << 20

/** One message as bytes. Throws a RangeError when it is longer than MAX_FRAME. */
export function encodeFrame(message: unknown): Buffer {
  const text = JSON.stringify(message)
  const length = Buffer.byteLength(text)
  if (length > MAX_FRAME) throw new RangeError(`Expected a message of at most ${MAX_FRAME} bytes, got ${length}`)
  const frame = Buffer.allocUnsafe(4 + length)
  frame.writeUInt32BE(length, 0)
  frame.write(text, 4)
  return frame
}

/** Puts messages together from chunks that are cut anywhere. */
export class FrameReader {
  #chunks: Buffer[] = []
  #bytes = 0

  /** The messages that `chunk` completes, in order. Throws on one that is too long or is no JSON: close the channel then. */
  push(chunk: Buffer): unknown[] {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    const messages: unknown[] = []
    for (let length = this.#nextLength(); length !== null && this.#bytes >= 4 + length; length = this.#nextLength()) {
      const all = this.#joined()
      messages.push(JSON.parse(all.toString('utf8', 4, 4 + length)))
      this.#chunks = [all.subarray(4 + length)]
      this.#bytes -= 4 + length
    }
    return messages
  }

  #nextLength(): number | null {
    if (this.#bytes < 4) return null
    const first = this.#chunks[0]!.length >= 4 ? this.#chunks[0]! : this.#joined()
    const length = first.readUInt32BE(0)
    if (length > MAX_FRAME) throw new RangeError(`Expected a message of at most ${MAX_FRAME} bytes, got ${length}`)
    return length
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!
  }
}
