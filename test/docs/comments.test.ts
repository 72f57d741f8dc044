// What every doc comment of a public name has to say (comment-laws.ts).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numericFields, PENDING, silentOnErrors, undocumented, vagueNumbers } from './comment-laws.ts'
import { publicNames } from './public-names.ts'

const names = publicNames()
const nameOf = (line: string): string => line.slice(0, line.indexOf(' '))

/** Fails with the lines that are not pending, and with pending names that no longer need to be. */
function assertOnly(found: readonly string[], pending: readonly string[]): void {
  assert.deepEqual(
    found.filter((line) => !pending.includes(nameOf(line))),
    [],
  )
  const here = found.map(nameOf)
  assert.deepEqual(
    pending.filter((name) => !here.includes(name)),
    [],
    'these are done: take them out of PENDING',
  )
}

test('every public name has a doc comment', () => {
  assert.ok(names.length > 200)
  assertOnly(undocumented(names), PENDING.documented)
})

test('the comment of every public function that can throw says its errors', () => {
  assertOnly(silentOnErrors(names), PENDING.errors)
})

test('every numeric field of the options of a public function says its range, its unit or its default', () => {
  assert.ok(numericFields(names).length > 90)
  assertOnly(vagueNumbers(names), PENDING.ranges)
})
