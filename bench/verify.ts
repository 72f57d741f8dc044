// How many untrusted steps a second the verifier runs, and how long each takes, through the whole path from Node to Python
// and back, beside one `python3 -c` for each step. No cache takes part. Figures are for the machine and the moment; the
// ratios travel better.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Step } from '../lib/problem/problem.ts'
import { openVerifier, type PythonVerifier, type VerifierStats } from '../lib/verify/verifier.ts'
import { aimed, type Figure, median, plain } from './figure.ts'
import { type Arm, type Measured, takeTurns } from './turns.ts'
import { arithmetic, plainCandidates, plainPrefix, sympy, sympyCandidates, sympyChain, WIDTH } from './verify-steps.ts'

export interface VerifyBenchOptions {
  /** Seconds for each arm in each turn. @default 1.5 */
  readonly seconds?: number
  /** Turns. From 1 up. @default 4 */
  readonly turns?: number
}

/** Executions under way that keep all cores busy; more would only wait longer. */
const SATURATING = availableParallelism()
const GROUPS_AT_ONCE = 64
const STARTS = 5
/** Waiting processes a server: one for each step of a chain, and some of the chain before. */
const CHECKPOINTS = 12

/** All figures, with their targets; those of sympy only where it is installed. */
export async function verifierFigures({ seconds = 1.5, turns = 4 }: VerifyBenchOptions = {}): Promise<Figure[]> {
  const starts = await firstVerdicts(STARTS)
  const verifier = await openVerifier({ cache: false })
  const keeping = await openVerifier({ cache: false, checkpoints: CHECKPOINTS })
  try {
    const stats = verifier.stats()
    const arms = armsOf(verifier, stats.python.path)
    if (stats.isolation.sympy === null) {
      const done = await takeTurns(arms, { seconds, turns })
      return [...arithmeticFigures(done, stats), startFigure(starts)]
    }
    for (const each of [verifier, keeping]) await startSympy(each)
    const done = await takeTurns({ ...arms, ...sympyArmsOf(verifier, keeping) }, { seconds, turns })
    return [...arithmeticFigures(done, stats), ...sympyFigures(done, stats), startFigure(starts)]
  } finally {
    await verifier.dispose()
    await keeping.dispose()
  }
}

function armsOf(verifier: PythonVerifier, python: string) {
  let next = 1
  return {
    groups: {
      atOnce: GROUPS_AT_ONCE,
      work: async () => {
        const seed = next++
        expectOk(await verifier.verify(plainPrefix(seed), plainCandidates(seed)))
        return WIDTH
      },
    },
    arithmetic: { atOnce: SATURATING, work: () => single(verifier, arithmetic(next++)) },
    arithmeticAlone: { atOnce: 1, work: () => single(verifier, arithmetic(next++)) },
    arithmeticPeer: { atOnce: SATURATING, work: () => spawnOnce(python, arithmetic(next++)) },
  } satisfies Record<string, Arm>
}

function sympyArmsOf(verifier: PythonVerifier, keeping: PythonVerifier) {
  const python = verifier.stats().python.path
  let next = 1
  return {
    sympy: { atOnce: SATURATING, work: () => single(verifier, sympy(next++)) },
    sympyAlone: { atOnce: 1, work: () => single(verifier, sympy(next++)) },
    sympyPeer: { atOnce: SATURATING, work: () => spawnOnce(python, sympy(next++)) },
    rerun: { atOnce: SATURATING, work: () => afterChain(verifier, next++) },
    kept: { atOnce: SATURATING, work: () => afterChain(keeping, next++) },
    rerunAll: { atOnce: SATURATING, work: () => growChain(verifier, next++) },
    keptAll: { atOnce: SATURATING, work: () => growChain(keeping, next++) },
  } satisfies Record<string, Arm>
}

type Done<Arms extends (...given: never[]) => unknown> = Record<keyof ReturnType<Arms>, Measured>

function arithmeticFigures(done: Done<typeof armsOf>, stats: VerifierStats): Figure[] {
  const { groups, arithmetic, arithmeticAlone, arithmeticPeer } = done
  return [
    rate(
      'plain arithmetic steps in groups of 8',
      groups,
      2_000,
      `${GROUPS_AT_ONCE} groups at once, 4 steps before each`,
    ),
    ...singlyFigures('arithmetic steps', { busy: arithmetic, alone: arithmeticAlone, peer: arithmeticPeer }, stats, {
      perSecond: 300,
      p99: 25,
      ratio: 5,
    }),
  ]
}

function sympyFigures(done: Done<typeof sympyArmsOf>, stats: VerifierStats): Figure[] {
  const { sympy, sympyAlone, sympyPeer, rerun, kept, rerunAll, keptAll } = done
  const singly = { busy: sympy, alone: sympyAlone, peer: sympyPeer }
  const how = '8 candidates after 8 steps that build on each other and ran nowhere before'
  const all = 'the same chain as it grows: 8 candidates after each of its steps'
  const ratio = (one: Measured, other: Measured) => one.perSecond / other.perSecond
  return [
    ...singlyFigures(`sympy ${stats.isolation.sympy} steps`, singly, stats, { perSecond: 60, p99: 100, ratio: 15 }),
    rate('sympy steps after 8, run again', rerun, null, how),
    rate(
      'sympy steps after 8, kept waiting',
      kept,
      null,
      `${how}; ${CHECKPOINTS} processes wait in each server at most`,
    ),
    aimed(
      { ...of('checkpoints at depth 8'), measured: ratio(kept, rerun), unit: 'ratio', how: 'the two above' },
      'at least 2',
      (times) => times >= 2,
    ),
    cpu('sympy steps after 8, run again', rerun),
    cpu('sympy steps after 8, kept waiting', kept),
    plain({ ...of('checkpoints at depths 1 to 8'), measured: ratio(keptAll, rerunAll), unit: 'ratio', how: all }),
  ]
}

interface Singly {
  readonly busy: Measured
  readonly alone: Measured
  readonly peer: Measured
}

/** Each step in a process of its own: how many, how long, beside the peer. */
function singlyFigures(
  what: string,
  { busy, alone, peer }: Singly,
  { isolation, python }: VerifierStats,
  targets: { readonly perSecond: number; readonly p99: number; readonly ratio: number },
): Figure[] {
  const under = `level ${isolation.level}, ${SATURATING} at once`
  const latency = (figure: string, measured: number, how: string, target: number | null) =>
    target === null
      ? plain({ ...of(figure), measured, unit: 'ms', how })
      : aimed({ ...of(figure), measured, unit: 'ms', how }, `under ${target}`, (ms) => ms < target)
  return [
    rate(`${what} singly`, busy, targets.perSecond, under),
    latency(`${what} singly, p50`, busy.latencyMs(0.5), under, null),
    latency(`${what} singly, p99`, busy.latencyMs(0.99), `${under}, ${busy.calls} runs`, targets.p99),
    latency(`${what} alone, p50`, alone.latencyMs(0.5), 'one at a time', null),
    latency(`${what} alone, p99`, alone.latencyMs(0.99), `one at a time, ${alone.calls} runs`, targets.p99),
    cpu(`${what} singly`, busy),
    rate(`${what} by python3 -c`, peer, null, `the peer: ${python.path}, ${SATURATING} at once`),
    cpu(`${what} by python3 -c`, peer),
    aimed(
      {
        ...of(`${what} beside python3 -c`),
        measured: busy.perSecond / peer.perSecond,
        unit: 'ratio',
        how: 'the two above',
      },
      `at least ${targets.ratio}`,
      (ratio) => ratio >= targets.ratio,
    ),
  ]
}

/** What one step costs, whatever else the machine does meanwhile. */
const cpu = (figure: string, { cpuMs }: Measured): Figure =>
  plain({ ...of(`${figure}, CPU time`), measured: cpuMs, unit: 'ms', how: 'of one step, all processes, Node included' })

const startFigure = (starts: readonly number[]): Figure =>
  aimed(
    {
      ...of('first verdict after start'),
      measured: median(starts),
      unit: 'ms',
      how: `Node itself included, of ${STARTS}`,
    },
    'at most 500',
    (ms) => ms <= 500,
  )

const of = (figure: string) => ({ bench: 'verify', figure })

function rate(figure: string, { perSecond }: Measured, least: number | null, how: string): Figure {
  const given = { ...of(figure), measured: perSecond, unit: '1/s', how } as const
  return least === null
    ? plain(given)
    : aimed(given, `at least ${least.toLocaleString('en')}`, (measured) => measured >= least)
}

async function single(verifier: PythonVerifier, code: Step): Promise<number> {
  expectOk(await verifier.verify([], [code]))
  return 1
}

/** Verifies candidates after the whole of a chain. */
async function afterChain(verifier: PythonVerifier, seed: number): Promise<number> {
  const siblings = sympyCandidates(seed)
  expectOk(await verifier.verify(sympyChain(seed), siblings))
  return siblings.length
}

/** Verifies a chain as a search would: each step with its siblings, after those before it. */
async function growChain(verifier: PythonVerifier, seed: number): Promise<number> {
  const chain = sympyChain(seed)
  expectOk(await verifier.verify([], chain.slice(0, 1)))
  for (let depth = 1; depth < chain.length; depth++) {
    const siblings = sympyCandidates(seed + depth).slice(1)
    expectOk(await verifier.verify(chain.slice(0, depth), [chain[depth]!, ...siblings]))
  }
  return 1 + (chain.length - 1) * WIDTH + (await afterChain(verifier, seed))
}

/** Has every server for sympy started and used once. */
async function startSympy(verifier: PythonVerifier): Promise<void> {
  for (let round = 0; round < 3; round++)
    await Promise.all(Array.from({ length: 8 }, (_, k) => single(verifier, sympy(100_000 + 8 * round + k))))
}

function expectOk(verdicts: readonly { kind: string }[]): void {
  const other = verdicts.find(({ kind }) => kind !== 'ok')
  if (other) throw new Error(`Expected every benchmark step to run, got ${JSON.stringify(other)}`)
}

/** Milliseconds from the start of a fresh Node process to its first verdict, everything found out anew. */
async function firstVerdicts(times: number): Promise<number[]> {
  const module = pathToFileURL(join(import.meta.dirname, '../lib/verify/verifier.js')).href
  const script = `const { openVerifier } = await import(${JSON.stringify(module)})
const verifier = await openVerifier({ cache: false })
const [{ kind }] = await verifier.verify([], [{ text: 'print(1 + 1)', final: false }])
const ms = performance.now() // since this process began
await verifier.dispose()
if (kind === 'ok') console.log(ms)`
  const all: number[] = []
  for (let i = 0; i < times; i++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [[text], [code]] = await Promise.all([once(child.stdout, 'data') as Promise<[Buffer]>, once(child, 'exit')])
    if (code !== 0) throw new Error(`Expected a fresh verifier to give a verdict, got exit ${code}`)
    all.push(Number(text.toString()))
  }
  return all
}

function spawnOnce(python: string, { text }: Step): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-c', text], { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.resume()
    child.on('error', reject)
    child.on('close', (exit) => (exit === 0 ? resolve(1) : reject(new Error(`Expected exit 0, got ${exit}`))))
  })
}
