import assert from 'node:assert/strict'
import { test } from 'node:test'
import { png as picture } from '../../../kernel/display/display.ts'
import { mimeBundle } from '../../../kernel/display/format.ts'
import { metadataOf, pictureFacts } from '../../../kernel/display/picture.ts'
import type { MimeBundle } from '../../../kernel/protocol/message.ts'
import { described, encodePng } from '../../../lib/show/draw/png-chunks.ts'

const shown = (value: unknown) => mimeBundle(value) as MimeBundle as Record<string, string>
const words = (...values: number[]) => Buffer.from(values.flatMap((value) => [value >> 8, value & 255]))

const png = encodePng(new Uint8Array(4 * 6 * 2), 6, 2)
/** The head of a JPEG: 640 by 480 pixels as stored, after what a camera says of how it was held. */
const jpeg = (orientation: number) => {
  const entry = Buffer.concat([words(0x0112, 3), Buffer.from([0, 0, 0, 1]), words(orientation, 0)])
  const exif = Buffer.concat([Buffer.from('Exif\0\0MM\0*\0\0\0\x08', 'latin1'), words(1), entry, Buffer.alloc(4)])
  const frame = Buffer.concat([Buffer.from([8]), words(480, 640), Buffer.from([3])])
  const segment = (marker: number, body: Buffer) =>
    Buffer.concat([Buffer.from([0xff, marker]), words(body.length + 2), body])
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe1, exif),
    segment(0xdb, Buffer.alloc(65)),
    segment(0xc2, frame),
  ])
}
const gif = Buffer.from('R0lGODlhBQADAIAAAP///wAAACwAAAAABQADAAACBISPmQUAOw==', 'base64')
const webp = (kind: string, head: number[]) =>
  Buffer.concat([Buffer.from(`RIFF\0\0\0\0WEBPVP8${kind}\0\0\0\0`, 'latin1'), Buffer.from(head), Buffer.alloc(20)])
const svg = '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'

test('bytes that begin as a picture are one, with its size', () => {
  for (const [bytes, type, width, height] of [
    [png, 'image/png', 6, 2],
    [jpeg(1), 'image/jpeg', 640, 480],
    [jpeg(6), 'image/jpeg', 480, 640],
    [gif, 'image/gif', 5, 3],
    [webp('X', [0, 0, 0, 0, 99, 1, 0, 49, 0, 0]), 'image/webp', 356, 50],
    [webp(' ', [0, 0, 0, 0x9d, 1, 0x2a, 0x40, 0x81, 0xf0, 0]), 'image/webp', 320, 240],
    [webp('L', [0x2f, 0x0f, 0xc0, 0x01, 0]), 'image/webp', 16, 8],
  ] as const)
    assert.deepEqual(pictureFacts(bytes), { type, width, height })
})

test('a picture is shown from every kind of bytes, and from a part of a larger array', () => {
  const around = Buffer.concat([Buffer.alloc(7), png, Buffer.alloc(9)])
  const inside = around.subarray(7, 7 + png.length)
  const alone = new Uint8Array(png)
  for (const value of [png, inside, alone, new Uint8ClampedArray(alone), alone.buffer])
    assert.deepEqual(shown(value), {
      'image/png': png.toString('base64'),
      'text/plain': `[PNG picture, 6×2, ${png.length} bytes]`,
    })
  assert.deepEqual(shown(Buffer.from(svg)), {
    'image/svg+xml': svg,
    'text/plain': `[SVG picture, ${svg.length} bytes]`,
  })
})

test('other bytes stay text', () => {
  const cut = png.subarray(0, 20)
  for (const value of [
    Buffer.from('hello'),
    cut,
    new Uint8Array(1000),
    Buffer.from([0xff, 0xd8, 0xff, 1, 2, 3]),
    Buffer.from('<p>svg</p>'),
    new Uint8Array(0),
  ])
    assert.deepEqual(Object.keys(shown(value)), ['text/plain'])
  assert.deepEqual(Object.keys(shown('GIF89a')), ['text/plain'], 'text is text')
})

test('a picture of many megabytes is not put into the notebook, and its text says so', () => {
  const bundle = shown(Buffer.concat([png, Buffer.alloc(11_000_000)]))
  assert.deepEqual(Object.keys(bundle), ['text/plain'])
  assert.match(bundle['text/plain'] ?? '', /^\[PNG picture, 6×2, 11,000,\d+ bytes: not shown/)
})

test('a page hears how large a picture is to be shown, at most a page wide, and words for it', () => {
  assert.deepEqual(metadataOf(shown(gif)), {
    'image/gif': { width: 5, height: 3, alt: `GIF picture, 5×3, ${gif.length} bytes` },
  })
  const wide = encodePng(new Uint8Array(4 * 4000), 4000, 1)
  assert.deepEqual(metadataOf({ 'image/png': wide.toString('base64') }), { 'image/png': { width: 1000, height: 1 } })
  assert.deepEqual(metadataOf({ 'text/plain': 'x', 'image/svg+xml': svg }), {})
})

test('whoever shows a picture can say what it shows', () => {
  const bundle = shown(picture(png, { alt: 'A tree' }))
  assert.equal(bundle['text/plain'], '[A tree]')
  assert.deepEqual(metadataOf(bundle), { 'image/png': { width: 6, height: 2, alt: 'A tree' } })
})

test('a PNG that says in words what it shows is announced with them', () => {
  const told = described(png, 'Q-values, höher')
  assert.deepEqual(pictureFacts(told), { type: 'image/png', width: 6, height: 2, description: 'Q-values, höher' })
  const { alt } = metadataOf({ 'image/png': told.toString('base64'), 'text/plain': '▕█\n▕██' })['image/png'] as {
    alt: string
  }
  assert.equal(alt, 'Q-values, höher')
})
