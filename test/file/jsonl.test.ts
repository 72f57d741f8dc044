import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eachJsonl, jsonl, openJsonl, readJsonl, readJsonlAt } from '../../lib/file/jsonl.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterism-jsonl-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const values = [{ text: 'two\nlines\u2028' }, [1, null], 'Zoë']

test('values come back in the order in which they were appended, over several openings', () => {
  const path = join(folder, 'deep', 'values.jsonl')
  assert.deepEqual(readJsonl(path), [])
  for (const value of values) {
    const file = openJsonl(path)
    file.append([value])
    file.append([])
    file.close()
  }
  assert.deepEqual(readJsonl(path), values)
  assert.equal(readFileSync(path, 'utf8'), jsonl(values))
})

test('a last line torn at any byte is not read, and is gone once the file is opened again', () => {
  const path = join(folder, 'torn.jsonl')
  const whole = Buffer.from(jsonl(values))
  const kept = Buffer.from(jsonl(values.slice(0, 2)))
  for (let end = kept.length; end < whole.length; end++) {
    writeFileSync(path, whole.subarray(0, end))
    assert.deepEqual(readJsonl(path), values.slice(0, 2))
    const file = openJsonl(path)
    file.append([values[2]])
    file.close()
    assert.deepEqual(readFileSync(path), whole)
  }
})

test('a line in the middle that is no JSON is an error with file, line, what was found and what to do', () => {
  const path = join(folder, 'edited.jsonl')
  writeFileSync(path, '1\n{"a":\n3\n')
  assert.throws(() => readJsonl(path), {
    message: `${path}:2: expected one JSON value, got "{\\"a\\":". The file was changed by hand: take that line back.`,
  })
})

test('a file that cannot be opened for writing is named', () => {
  appendFileSync(join(folder, 'file'), 'x')
  assert.throws(
    () => openJsonl(join(folder, 'file', 'values.jsonl')),
    /Could not write .*values\.jsonl: a part of the path/,
  )
})

test('lines are read alike wherever a piece of the file ends, and again one by one at the places that were told', () => {
  const path = join(folder, 'long.jsonl')
  const values = Array.from({ length: 40 }, (_, i) => ({
    i,
    text: 'ü🦊x'.repeat(i % 7 === 0 ? 200_000 : 7_001 * (i % 5)),
  }))
  writeFileSync(path, jsonl(values))
  const entries = [...eachJsonl<(typeof values)[number]>(path)]
  assert.deepEqual(
    entries.map(({ value, line }) => [value, line]),
    values.map((value, i) => [value, i + 1]),
  )
  assert.equal(entries.at(-1)!.offset + entries.at(-1)!.bytes + 1, statSync(path).size)
  const some = [39, 0, 7, 8].map((i) => entries[i]!)
  assert.deepEqual(
    readJsonlAt(path, some),
    some.map(({ value }) => value),
  )
  assert.throws(() => readJsonlAt(path, [{ offset: 1, bytes: 5 }]), /long\.jsonl:byte 1: expected one JSON value/)
})

test('a torn last line of any length is cut off, and nothing else', () => {
  for (const torn of [1, 100, 3_000_000]) {
    const path = join(folder, `torn-${torn}.jsonl`)
    writeFileSync(path, `${jsonl([1, 'two'])}${'x'.repeat(torn)}`)
    const file = openJsonl(path)
    file.append([3])
    file.close()
    assert.deepEqual(readJsonl(path), [1, 'two', 3])
  }
})
