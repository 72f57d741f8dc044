// PNG files as their chunks: written from pixels, and given a description, which kernels and screen readers pass on.
import { deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

/** Pixels as a PNG. `rgba`: [4 · width · height], in rows from the top. */
export function encodePng(rgba: Uint8Array, width: number, height: number): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 6], 8) // eight bits for each of red, green, blue and opacity
  const rows = Buffer.alloc((4 * width + 1) * height) // each row begins with its filter: none
  for (let y = 0; y < height; y++) rows.set(rgba.subarray(4 * width * y, 4 * width * (y + 1)), (4 * width + 1) * y + 1)
  const chunks = [chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([SIGNATURE, ...chunks])
}

/** End of the first chunk, which has 13 bytes. */
const HEAD_END = SIGNATURE.length + 12 + 13

/** A PNG that says in words what it shows, under the keyword that the format has for it. */
export function described(png: Uint8Array, words: string): Buffer {
  const text = Buffer.from(`Description\0\0\0\0\0${words}`)
  return Buffer.concat([png.subarray(0, HEAD_END), chunk('iTXt', text), png.subarray(HEAD_END)])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(checksum(body))
  return Buffer.concat([length, body, sum])
}

/** CRC-32 of each byte; zlib has it only from Node 20.15 on. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1
  return rest
})

function checksum(bytes: Uint8Array): number {
  let rest = 0xffffffff
  for (const byte of bytes) rest = REMAINDERS[(rest ^ byte) & 255]! ^ (rest >>> 8)
  return ~rest >>> 0
}
