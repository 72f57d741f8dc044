// Pictures: bytes that are one, told by how they begin, and what a page is told of a picture beside its bytes. Reads heads
// only; nothing is decoded.
import type { MimeBundle } from '../protocol/message.ts'

/** A picture's format, and its size in pixels as it is shown; no size where the head does not tell. */
export interface PictureFacts {
  readonly type: string
  readonly width?: number
  readonly height?: number
  /** What the picture says of itself: the `Description` of a PNG. */
  readonly description?: string
}

/** Larger pictures are not put into a notebook, in bytes. */
const MAX_BYTES = 10_000_000
/** Wider ones are shown this wide, in CSS pixels. */
const MAX_WIDTH = 1000
/** As much of a picture as is looked at. */
const HEAD_BYTES = 300_000

/** What kind of picture bytes are; null for any other bytes. */
export function pictureFacts(bytes: Uint8Array): PictureFacts | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES))
  for (const facts of [pngFacts, jpegFacts, gifFacts, webpFacts, svgFacts]) {
    const found = facts(head)
    if (found !== null) return found
  }
  return null
}

/** The bundle of bytes that are a picture; null for other bytes. */
export function pictureBundle(bytes: Uint8Array): MimeBundle | null {
  const facts = pictureFacts(bytes)
  if (facts === null) return null
  const name = facts.type === 'image/svg+xml' ? 'SVG' : facts.type.slice('image/'.length).toUpperCase()
  const size = facts.width === undefined ? '' : `${facts.width}×${facts.height}, `
  const text = `${name} picture, ${size}${bytes.byteLength.toLocaleString('en')} bytes`
  if (bytes.byteLength > MAX_BYTES) {
    const limit = MAX_BYTES.toLocaleString('en')
    return { 'text/plain': `[${text}: not shown, as a notebook would hold it whole; at most ${limit} bytes are]` }
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    [facts.type]: buffer.toString(facts.type === 'image/svg+xml' ? 'utf8' : 'base64'),
    'text/plain': `[${text}]`,
  }
}

/** What a page is told of each picture in a bundle: how large to show it, and words for people who cannot see it. */
export function metadataOf(bundle: MimeBundle): Record<string, unknown> {
  const pictures = Object.entries(bundle).flatMap(([type, data]) => {
    if (!/^image\/(png|jpeg|gif|webp)$/.test(type) || typeof data !== 'string') return []
    const facts = pictureFacts(Buffer.from(data.slice(0, 4 * (HEAD_BYTES / 3)), 'base64'))
    const alt = facts?.description ?? line(bundle['text/plain'])
    return [[type, { ...(facts === null ? {} : shownSize(facts)), ...(alt === null ? {} : { alt }) }]] as const
  })
  return Object.fromEntries(pictures)
}

/** Longer text is no description of a picture but a drawing of it. */
const MAX_ALT = 500

function line(text: unknown): string | null {
  if (typeof text !== 'string' || text === '' || text.length > MAX_ALT || text.includes('\n')) return null
  return text.replace(/^\[(.*)\]$/, '$1')
}

function shownSize({ width, height }: PictureFacts): { width?: number; height?: number } {
  if (width === undefined || height === undefined) return {}
  const share = Math.min(1, MAX_WIDTH / width)
  return { width: Math.round(width * share), height: Math.max(1, Math.round(height * share)) }
}

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex') // the signature and the head of the first chunk

function pngFacts(head: Buffer): PictureFacts | null {
  if (head.length < 33 || !head.subarray(0, PNG.length).equals(PNG)) return null
  const size = sized('image/png', head.readUInt32BE(16), head.readUInt32BE(20))
  if (size === null) return null
  for (let at = 33; at + 12 <= head.length; ) {
    const [length, type] = [head.readUInt32BE(at), head.toString('latin1', at + 4, at + 8)]
    if (type === 'IDAT' || at + 12 + length > head.length) break
    if (type === 'iTXt' && head.toString('latin1', at + 8, at + 20) === 'Description\0') {
      // Not compressed, then two empty names of languages.
      const isPlain = head.subarray(at + 20, at + 24).every((byte) => byte === 0)
      if (isPlain) return { ...size, description: head.toString('utf8', at + 24, at + 8 + length) }
    }
    at += 12 + length
  }
  return size
}

function jpegFacts(head: Buffer): PictureFacts | null {
  if (head.length < 4 || head.readUIntBE(0, 3) !== 0xffd8ff) return null
  let isTurned = false
  for (let at = 2; at + 9 <= head.length && head[at] === 0xff; ) {
    const marker = head[at + 1] as number
    if (marker === 0xff) {
      at++ // filling
      continue
    }
    const length = head.readUInt16BE(at + 2)
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [height, width] = [head.readUInt16BE(at + 5), head.readUInt16BE(at + 7)]
      return isTurned ? sized('image/jpeg', height, width) : sized('image/jpeg', width, height)
    }
    if (marker === 0xda || length < 2) return null
    if (marker === 0xe1) isTurned ||= orientation(head.subarray(at + 4, at + 2 + length)) >= 5
    at += 2 + length
  }
  // A head larger than what is looked at: still a JPEG, of unknown size.
  return head.length === HEAD_BYTES ? { type: 'image/jpeg' } : null
}

/** How a camera was held, 1 to 8; from 5 on width and height change places. 1 where nothing tells. */
function orientation(exif: Buffer): number {
  if (exif.length < 22 || exif.toString('latin1', 0, 6) !== 'Exif\0\0') return 1
  const tiff = exif.subarray(6)
  const isLittle = tiff.toString('latin1', 0, 2) === 'II'
  const word = (at: number): number => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const start = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  if (start + 2 > tiff.length) return 1
  for (let i = 0; i < word(start); i++) {
    const at = start + 2 + 12 * i
    if (at + 12 > tiff.length) return 1
    if (word(at) === 0x0112) return word(at + 8)
  }
  return 1
}

function gifFacts(head: Buffer): PictureFacts | null {
  if (head.length < 13 || !/^GIF8[79]a$/.test(head.toString('latin1', 0, 6))) return null
  return sized('image/gif', head.readUInt16LE(6), head.readUInt16LE(8))
}

function webpFacts(head: Buffer): PictureFacts | null {
  if (head.length < 30 || !/^RIFF[\s\S]{4}WEBPVP8[ LX]$/.test(head.toString('latin1', 0, 16))) return null
  const [kind, type] = [String.fromCharCode(head[15] as number), 'image/webp']
  if (kind === 'X') return sized(type, 1 + head.readUIntLE(24, 3), 1 + head.readUIntLE(27, 3))
  if (kind === ' ') return sized(type, head.readUInt16LE(26) & 0x3fff, head.readUInt16LE(28) & 0x3fff)
  const bits = head.readUInt32LE(21)
  return sized(type, 1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff))
}

/** SVG is text: after a head of XML, comments and a document type comes the element. */
function svgFacts(head: Buffer): PictureFacts | null {
  if (head[0] !== 0x3c && head[0] !== 0xef && head[0] !== 0x20 && head[0] !== 0x0a) return null
  const text = head.toString('utf8', 0, 4096).replace(/^\uFEFF/, '')
  const isSvg =
    /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<svg[\s>]/i
  return isSvg.test(text) ? { type: 'image/svg+xml' } : null
}

const sized = (type: string, width: number, height: number): PictureFacts | null =>
  width > 0 && height > 0 ? { type, width, height } : null
