import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { expectUnchanged, finishStage, isFinished } from '../../lib/run/sealed-files.ts'

const root = mkdtempSync(join(tmpdir(), 'asterism-sealed-'))
after(() => rmSync(root, { recursive: true, force: true }))

let folder = ''
const run = { roundPath: (_round: number, ...rest: readonly string[]) => join(folder, ...rest) }
const write = (file: string, text: string): void => writeFileSync(join(folder, file), text)

let n = 0
beforeEach(() => {
  folder = join(root, `round-${++n}`)
  mkdirSync(join(folder, 'policy'), { recursive: true })
  for (const file of ['trees.jsonl', 'sft.jsonl', 'pairs.jsonl', 'grammar.json']) write(file, `${file}\n`)
  write('policy/model.safetensors', 'weights')
  write('policy/config.json', '{}')
  finishStage(run, 1, 'search', { trees: 3 })
  finishStage(run, 1, 'selection', { accepted: 2 })
  finishStage(run, 1, 'policyTraining', { steps: 1 })
})

test('a stage that is finished is found as it was left, with its value in its last file', () => {
  assert.ok(isFinished(run, 1, 'search') && !isFinished(run, 1, 'ppmTraining'))
  for (const stage of ['search', 'selection', 'policyTraining', 'ppmTraining'] as const) expectUnchanged(run, 1, stage)
  assert.equal(readFileSync(join(folder, 'search.json'), 'utf8'), '{"trees":3}\n')
})

for (const [file, stage, redo] of [
  ['trees.jsonl', 'search', /delete \S+trees\.jsonl and \S+search\.json: the same command/],
  ['search.json', 'search', /delete \S+trees\.jsonl and \S+search\.json/],
  ['sft.jsonl', 'selection', /delete \S+selection\.json/],
  ['pairs.jsonl', 'selection', /delete \S+selection\.json/],
  ['grammar.json', 'selection', /delete \S+selection\.json/],
  ['selection.json', 'selection', /delete \S+selection\.json/],
  ['policy/model.safetensors', 'policyTraining', /delete \S+policy-training\.json/],
  ['policy/config.json', 'policyTraining', /delete \S+policy-training\.json/],
] as const) {
  test(`one flipped bit of ${file} is found and told with what to delete, as is its loss`, () => {
    expectUnchanged(run, 1, stage) // a look before the change does not hide it
    const bytes = readFileSync(join(folder, file))
    bytes[0]! ^= 1
    writeFileSync(join(folder, file), bytes)
    assert.throws(() => expectUnchanged(run, 1, stage), redo)
    assert.throws(() => expectUnchanged(run, 1, stage), new RegExp(`${file}: expected .* got another`))
    if (
      existsSync(join(folder, file)) &&
      file === { search: 'search.json', selection: 'selection.json' }[stage as 'search']
    )
      return // without its last file a stage is simply not done
    rmSync(join(folder, file))
    assert.throws(() => expectUnchanged(run, 1, stage), new RegExp(`${file}: expected .* got none`))
  })
}

test('a stage whose last file was deleted is not done, and nothing is expected of its files', () => {
  rmSync(join(folder, 'selection.json'))
  write('sft.jsonl', 'being written')
  expectUnchanged(run, 1, 'selection')
  finishStage(run, 1, 'selection', { accepted: 1 })
  expectUnchanged(run, 1, 'selection')
})

test('a round without sha256.json, of an earlier version, is read as it is; a garbled one is named', () => {
  const old = `${folder}-old`
  cpSync(folder, old, { recursive: true })
  folder = old
  rmSync(join(folder, 'sha256.json'))
  write('trees.jsonl', 'others')
  expectUnchanged(run, 1, 'search')
  write('sha256.json', '{"trees.jsonl": 7}')
  assert.throws(
    () => expectUnchanged(run, 1, 'search'),
    /sha256\.json: expected SHA-256 values by file, got .* or delete/,
  )
})
