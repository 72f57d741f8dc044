// How many steps a second the verifier runs, through the whole path from Node to Python and back, beside one
// `python3 -c` per step. No cache takes part. Figures are for the machine and the moment; compare them within one run.
import { spawn } from 'node:child_process'
import type { Step } from '../lib/problem/problem.ts'
import { findPython } from '../lib/verify/python.ts'
import { openVerifier, type PythonVerifier } from '../lib/verify/verifier.ts'

export interface VerifyFigures {
  /** Candidates a second: groups of 8 after 4 steps, 64 groups at once, plain arithmetic. One fork server. */
  readonly plainPerSecondOneProcess: number
  /** The same with the default number of fork servers. */
  readonly plainPerSecond: number
  /** Programs a second through `run`, 5 plain steps each. */
  readonly programsPerSecond: number
  /** Steps a second that are arithmetic but not plain (a loop), each in a child of its own, 4 steps before it. */
  readonly singlesPerSecond: number
  /** Steps a second with one `python3 -c` each, two at once, the same code as the plain candidates. */
  readonly spawnPerSecond: number
  /** Steps a second that use sympy: not preloaded, preloaded; null where sympy is not installed. */
  readonly sympyPerSecond: number | null
  readonly sympyPreloadedPerSecond: number | null
  /** From the call of openVerifier to the first verdict, in milliseconds; the interpreter is known. */
  readonly firstVerdictMs: number
}

const WIDTH = 8
const CONCURRENCY = 64

/** Measures all of it. `seconds`: how long each rate is measured, default 1.5. */
export async function measureVerifier({ seconds = 1.5 }: { seconds?: number } = {}): Promise<VerifyFigures> {
  const python = await findPython()
  const opened = performance.now()
  const first = await openVerifier({ cache: false })
  await first.verify([], [step('print(1 + 1)')])
  const firstVerdictMs = performance.now() - opened
  const plain = (verifier: PythonVerifier) =>
    rate(seconds, CONCURRENCY, async (index) => {
      const verdicts = await verifier.verify(prefix(index), candidates(index))
      expectOk(verdicts)
      return verdicts.length
    })
  const one = await openVerifier({ cache: false, processes: 1 })
  const plainPerSecondOneProcess = await plain(one)
  await one.dispose()
  const plainPerSecond = await plain(first)
  const programsPerSecond = await rate(seconds, 4, async (index) => {
    const programs = Array.from({ length: 64 }, (_, k) => [...prefix(index + k), candidates(index + k)[k % WIDTH]!])
    expectOk(await first.run(programs))
    return programs.length
  })
  const singlesPerSecond = await rate(seconds, 8, async (index) => {
    expectOk(await first.verify(prefix(index), [step(`for i in range(3):\n    a = a + ${index}\nprint(a)`)]))
    return 1
  })
  const spawnPerSecond = await rate(seconds, 2, async (index) => {
    const code = [...prefix(index), candidates(index)[index % WIDTH]!].map(({ text }) => text).join('\n')
    await spawnOnce(python.path, code)
    return 1
  })
  const [probe] = await first.verify([], [step('import sympy')])
  const hasSympy = probe!.kind === 'ok'
  const sympyPerSecond = hasSympy ? await sympyRate(first, seconds) : null
  await first.dispose()
  let sympyPreloadedPerSecond: number | null = null
  if (hasSympy) {
    const preloaded = await openVerifier({ cache: false, preload: ['sympy'] })
    sympyPreloadedPerSecond = await sympyRate(preloaded, seconds)
    await preloaded.dispose()
  }
  return {
    plainPerSecondOneProcess,
    plainPerSecond,
    programsPerSecond,
    singlesPerSecond,
    spawnPerSecond,
    sympyPerSecond,
    sympyPreloadedPerSecond,
    firstVerdictMs,
  }
}

const step = (text: string): Step => ({ text, final: false })

const prefix = (seed: number): Step[] => [
  step(`# Tom has ${seed} apples and buys 5 more\na = ${seed} + 5`),
  step('# He gives 3 of them away\nb = a - 3'),
  step('# Each of the rest costs 4 dollars\nc = b * 4'),
  step('# Half of that is a discount\nd = c / 2'),
]

const candidates = (seed: number): Step[] =>
  Array.from({ length: WIDTH }, (_, k) =>
    step(`# The rest is shared by ${k + 2} friends\ne = d / ${k + 2} + ${seed}\nprint(e)`),
  )

const sympyRate = (verifier: PythonVerifier, seconds: number): Promise<number> =>
  rate(seconds, 2, async (index) => {
    const code = `import sympy\nx = sympy.Symbol('x')\nprint(sympy.diff(x**${(index % 50) + 2} * sympy.sin(x), x))`
    expectOk(await verifier.verify([], [step(code)]))
    return 1
  })

function expectOk(verdicts: readonly { kind: string }[]): void {
  const other = verdicts.find(({ kind }) => kind !== 'ok')
  if (other) throw new Error(`Expected every benchmark step to run, got ${JSON.stringify(other)}`)
}

/** Units of work a second, with `concurrency` calls of `work` always under way. `work` gets a number of its own. */
async function rate(seconds: number, concurrency: number, work: (index: number) => Promise<number>): Promise<number> {
  let next = 0
  let done = 0
  const start = performance.now()
  const workers = Array.from({ length: concurrency }, async () => {
    while (performance.now() - start < seconds * 1000) {
      const units = await work(next++)
      done += units
    }
  })
  await Promise.all(workers)
  return done / ((performance.now() - start) / 1000)
}

function spawnOnce(python: string, code: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-c', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.resume()
    child.on('error', reject)
    child.on('close', (exit) => (exit === 0 ? resolve() : reject(new Error(`Expected exit 0, got ${exit}`))))
  })
}
