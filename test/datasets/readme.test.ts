// The examples that datasets/README.md shows are those that the generator makes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { families, generateProblems } from '../../datasets/index.ts'
import { packageRoot } from '../fixtures.ts'

test("each family's row in datasets/README.md shows the problem that its seed gives", () => {
  const readme = readFileSync(join(packageRoot, 'datasets', 'README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| `(\w+)` \|[^|]*\| (\d+) \| ([^|]*) \| ([^|]*) \|$/gm)]
  assert.deepEqual(
    rows.map(([, family]) => family),
    families.map(({ name }) => name),
  )
  for (const [, family, seed, question, answer] of rows) {
    const [problem] = generateProblems({ seed: Number(seed), counts: [0, 0, 1], families: [family!] })
    assert.deepEqual([question, answer], [problem!.question, problem!.answer])
  }
})
