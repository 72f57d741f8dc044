// Frames ↔ message. The signature is computed over the bytes as received and compared before anything is parsed.
// Knows no sockets: takes and gives arrays of frames.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Incoming, Message } from './message.ts'

const DELIMITER = Buffer.from('<IDS|MSG>')

/** Why a set of frames is not a message. */
export type Refusal = { refused: 'noDelimiter' | 'tooFewFrames' | 'badSignature' | 'replayed' | 'badJson' }

/** Signs with HMAC-SHA256; an empty key means unsigned messages. */
function sign(key: string, frames: readonly Buffer[]): string {
  if (key === '') return ''
  const hmac = createHmac('sha256', key)
  for (const frame of frames) hmac.update(frame)
  return hmac.digest('hex')
}

/** Message → frames: identities, delimiter, signature, header, parent header, metadata, content, buffers. */
export function encode(key: string, message: Message, identities: readonly Buffer[] = []): Buffer[] {
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
  const content = Buffer.isBuffer(message.content) ? message.content : json(message.content)
  const signed = [json(message.header), json(message.parent), json(message.metadata), content]
  return [...identities, DELIMITER, Buffer.from(sign(key, signed)), ...signed, ...(message.buffers ?? [])]
}

/** Signatures that came in, so that a message caught on its way cannot be sent a second time. */
export interface Signatures {
  /** False where it came before. */
  take(signature: string): boolean
}

/** Remembers the newest `limit` signatures. */
export function rememberSignatures(limit = 1 << 16): Signatures {
  const seen = new Set<string>()
  return {
    take(signature) {
      if (seen.has(signature)) return false
      seen.add(signature)
      if (seen.size > limit) for (const oldest of [...seen].slice(0, limit >> 3)) seen.delete(oldest)
      return true
    },
  }
}

/** Frames → message, or the reason why they are dropped. `seen`: drops replayed signatures too; without a key nothing. */
export function decode(key: string, frames: readonly Buffer[], seen?: Signatures): Incoming | Refusal {
  const at = frames.findIndex((frame) => frame.equals(DELIMITER))
  if (at < 0) return { refused: 'noDelimiter' }
  const [signature, ...rest] = frames.slice(at + 1)
  if (signature === undefined || rest.length < 4) return { refused: 'tooFewFrames' }
  const signed = rest.slice(0, 4)
  const expected = Buffer.from(sign(key, signed))
  if (key !== '' && (signature.length !== expected.length || !timingSafeEqual(signature, expected))) {
    return { refused: 'badSignature' }
  }
  if (key !== '' && seen?.take(signature.toString('latin1')) === false) return { refused: 'replayed' }
  try {
    const [header, parent, metadata, content] = signed.map((frame) => JSON.parse(frame.toString('utf8')))
    if (typeof header?.msg_type !== 'string' || typeof header?.msg_id !== 'string') return { refused: 'badJson' }
    if (typeof content !== 'object' || content === null) return { refused: 'badJson' }
    return { identities: frames.slice(0, at), header, parent, metadata, content, buffers: rest.slice(4) }
  } catch {
    return { refused: 'badJson' }
  }
}
