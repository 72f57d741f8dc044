// What every doc comment of a public name has to say (comment-laws.ts).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numericFields, silentOnErrors, undocumented, vagueNumbers } from './comment-laws.ts'
import { publicNames } from './public-names.ts'

const names = publicNames()

test('every public name has a doc comment', () => {
  assert.ok(names.length > 200)
  assert.deepEqual(undocumented(names), [])
})

test('the comment of every public function that can throw says its errors', () => {
  assert.deepEqual(silentOnErrors(names), [])
})

test('every numeric field of the options of a public function says its range, its unit or its default', () => {
  assert.ok(numericFields(names).length > 90)
  assert.deepEqual(vagueNumbers(names), [])
})
