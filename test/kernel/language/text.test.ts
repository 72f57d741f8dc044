import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charactersBefore, offsetOf } from '../../../kernel/language/characters.ts'
import { diagnosticText } from '../../../kernel/language/diagnostic-text.ts'
import { mergeCompletions, mergeInspections } from '../../../kernel/language/merge.ts'
import { createNotebookTypes } from '../../../kernel/language/notebook-types.ts'

const error = { message: 'Wrong.', code: 1, line: 1, column: 3, length: 2, unknown: null }

test('a mark stands under its place, behind tabs and in long lines', () => {
  assert.equal(diagnosticText('cell 1', '\tab', [error]), 'Wrong. (TS1, cell 1:1:3)\n  1 | \tab\n    | \t ^')
  const long = diagnosticText('cell 1', `${'x'.repeat(500)}!!${'y'.repeat(500)}`, [{ ...error, column: 501 }])
  const [, line = '', mark = ''] = long.split('\n')
  assert.equal(line.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1), '!!')
  assert.ok(line.length < 120)
})

test('many errors are counted, not shown', () => {
  const text = diagnosticText('cell 1', 'text', Array(25).fill(error))
  assert.ok(text.endsWith('\n… and 15 more type errors'))
  assert.equal(text.match(/Wrong/g)?.length, 10)
})

test('positions count characters outside and UTF-16 units inside', () => {
  assert.deepEqual([offsetOf('𝔸b', 1), charactersBefore('𝔸b', 2)], [2, 1])
  assert.equal(offsetOf('ab', 9), 2)
})

test('live names join only where they can stand, behind the typed ones', () => {
  const live = { status: 'ok' as const, matches: ['b', 'a'], cursor_start: 2, cursor_end: 3, metadata: {} }
  const typed = (place: 'member' | 'string', start = 2) => ({
    place,
    start,
    entries: [{ text: 'a', type: 'property', signature: '' }],
  })
  assert.deepEqual(mergeCompletions(3, typed('member'), live).matches, ['a', 'b'])
  assert.deepEqual(mergeCompletions(3, typed('string'), live).matches, ['a'])
  assert.deepEqual(mergeCompletions(3, typed('member', 1), live).matches, ['a'])
  assert.deepEqual(mergeCompletions(3, null, live), live)
  assert.deepEqual(mergeCompletions(3, null, null).matches, [])
})

test('without types an inspection is the live one', () => {
  const live = { status: 'ok' as const, found: true, data: { 'text/plain': 'x: 1' }, metadata: {} }
  assert.deepEqual(mergeInspections(null, live), live)
  assert.equal(mergeInspections(null, null).found, false)
})

test('a cell brings only the earlier names that it mentions and does not declare', () => {
  const notebook = createNotebookTypes()
  notebook.commit('cell 1', 'const a = 1; let b = 2; function c() {}; type D = 1')
  const { text, shift } = notebook.draft('const b = a; c')
  const [prelude = ''] = text.split('\n')
  assert.equal(text.slice(shift), 'const b = a; c')
  assert.deepEqual(prelude.match(/\b[abcD]\b/g), ['a', 'a', 'c'])
  notebook.forget()
  assert.equal(notebook.draft('a').text, 'export {};\na')
})
