// However a step is run, alone, with siblings or by plain python3, the same must come of it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { random } from '../../lib/seed/random.ts'
import { findPython } from '../../lib/verify/python.ts'
import { openVerifier, type PythonVerifier } from '../../lib/verify/verifier.ts'
import { fixture } from '../fixtures.ts'
import { generatedStep, oddSteps, step } from './generated-steps.ts'

const START = ['a = 12', 'b = 3.5', 'total = a + b'].map(step)
const NOT_PLAIN = step('import math') // before START: everything after it runs alone

let verifier: PythonVerifier
before(async () => {
  verifier = await openVerifier()
})
after(() => verifier.dispose())

test('a verdict does not depend on siblings: groups and single runs agree on generated and odd steps', async () => {
  const rng = random(1, 'group and single')
  const texts = [...oddSteps, ...Array.from({ length: 10_000 }, () => generatedStep(rng))]
  const singlesBefore = verifier.stats().singles
  const groups: Promise<unknown[]>[] = []
  for (let start = 0; start < texts.length; start += 8) {
    groups.push(verifier.verify(START, texts.slice(start, start + 8).map(step)))
  }
  const grouped = (await Promise.all(groups)).flat()
  const alone = verifier.stats().singles - singlesBefore
  assert.ok(alone < texts.length / 2, `most generated steps are plain, yet ${alone} of ${texts.length} ran alone`)
  const single = await verifier.verify([NOT_PLAIN, ...START], texts.map(step))
  for (const [index, text] of texts.entries()) assert.deepEqual(grouped[index], single[index], text)
})

test('hostile siblings change no verdict, and have the one that they have alone', async (t) => {
  const { level } = verifier.stats().isolation
  if (level === 'rlimit') return t.skip('limits alone do not hold hostile steps')
  const limits = { cpuMs: 2_000, wallMs: 20_000 } // enough for the memory limit to come first, however slow the machine
  const hasty = await openVerifier({ cache: false, limits })
  try {
    const codes = readFileSync(fixture('hostile-snippets.jsonl'), 'utf8').split('\n').filter(Boolean)
    const snippets = codes
      .map((line) => JSON.parse(line) as { id: string; code: string })
      .filter(({ id }) => !/sleep_forever|stop_self/.test(id)) // they last as long as the wall limit
      .filter(({ id }) => level === 'jail' || !/kill|stop/.test(id)) // no pid namespace around them
    const good = ['print(a + 1)', 'b = total * 2\nprint(b)', 'for i in [b]: print(i)']
    const expected = ['13', '31.0', '3.5'].map((stdout) => ({ kind: 'ok', stdout }))
    for (let first = 0; first < snippets.length; first += 8) {
      const some = snippets.slice(first, first + 8)
      const together = await hasty.verify(
        START,
        [good[0]!, ...some.map(({ code }) => code), good[1]!, good[2]!].map(step),
      )
      assert.deepEqual([together[0], ...together.slice(-2)], expected)
      for (const [index, { id, code }] of some.entries()) {
        const [alone] = await hasty.verify(START, [step(code)])
        assert.equal(together[index + 1]!.kind, alone!.kind, id)
      }
    }
  } finally {
    await hasty.dispose()
  }
})

test('siblings see none of each other', async () => {
  const [first, second, third] = await verifier.verify([step('a = 1')], ['b = 5', 'print(b)', 'print(a)'].map(step))
  assert.equal(first!.kind, 'ok')
  assert.equal(second?.kind === 'error' && second.errorType, 'NameError')
  assert.deepEqual(third, { kind: 'ok', stdout: '1' })
})

test('step by step gives what python3 gives for the whole program', async () => {
  const rng = random(2, 'sequences')
  const programs = Array.from({ length: 1_000 }, (_, index) => [
    'a = 12\nb = 3.5\ntotal = a + b',
    'höhe = 4\nx1 = total - höhe',
    ...Array.from({ length: 2 + (index % 4) }, () => generatedStep(rng)).filter((text) => !/exit|\0/i.test(text)),
  ])
  const verdicts = await verifier.run(programs.map((texts) => texts.map(step)))
  const expected = await byPlainPython(programs)
  let succeeded = 0
  for (const [index, texts] of programs.entries()) {
    const [verdict, want] = [verdicts[index]!, expected[index]!]
    const program = texts.join('\n')
    if (want.errorType === null) {
      assert.equal(verdict.kind, 'ok', program)
      assert.equal(verdict.kind === 'ok' && verdict.stdout, want.stdout.replace(/\n$/, ''), program)
      succeeded++
    } else if (SYNTAX.has(want.errorType)) {
      assert.equal(verdict.kind, 'error', program) // python3 refuses all of it, where an earlier step may fail first here
    } else assert.equal(verdict.kind === 'error' && verdict.errorType, want.errorType, program)
  }
  assert.ok(succeeded > 50, `enough programs must run to their end, ${succeeded} did`)
})

const SYNTAX = new Set(['SyntaxError', 'IndentationError'])
const MARK = '<<the last step prints from here>>'

/** What the last step of each program prints, and the exception: all steps in one file, run by `python3` itself. */
async function byPlainPython(programs: string[][]): Promise<{ stdout: string; errorType: string | null }[]> {
  const folder = mkdtempSync(join(tmpdir(), 'asterism-verify-'))
  const { path } = await findPython()
  const results: { stdout: string; errorType: string | null }[] = []
  const runFrom = async (first: number) => {
    for (let index = first; index < programs.length; index += 2) {
      const mark = `import sys as mark\nmark.stdout.write(${JSON.stringify(MARK)})`
      const file = join(folder, `${index}.py`)
      writeFileSync(file, [...programs[index]!.slice(0, -1), mark, programs[index]!.at(-1)].join('\n'))
      results[index] = await new Promise((resolve) => {
        execFile(path, ['-I', '-S', file], { env: { LANG: 'C.UTF-8' }, timeout: 20_000 }, (error, stdout, stderr) => {
          const errorType = error ? stderr.trim().split('\n').at(-1)!.split(':')[0]! : null
          resolve({ stdout: stdout.split(MARK)[1] ?? '', errorType })
        })
      })
    }
  }
  try {
    await Promise.all([runFrom(0), runFrom(1)])
  } finally {
    rmSync(folder, { recursive: true })
  }
  return results
}
