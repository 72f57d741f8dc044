// The examples that datasets/README.md shows are those that the generator makes, and its code runs.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { transformSync } from 'oxc-transform'
import { families, generateProblems, type ProblemFamily } from '../../datasets/index.ts'
import type { Problem } from '../../lib/problem/problem.ts'
import { problemFamilyContract } from '../contracts/problem-family.ts'
import { packageRoot } from '../fixtures.ts'

const readme = readFileSync(join(packageRoot, 'datasets', 'README.md'), 'utf8')

test("each family's row in datasets/README.md shows the problem that its seed gives", () => {
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

/** What a block of code of the README declares. In the package, so that it finds `asterism/datasets`. */
async function run<T>(code: string): Promise<T> {
  const folder = mkdtempSync(join(packageRoot, 'dist', 'readme-'))
  const path = join(folder, 'example.mjs')
  try {
    writeFileSync(path, transformSync('example.ts', code).code)
    return (await import(pathToFileURL(path).href)) as T
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!)

test('the first code in datasets/README.md gives the numbers of problems that it says', async () => {
  const { train, heldOut, farms } = await run<Record<string, Problem[]>>(
    `${blocks[0]}\nexport { train, heldOut, farms }`,
  )
  assert.deepEqual([train!.length, heldOut!.length, farms!.length], [800, 180, 20])
})

const own = await run<{ apples: ProblemFamily; problems: Problem[] }>(`${blocks[1]}\nexport { apples, problems }`)
problemFamilyContract('the family of datasets/README.md', () => own.apples)

test('the own family of datasets/README.md makes half of the problems', () => {
  assert.equal(own.problems.filter(({ source }) => source === 'generated/apples').length, 10)
})
