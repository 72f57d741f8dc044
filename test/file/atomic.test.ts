import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { removeLeftovers, writeAtomic } from '../../lib/file/atomic.ts'
import { readJson, writeJson } from '../../lib/file/json.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterism-file-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a written file holds what was given, in a folder that is made for it, and nothing stands beside it', () => {
  const path = join(folder, 'new', 'deep', 'file.txt')
  writeAtomic(path, 'Zoë\n')
  writeAtomic(path, 'Zoë again\n')
  assert.equal(readFileSync(path, 'utf8'), 'Zoë again\n')
  writeAtomic(path, Uint8Array.of(0, 255))
  assert.deepEqual([...readFileSync(path)], [0, 255])
  assert.deepEqual(readdirSync(join(folder, 'new', 'deep')), ['file.txt'])
})

test('a write that fails names the file and what to do, and leaves the old file alone', () => {
  writeFileSync(join(folder, 'plain'), 'old')
  assert.throws(() => writeAtomic(join(folder, 'plain', 'file'), 'x'), {
    message: `Could not write ${join(folder, 'plain', 'file')}: a part of the path is a file, not a folder: choose another folder`,
  })
  mkdirSync(join(folder, 'taken'))
  assert.throws(() => writeAtomic(join(folder, 'taken'), 'x'), /Could not write .*taken/)
  assert.equal(readFileSync(join(folder, 'plain'), 'utf8'), 'old')
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('.tmp-')),
    [],
  )
})

test('what killed writers left is removed, what a living one is writing is not', () => {
  const { pid: dead } = spawnSync(process.execPath, ['--version'])
  const runs = join(folder, 'runs')
  mkdirSync(join(runs, 'round-1'), { recursive: true })
  writeFileSync(join(runs, 'round-1', `search.json.tmp-${dead}`), '{')
  writeFileSync(join(runs, `report.json.tmp-${process.pid}`), '{')
  writeFileSync(join(runs, 'notes.tmp'), 'mine')
  removeLeftovers(runs)
  assert.deepEqual(readdirSync(runs, { recursive: true }).map(String).sort(), [
    'notes.tmp',
    `report.json.tmp-${process.pid}`,
    'round-1',
  ])
  removeLeftovers(join(folder, 'nowhere'))
})

test('a JSON file comes back as it was written; a broken one is named, with what to do', () => {
  const path = join(folder, 'value.json')
  writeJson(path, { a: [1, 2], b: null })
  assert.deepEqual(readJson(path), { a: [1, 2], b: null })
  writeFileSync(path, '{ "a": \nnonsense')
  assert.throws(
    () => readJson(path, 'Do this.'),
    (error: Error) => {
      assert.match(error.message, /value\.json: expected JSON, got .*\. Do this\.$/)
      return !error.message.includes('\n')
    },
  )
})
