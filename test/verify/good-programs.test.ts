// Programs as models write them for problems, of every kind that a sandbox is apt to break: the verdict and the output are
// those of `python3 main.py`, at every level, and nothing speaks against learning from them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { refusalForTraining } from '../../lib/verify/execution.ts'
import { findPython } from '../../lib/verify/python.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { openVerifier, type PythonVerifier } from '../../lib/verify/verifier.ts'
import { fixture } from '../fixtures.ts'
import { step } from './generated-steps.ts'

interface PlainRun {
  /** What the last step printed. */
  readonly stdout: string
  /** Exit status; null where a signal ended it. */
  readonly status: number | null
  readonly stderr: string
}

const MARK = '<<the last step prints from here>>'

/** `python3 main.py` in an empty folder, all steps in one file, with nothing on standard input. */
async function byPlainPython(python: string, steps: readonly string[]): Promise<PlainRun> {
  const folder = mkdtempSync(join(tmpdir(), 'asterism-plain-'))
  try {
    const mark = `import sys as mark\nmark.stdout.write(${JSON.stringify(MARK)})`
    const texts = steps.length > 1 ? [...steps.slice(0, -1), mark, steps.at(-1)!] : steps
    writeFileSync(join(folder, 'main.py'), texts.join('\n'))
    const options = { cwd: folder, env: { LANG: 'C.UTF-8', PYTHONHASHSEED: '0' }, timeout: 60_000 }
    return await new Promise((resolve) => {
      const child = execFile(python, ['-B', 'main.py'], options, (error, stdout, stderr) => {
        const status = error ? (typeof error.code === 'number' ? error.code : null) : 0
        resolve({ stdout: steps.length > 1 ? (stdout.split(MARK)[1] ?? '') : stdout, status, stderr })
      })
      child.stdin!.end()
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Program {
  readonly id: string
  readonly steps: readonly string[]
}

const python = (await findPython()).path
const programsOf = (name: string): Program[] =>
  readFileSync(fixture(name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { id: string; code?: string; steps?: string[] })
    .map(({ id, code, steps }) => ({ id, steps: steps ?? [code!] }))

const good = programsOf('good-programs.jsonl')
const wrappers = programsOf('stdout-wrapper.jsonl')
const plain = new Map<Program, PlainRun>()
for (let first = 0; first < good.length + wrappers.length; first += 4) {
  const some = [...good, ...wrappers].slice(first, first + 4)
  const runs = await Promise.all(some.map(({ steps }) => byPlainPython(python, steps)))
  for (const [index, program] of some.entries()) plain.set(program, runs[index]!)
}

/** Opens a verifier at `level`; null, told to the test, where the machine refuses it. */
async function opened(level: 'jail' | 'landlock'): Promise<PythonVerifier | string> {
  const limits = { cpuMs: 20_000, wallMs: 60_000 } // these tests are of what programs may do, not of how fast
  return openVerifier({ level, processes: 2, limits }).catch((error: Error) => error.message)
}

test('there are more than a hundred good programs, and python3 finds no fault in one', () => {
  assert.ok(good.length > 100)
  for (const program of good)
    assert.equal(plain.get(program)!.status, 0, `${program.id}: ${plain.get(program)!.stderr}`)
})

for (const level of ['jail', 'landlock'] as const) {
  test(`good programs at level ${level}`, async (t) => {
    const verifier = await opened(level)
    if (typeof verifier === 'string') return t.skip(verifier)
    try {
      const verdicts = await verifier.run(good.map(({ steps }) => steps.map(step)))
      for (const [index, program] of good.entries()) {
        await t.test(`${program.id}: as python3, and fit to learn from`, async () => {
          const { stdout } = plain.get(program)!
          assert.deepEqual(verdicts[index], { kind: 'ok', stdout: stdout.replace(/\n$/, '') })
          const execution = await verifier.examine(program.steps.map(step))
          assert.equal(execution.stdout, stdout)
          assert.equal(execution.verdict.kind, 'ok')
          assert.equal(refusalForTraining(execution), null)
        })
      }
      for (const program of wrappers) {
        await t.test(`stdout-wrapper ${program.id}: as python3`, async () => {
          const { stdout, status } = plain.get(program)!
          const execution = await verifier.examine(program.steps.map(step))
          assert.deepEqual([execution.stdout, execution.verdict.kind === 'ok'], [stdout, status === 0])
          assert.equal(refusalForTraining(execution), null)
        })
      }
    } finally {
      await verifier.dispose()
    }
    assert.deepEqual(scratchFolders(), [], 'a folder of a step outlives its verifier')
  })
}

const scratchFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`asterism-steps-${process.pid}-`))

/** Programs that end in their own way: python3's exit status says which are errors. */
const ENDS: readonly (readonly [string, string])[] = [
  ['exit 1', 'import sys\nprint(1)\nsys.exit(1)'],
  ['exit 256, which is 0 to whoever waits', 'import sys\nprint(1)\nsys.exit(256)'],
  ['exit with a message', 'import sys\nsys.exit("no solution")'],
  ['exit with an empty message', 'raise SystemExit("")'],
  ['exit with a list', 'raise SystemExit([])'],
  ['exit True', 'import sys\nsys.exit(True)'],
  ['exit 0.0', 'raise SystemExit(0.0)'],
  ['exit None within a try', 'import sys\ntry:\n    sys.exit()\nexcept SystemExit as e:\n    print("caught", e.code)'],
  ['exit in finally', 'try:\n    1 / 0\nfinally:\n    exit(0)'],
  ['exit in a thread', 'import sys, threading\nt = threading.Thread(target=sys.exit)\nt.start()\nt.join()\nprint(5)'],
  ['error in a thread', 'import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()\nprint(5)'],
  [
    'a failed test',
    'import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.fail()\nunittest.main()',
  ],
  ['assertion', 'assert 2 + 2 == 5'],
  [
    'a stream that cannot be flushed',
    'import sys\nclass W:\n    def write(self, text): return 0\nsys.stdout = W()\nprint(1)',
  ],
  ['no standard output', 'import sys\nsys.stdout = None\nprint(1)'],
  ['closed standard output', 'import sys\nsys.stdout.close()'],
  ['prints after it is closed', 'import sys\nsys.stdout.close()\nprint(1)'],
  ['end of input', 'input()'],
  ['own missing module', 'import module_of_nobody'],
  ['too deep', 'def f(): return f()\nf()'],
  ['long integer', 'print(10 ** 4300)'],
  ['interrupt', 'raise KeyboardInterrupt'],
  ['standard error closed', 'import sys\nsys.stderr.close()\nprint(2)'],
]

for (const level of ['jail', 'landlock'] as const) {
  test(`at level ${level} a program that python3 ends with a status other than 0 is an error, and no other`, async (t) => {
    const verifier = await opened(level)
    if (typeof verifier === 'string') return t.skip(verifier)
    try {
      for (const [what, code] of ENDS) {
        const { status, stdout } = await byPlainPython(python, [code])
        const [verdict] = await verifier.run([[step(code)]])
        assert.equal(verdict!.kind, status === 0 ? 'ok' : 'error', `${what}: ${status} ${JSON.stringify(verdict)}`)
        if (verdict!.kind === 'ok') assert.equal(verdict!.stdout, stdout.replace(/\n$/, ''), what)
      }
    } finally {
      await verifier.dispose()
    }
  })
}

test('after a step that ends the program the next one is never reached, which is its own fault and no failure of the sandbox', async () => {
  const verifier = await openVerifier({ processes: 1 })
  try {
    const ends = [step('a = 1'), step('print(a)\nexit()')]
    const [alone] = await verifier.verify(ends.slice(0, 1), ends.slice(1))
    assert.deepEqual(alone, { kind: 'ok', stdout: '1' })
    const [after] = await verifier.verify(ends, [step('print(a + 1)')])
    assert.deepEqual(after, {
      kind: 'error',
      errorType: 'SystemExit',
      message: 'an earlier step ends the program, so this one is never reached',
      line: null,
    })
    const whole = await verifier.examine([...ends, step('print(a + 1)')])
    assert.deepEqual([whole.verdict, whole.step, whole.stdout], [after, 1, '1\n'])
  } finally {
    await verifier.dispose()
  }
})

test('only an import that fails for a module which is not there is unsupported', async () => {
  const verifier = await openVerifier({ processes: 1 })
  try {
    const kinds = async (codes: string[]) => (await verifier.verify([], codes.map(step))).map(({ kind }) => kind)
    const raised = [
      'raise ModuleNotFoundError("No module named \'numpy\'", name="numpy")',
      'error = ModuleNotFoundError(name="networkx")\nraise error',
      'def f():\n    raise ModuleNotFoundError("x", name="matplotlib") from None\nf()',
      'def g():\n    yield\nh = g()\nnext(h)\nh.throw(ModuleNotFoundError("x", name="sklearn"))',
      'class E(ModuleNotFoundError):\n    name = "pandas"\nraise E("x")',
      'import sympy.no_such_part',
      'import sys\nsys.path.clear()\nsys.path_importer_cache.clear()\nimport module_of_nobody',
    ]
    assert.deepEqual(
      await kinds(raised),
      raised.map((code) => (code.includes('sympy') && verifier.isolation.sympy === null ? 'unsupported' : 'error')),
    )
    for (const name of ['networkx', 'sklearn', 'matplotlib', 'pandas']) {
      const imports = [
        `import ${name}`,
        `from ${name} import x`,
        `import ${name}.part as p`,
        `def f():\n    import ${name}\nf()`,
        `try:\n    import ${name}\nexcept ImportError:\n    raise`,
        `__import__("${name}")`,
        `import importlib\nimportlib.import_module("${name}")`,
      ]
      const there = (await byPlainPython(python, [`import ${name}`])).status === 0
      const expected: Verdict['kind'] = 'unsupported'
      if (!there)
        assert.deepEqual(
          await kinds(imports),
          imports.map(() => expected),
          name,
        )
    }
  } finally {
    await verifier.dispose()
  }
})

test("a step's folder is its own: empty at first, limited, gone afterwards", async (t) => {
  for (const level of ['jail', 'landlock'] as const) {
    const verifier = await openVerifier({ level, processes: 1, cache: false }).catch((error: Error) => error.message)
    if (typeof verifier === 'string') {
      t.diagnostic(verifier)
      continue
    }
    try {
      const writes = 'import os\nopen("a.txt", "w").write("x" * 1000)\nprint(os.listdir())'
      const run = async (text: string) => (await verifier.verify([], [step(text)]))[0]!
      for (let n = 0; n < 2; n++) assert.deepEqual(await run(writes), { kind: 'ok', stdout: "['a.txt']" }, level)
      const large = await run('with open("b", "wb") as f:\n    for n in range(200):\n        f.write(bytes(1 << 20))')
      assert.equal(large.kind, 'error', `${level}: ${JSON.stringify(large)}`)
      const many = await run(
        'import time\nfor n in range(100_000):\n    with open(f"{n}", "wb") as f:\n        f.write(bytes(4_000_000))\ntime.sleep(5)',
      )
      assert.ok(many.kind === 'error' || many.kind === 'died', `${level}: ${JSON.stringify(many)}`)
      const outside = await run('open("/tmp/x-of-a-step", "w")')
      assert.equal(outside.kind, 'error', level)
    } finally {
      await verifier.dispose()
    }
  }
})
