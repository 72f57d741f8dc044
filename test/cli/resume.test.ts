// A run that is killed again and again ends as if nothing had happened: real processes, real SIGKILL.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { measureResume } from '../../bench/resume.ts'
import { TINY_RUN } from './asterism.ts'

test('killed at random moments and resumed, a run ends with the same bytes', { timeout: 300_000 }, async (t) => {
  const result = await measureResume({ set: TINY_RUN, kills: 3, seed: 2, log: (line) => t.diagnostic(line) })
  assert.deepEqual(result.different, [])
  assert.ok(result.killedAt.length > 0, 'no kill came before the end')
  const names = result.compared.map((file) => file.replace('default/', ''))
  for (const round of [1, 2])
    for (const file of ['trees.jsonl', 'pairs.jsonl', 'metrics.json', 'policy/model.safetensors'])
      assert.ok(names.includes(`round-${round}/${file}`), `${file} of round ${round} was not compared`)
  if (existsSync('/proc')) assert.equal(result.orphans, 0)
  else t.diagnostic('leftover processes not counted: no /proc here')
})
