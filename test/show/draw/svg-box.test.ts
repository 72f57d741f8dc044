import assert from 'node:assert/strict'
import test from 'node:test'
import { JSDOM } from 'jsdom'
import { localBox, pageBox } from '../../../lib/show/draw/svg-box.ts'

// A font in which every letter is half as wide as the font is tall, and bold ones are as wide.
const half = { ascent: 0.8, descent: 0.2, width: (text: string) => text.length / 2 }
const fonts = { regular: half, bold: { ...half, width: (text: string) => text.length } }
const element = (svg: string, id: string) =>
  new JSDOM(`<body><svg xmlns="http://www.w3.org/2000/svg">${svg}</svg></body>`).window.document.getElementById(id)!
const sides = (box: { left: number; top: number; right: number; bottom: number }) =>
  [box.left, box.top, box.right, box.bottom].map((side) => Math.round(side * 1000) / 1000)

test('a text is as wide as its letters and hangs on its anchor', () => {
  const text = (anchor: string) =>
    element(`<text id="t" x="100" y="50" style="font-size:10px;text-anchor:${anchor}">abcd</text>`, 't')
  assert.deepEqual(sides(localBox(text('start'), fonts)), [100, 42, 120, 52])
  assert.deepEqual(sides(localBox(text('middle'), fonts)), [90, 42, 110, 52])
  assert.deepEqual(sides(localBox(text('end'), fonts)), [80, 42, 100, 52])
})

test('size and weight come from the nearest ancestor that has them; lines add up', () => {
  const svg = `<g style="font-size:20px"><text id="t" x="0" y="0" font-weight="bold"><tspan class="line">ab</tspan><tspan class="line">a</tspan></text></g>`
  assert.deepEqual(sides(localBox(element(svg, 't'), fonts)), [0, -16, 40, 30])
})

test('the page box goes through every transform, the local box through none of its own', () => {
  const svg = `<g transform="translate(10,20)"><g id="g" transform="rotate(-90)"><rect x="0" y="0" width="4" height="2"/></g></g>`
  assert.deepEqual(sides(localBox(element(svg, 'g'), fonts)), [0, 0, 4, 2])
  assert.deepEqual(sides(pageBox(element(svg, 'g'), fonts)), [10, 16, 12, 20])
})

test('a group holds its children, moved; clip paths and empty texts hold nothing', () => {
  const svg = `<g id="g"><clipPath><rect width="999" height="999"/></clipPath><text></text>
    <rect x="1" y="1" width="1" height="1"/><g transform="translate(5) scale(2)"><rect width="1" height="1"/></g></g>`
  assert.deepEqual(sides(localBox(element(svg, 'g'), fonts)), [1, 0, 7, 2])
  assert.deepEqual(sides(localBox(element('<g id="g"></g>', 'g'), fonts)), [0, 0, 0, 0])
})
