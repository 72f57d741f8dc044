import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openRun, reopenRun } from '../../lib/run/run.ts'
import { defaultSettings } from '../../lib/run/settings.ts'
import { runsRoot, tinyRun } from '../round/tiny.ts'

const { root, remove } = runsRoot()
after(remove)

test('a run keeps what someone else needs to get it again', () => {
  const run = tinyRun(root, 'kept')
  const manifest = JSON.parse(readFileSync(run.path('run.json'), 'utf8'))
  assert.deepEqual([manifest.name, manifest.seed, manifest.settings], ['kept', 1, run.settings])
  assert.deepEqual(
    [manifest.problems.source, manifest.problems.train, manifest.problems.heldOut],
    ['generated', 20, 12],
  )
  assert.match(manifest.problems.sha256, /^[0-9a-f]{64}$/)
  assert.match(manifest.lockfile, /^[0-9a-f]{64}$/)
  assert.equal(manifest.versions.node, process.versions.node)
  for (const version of ['asterism', 'onnxruntime']) assert.match(manifest.versions[version], /^\d+\.\d+/)
  assert.ok(manifest.machine.cores >= 1 && manifest.machine.cpu !== '')
})

test('a run opened again, with its settings or from its folder alone, is the same run', () => {
  const first = tinyRun(root, 'again')
  for (const run of [tinyRun(root, 'again'), reopenRun('again', { root })]) {
    assert.deepEqual(run.manifest, JSON.parse(JSON.stringify(first.manifest)))
    assert.deepEqual([run.train, run.heldOut, run.config], [first.train, first.heldOut, first.config])
    assert.equal(run.tokenizer.vocabSize, first.tokenizer.vocabSize)
  }
})

test('train and held-out problems share no question', () => {
  const { train, heldOut } = tinyRun(root, 'split')
  const questions = new Set(train.map(({ question }) => question))
  assert.ok(heldOut.every(({ question }) => !questions.has(question)))
})

test('a run of other settings under the same name is one clear error that names the first difference', () => {
  tinyRun(root, 'taken')
  assert.throws(() => tinyRun(root, 'taken', 'batchSize=3'), {
    message:
      `${join(root, 'taken', 'run.json')}: the run "taken" was started with other settings: settings.batchSize is ` +
      `${defaultSettings.batchSize}, asked for 3. Give the same ones to go on with it, or another --run name.`,
  })
  assert.throws(() => tinyRun(root, 'taken', 'problems=[1,1]'), /settings\.problems\.0 is 6, asked for 1/)
})

test('a run exists only with its last file: without run.json it is begun anew', () => {
  const run = tinyRun(root, 'begun')
  const before = readdirSync(run.path(), { recursive: true }).map((file) => [file, contentOf(run.path(String(file)))])
  rmSync(run.path('run.json'))
  writeFileSync(run.path('problems.jsonl'), 'half')
  tinyRun(root, 'begun')
  const now = readdirSync(run.path(), { recursive: true }).map((file) => [file, contentOf(run.path(String(file)))])
  assert.deepEqual(now, before)
})

test('a run.json that is no manifest, and problems that were changed, are named', () => {
  const run = tinyRun(root, 'broken')
  const content = readFileSync(run.path('run.json'), 'utf8')
  const advice = 'Take the changes back, or choose another --run name.'
  for (const broken of ['{ "name": ', '[]', '{}', 'null']) {
    writeFileSync(run.path('run.json'), broken)
    for (const open of [() => tinyRun(root, 'broken'), () => reopenRun('broken', { root })])
      assert.throws(open, (error: Error) => {
        assert.ok(error.message.startsWith(`${run.path('run.json')}: expected`), error.message)
        return error.message.endsWith(advice) && !error.message.includes('\n')
      })
  }
  writeFileSync(run.path('run.json'), content)
  writeFileSync(run.path('held-out.jsonl'), '')
  assert.throws(
    () => reopenRun('broken', { root }),
    /problems\.jsonl and held-out\.jsonl: expected the 20 \+ 12 problems/,
  )
})

test('a name that would leave the folder of the runs is refused', () => {
  for (const name of ['..', '.', '', '../x', 'a/b', '-rf', '.hidden']) {
    assert.throws(() => tinyRun(root, name), /Expected a run name of letters/, name)
    assert.throws(() => reopenRun(name, { root }), /Expected a run name of letters/, name)
  }
  assert.throws(
    () => reopenRun('nothing', { root }),
    /found no run\.json there\. Start one with `asterism evolve --run nothing`/,
  )
  assert.equal(existsSync(join(root, 'nothing')), false)
})

test('a run without problems is refused, and so is a round that it does not have', () => {
  const parts = { root, name: 'empty', seed: 1, settings: defaultSettings, source: 'test', train: [], heldOut: [] }
  assert.throws(() => openRun(parts), /Expected at least one problem to solve, got none/)
  assert.throws(() => tinyRun(root, 'kept').recipe(5), /Expected a round from 1 to 4, got 5/)
})

function contentOf(path: string): string | null {
  return /\.jsonl?$/.test(path) ? readFileSync(path, 'utf8') : null
}
