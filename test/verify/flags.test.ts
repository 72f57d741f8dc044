// The quick look at a step's characters never passes what the look at its syntax tree would hold against it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { random } from '../../lib/seed/random.ts'
import { findPython } from '../../lib/verify/python.ts'
import { fixture } from '../fixtures.ts'
import { generatedStep, oddSteps } from './generated-steps.ts'

test('what is surely clean has no flag that speaks against learning, and many plain steps are', async () => {
  const rng = random(3, 'flags')
  const plain = Array.from({ length: 2_000 }, () => generatedStep(rng))
  const hostile = ['hostile-snippets.jsonl', 'more-hostile-snippets.jsonl']
    .flatMap((name) => readFileSync(fixture(name), 'utf8').split('\n').filter(Boolean))
    .map((line) => (JSON.parse(line) as { code: string }).code)
    .filter((code) => code.length < 10_000) // a longer one is too deep for a syntax tree, and its words are all there is
  const sly = [
    '\uFF45val("1")',
    'x = "\\x5f\\x5fclass"',
    'a = 1\nb = a.gi_frame',
    '"""\na = 1\n"""',
    'f(\na=1)',
    'a == 1',
    '# a = 1\n3',
    'a = 1\ntry:\n  a = 2\nexcept ValueError:\n  pass',
  ]
  const script = `import json, sys
sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, '../../lib/verify/python/flags'))})
from flags import CLEAN, flags_of, is_surely_clean
texts = json.load(sys.stdin)
passed = [text for text in texts if is_surely_clean(text)]
wrong = [text for text in passed if {**flags_of([text]), 'onlyLiteralsPrinted': False} != CLEAN]
print(json.dumps([len(passed), wrong]))`
  const run = spawnSync((await findPython()).path, ['-B', '-c', script], {
    encoding: 'utf8',
    input: JSON.stringify([...plain, ...oddSteps, ...hostile, ...sly]),
  })
  assert.equal(run.status, 0, run.stderr)
  const [passed, wrong] = JSON.parse(run.stdout) as [number, string[]]
  assert.deepEqual(wrong, [])
  assert.ok(passed > plain.length / 4, `${passed} passed`) // many of these have names in other alphabets
})

test('what looks at the interpreter is told under any name, and what only looks like it is not', async () => {
  const snippets = readFileSync(fixture('introspection.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { id: string; telling: boolean; code: string })
  const counts = [true, false].map((telling) => snippets.filter((snippet) => snippet.telling === telling).length)
  assert.ok(
    counts.every((count) => count >= 30),
    `${counts}`,
  )
  const script = `import json, sys
sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, '../../lib/verify/python/flags'))})
from flags import flags_of, is_surely_clean
print(json.dumps([[flags_of([text])['introspection'], is_surely_clean(text)] for text in json.load(sys.stdin)]))`
  const { path, version } = await findPython()
  const run = spawnSync(path, ['-B', '-c', script], {
    encoding: 'utf8',
    input: JSON.stringify(snippets.map(({ code }) => code)),
  })
  assert.equal(run.status, 0, run.stderr)
  const told = JSON.parse(run.stdout) as [boolean, boolean][]
  for (const [index, { id, telling, code }] of snippets.entries()) {
    if (version[1] < 10 && code.startsWith('match ')) continue
    assert.equal(told[index]![0], telling, id)
    if (telling) assert.equal(told[index]![1], false, id)
  }
})
