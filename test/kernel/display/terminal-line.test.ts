import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTerminalLine } from '../../../kernel/display/terminal-line.ts'

/** What is sent for pieces of text, and the line that then stands. */
function sent(...pieces: string[]): [sent: string, line: string] {
  const line = createTerminalLine()
  return [pieces.map((piece) => line.write(piece)).join(''), line.text()]
}

test('text and colours pass as they are', () => {
  assert.deepEqual(sent('a\nb', 'c\n', '\x1b[1;31mred\x1b[0m'), ['a\nbc\n\x1b[1;31mred\x1b[0m', 'red'])
})

const EDITS: [what: string, pieces: string[], line: string][] = [
  ['a return', ['abc', '\rX'], 'Xbc'],
  ['a return in one piece', ['abc\rX'], 'Xbc'],
  ['an erased line', ['abcdef', '\x1b[2K\x1b[1G', 'x'], 'x'],
  ['an erased rest', ['abcdef', '\x1b[3G\x1b[K'], 'ab'],
  ['an erased beginning', ['abcdef', '\x1b[3G\x1b[1K'], '   def'],
  ['steps back and forth', ['abcdef', '\x1b[4D', 'X', '\x1b[2C', 'Y'], 'abXdeY'],
  ['a column beyond the end', ['ab', '\x1b[5G', 'c'], 'ab  c'],
  ['a backspace', ['abc', '\b\b', 'X'], 'aXc'],
  ['a saved place', ['ab', '\x1b7', 'cd', '\x1b8', 'X'], 'abXd'],
  ['a hidden cursor', ['\x1b[?25l', 'ab', '\x1b[?25h'], 'ab'],
  ['other rows, which stay', ['ab', '\x1b[1A', '\x1b[2K\x1b[G', 'cd'], 'cd'],
  ['a link', ['\x1b]8;;https://a.b\x07', 'text', '\x1b]8;;\x07'], 'text'],
  ['an erased screen', ['abc', '\x1b[2J', '\x1b[H', 'x'], 'x'],
]

for (const [what, pieces, expected] of EDITS) {
  test(`${what}: the page shows what a terminal would`, () => {
    const [text, line] = sent(...pieces)
    assert.equal(line.trimEnd(), expected)
    let page = ''
    for (const part of text.split('\r')) page = part + page.slice(part.length)
    assert.equal(page.trimEnd(), expected)
  })
}

test('a line break ends the line, with colours as they were set', () => {
  const [text] = sent('\x1b[32m10%', '\r', '20%\x1b[39m', '\r\n', 'next')
  assert.equal(text, '\x1b[32m10%\r\x1b[32m20%\x1b[0m\nnext')
})
