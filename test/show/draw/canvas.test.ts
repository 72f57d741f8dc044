import assert from 'node:assert/strict'
import test from 'node:test'
import { inflateSync } from 'node:zlib'
import { pixelCanvas } from '../../../lib/show/draw/pixel-canvas.ts'
import { renderPng } from '../../../lib/show/draw/png.ts'
import { measuredPath, pathPoints } from '../../../lib/show/draw/svg-path.ts'

/** Colours of the pixels of a canvas, in rows. */
function pixels(url: string): string[][] {
  const png = Buffer.from(url.replace('data:image/png;base64,', ''), 'base64')
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)))
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => rows.toString('hex', (4 * width + 1) * y + 1 + 4 * x).slice(0, 8)),
  )
}

test('a canvas paints rectangles, cut at its edges and also drawn backwards, over what is there', () => {
  const { context, dataUrl } = pixelCanvas(3, 2)
  context.fillStyle = 'rgba(255, 0, 0, 1)'
  context.fillRect(-5, 0, 7, 1)
  context.fillStyle = 'rgb(0,0,255)'
  context.fillRect(3, 2, -2, -1.4)
  const [red, blue, none] = ['ff0000ff', '0000ffff', '00000000']
  assert.deepEqual(pixels(dataUrl()), [
    [red, red, none],
    [none, blue, blue],
  ])
})

test('a canvas takes pixels, and colours by hue', () => {
  const { context, dataUrl } = pixelCanvas(2, 1)
  const image = context.createImageData(2, 1)
  image.data.set([1, 2, 3, 4, 5, 6, 7, 8])
  context.putImageData(image, 0, 0)
  context.fillStyle = 'hsla(120, 100, 50, 0.5)'
  context.fillRect(1, 0, 1, 1)
  assert.deepEqual(pixels(dataUrl()), [['01020304', '00ff0080']])
  context.fillStyle = 'salmon'
  assert.throws(() => context.fillRect(0, 0, 1, 1), /Expected a colour such as rgba\(0,0,0,1\), got salmon/)
})

test('a path is as long as its lines and curves, and has a point at each length', () => {
  const square = measuredPath('M0,0H10V10L0,10Z')
  assert.equal(square.length, 40)
  assert.deepEqual(
    [5, 15, 40, 99].map((at) => square.pointAt(at)),
    [
      { x: 5, y: 0 },
      { x: 10, y: 5 },
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ],
  )
  const quarter = measuredPath('M1,0C1,0.5523 0.5523,1 0,1') // of a circle
  assert.ok(Math.abs(quarter.length - Math.PI / 2) < 0.01)
  assert.deepEqual(pathPoints('M0,0Q1,2,2,0').at(4), { x: 1, y: 1 })
  assert.deepEqual(measuredPath('').pointAt(1), { x: 0, y: 0 })
})

/** How many colours a picture has. */
function colours(png: Uint8Array): number {
  const bytes = Buffer.from(png)
  const width = bytes.readUInt32BE(16)
  const parts: Buffer[] = []
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at))
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)))
  const data = inflateSync(Buffer.concat(parts))
  const stride = 4 * width
  let above = new Uint8Array(stride)
  const found = new Set<number>()
  for (let at = 0; at < data.length; at += stride + 1) {
    const row = new Uint8Array(data.subarray(at + 1, at + 1 + stride))
    for (let i = 0; i < stride; i++) {
      const [left, up, corner] = [row[i - 4] ?? 0, above[i]!, i < 4 ? 0 : above[i - 4]!]
      const estimate = left + up - corner
      const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(estimate - value))
      const nearest = toLeft! <= toUp! && toLeft! <= toCorner! ? left : toUp! <= toCorner! ? up : corner
      row[i]! += [0, left, up, (left + up) >> 1, nearest][data[at]!]!
    }
    for (const pixel of new Uint32Array(row.buffer)) found.add(pixel)
    above = row
  }
  return found.size
}

test('the cells of a heatmap have hard edges, unless it asks for soft ones', async () => {
  const z = [
    [1, 2, 3],
    [3, 1, 2],
  ]
  const draw = (trace: object) =>
    renderPng(
      {
        data: [{ type: 'heatmap', z, showscale: false, ...trace }],
        layout: { xaxis: { visible: false }, yaxis: { visible: false } },
      },
      { width: 300, height: 200, scale: 1 },
    )
  const [hard, soft] = [colours(await draw({})), colours(await draw({ zsmooth: 'best' }))]
  assert.ok(hard >= 4 && hard < 20, `three values, the ground and where they meet: ${hard}`)
  assert.ok(soft > 100, String(soft))
})
