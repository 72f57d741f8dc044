import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Run } from '../../../lib/run/run.ts'
import { defaultSettings } from '../../../lib/run/settings.ts'
import { evaluatedRounds, stagesTable } from '../../../lib/show/views/stages-table.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'asterism-stages-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const run = {
  name: 'half',
  settings: defaultSettings,
  recipe: (round: number) => ({ ...defaultSettings.rounds[round - 1]!, ...(round === 1 && { ppmTraining: null }) }),
  roundPath: (round: number, ...rest: readonly string[]) => join(root, `round-${round}`, ...rest),
} as unknown as Run

function put(round: number, ...files: readonly string[]): void {
  mkdirSync(run.roundPath(round), { recursive: true })
  for (const file of files) writeFileSync(run.roundPath(round, file), '{}\n')
}

test('a run that is half done says which stages of which rounds are there, and how to go on', () => {
  put(1, 'trees.jsonl', 'search.json', 'selection.json', 'policy-training.json', 'metrics.json')
  put(2, 'trees.jsonl')
  const text = String(stagesTable(run))
  assert.match(text, /1 │ done\s+│ done\s+│ done\s+│ left out by the recipe │ done/)
  assert.match(text, /2 │ under way │ –/)
  assert.match(text, /3 │ –/)
  assert.match(
    text.replaceAll('\n', ' '),
    /Not evaluated yet: rounds 2, 3, 4\. Go on with `asterism evolve --run half`/,
  )
  assert.deepEqual(evaluatedRounds(run), [1])
})

test('where no round is evaluated that is said, with what is there', () => {
  assert.throws(
    () => evaluatedRounds(run),
    /at least one evaluated round, but of half none of its rounds is begun\. Go on/,
  )
  put(1, 'trees.jsonl')
  assert.throws(
    () => evaluatedRounds(run),
    /of half round 1 is begun and not evaluated yet\. Go on with `asterism evolve/,
  )
})
