// Frames ↔ message. The signature is computed over the bytes as received and compared before anything is parsed.
// Knows no sockets: takes and gives arrays of frames.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Incoming, Message } from './message.ts'

const DELIMITER = Buffer.from('<IDS|MSG>')

/** Why a set of frames is not a message. */
export type Refusal = { refused: 'noDelimiter' | 'tooFewFrames' | 'badSignature' | 'badJson' }

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

/** Frames → message, or the reason why they are dropped. */
export function decode(key: string, frames: readonly Buffer[]): Incoming | Refusal {
  const at = frames.findIndex((frame) => frame.equals(DELIMITER))
  if (at < 0) return { refused: 'noDelimiter' }
  const [signature, ...rest] = frames.slice(at + 1)
  if (signature === undefined || rest.length < 4) return { refused: 'tooFewFrames' }
  const signed = rest.slice(0, 4)
  const expected = Buffer.from(sign(key, signed))
  if (key !== '' && (signature.length !== expected.length || !timingSafeEqual(signature, expected))) {
    return { refused: 'badSignature' }
  }
  try {
    const [header, parent, metadata, content] = signed.map((frame) => JSON.parse(frame.toString('utf8')))
    if (typeof header?.msg_type !== 'string' || typeof header?.msg_id !== 'string') return { refused: 'badJson' }
    if (typeof content !== 'object' || content === null) return { refused: 'badJson' }
    return { identities: frames.slice(0, at), header, parent, metadata, content, buffers: rest.slice(4) }
  } catch {
    return { refused: 'badJson' }
  }
}
