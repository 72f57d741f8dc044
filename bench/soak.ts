// Whether a verifier that works for long grows: memory, descriptors and processes at rest, after every tenth of many
// executions of all kinds. No server is replaced meanwhile, which would hide it. Linux only.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Step } from '../lib/problem/problem.ts'
import type { Verdict } from '../lib/verify/verdict.ts'
import { openVerifier, type PythonVerifier } from '../lib/verify/verifier.ts'
import { aimed, type Figure, median, plain } from './figure.ts'
import { treeMb } from './process-tree.ts'
import { arithmetic, plainCandidates, plainPrefix, step, sympy, WIDTH } from './verify-steps.ts'

export interface SoakOptions {
  /** Executions in all. Minimum: 1000. @default 100000 */
  readonly executions?: number
  readonly log: (line: string) => void
}

/** What the verifier holds while nothing runs. */
interface Rest {
  /** Resident memory of Node, what its objects take of it, and resident memory of the servers and whatever is below them. */
  readonly nodeMb: number
  readonly heapMb: number
  readonly serversMb: number
  /** Open descriptors of Node, and of the servers and whatever is below them. */
  readonly nodeDescriptors: number
  readonly serverDescriptors: number
  /** Servers and whatever is below them. */
  readonly processes: number
}

const LOOKS = 10
const AT_ONCE = 4
/** Of a thousand executions: alone, with sympy, and one that runs out of time; the rest are plain, in groups of 8. */
const ALONE = 200
const WITH_SYMPY = 30
const LIMITS = { cpuMs: 1_000, wallMs: 30_000 }
/** What a heap may gain between its collections, and an allocator by its holes. */
const SPARE_MB = 16

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (() => void) | undefined

export async function soakFigures({ executions = 100_000, log }: SoakOptions): Promise<Figure[]> {
  if (!existsSync('/proc/self/fd')) throw new Error('Expected Linux to look at processes with, found no /proc')
  const verifier = await openVerifier({ cache: false, recycleAfter: Number.MAX_SAFE_INTEGER, limits: LIMITS })
  try {
    const hasSympy = verifier.isolation.sympy !== null
    await thousand(verifier, 0, hasSympy) // starts what is started when first needed
    const rests: Rest[] = []
    const began = verifier.executions
    for (let look = 1; look <= LOOKS; look++) {
      while (verifier.executions - began < (executions * look) / LOOKS)
        await thousand(verifier, verifier.executions, hasSympy)
      await sleep(300)
      collect?.() // else the memory of Node tells when it last did so by itself
      rests.push(atRest(verifier))
      log(`${(verifier.executions - began).toLocaleString('en')} executions: ${told(rests.at(-1)!)}`)
    }
    return figuresOf(rests, verifier)
  } finally {
    await verifier.dispose()
  }
}

async function thousand(verifier: PythonVerifier, from: number, hasSympy: boolean): Promise<void> {
  const jobs: (() => Promise<void>)[] = []
  const expected = (kind: Verdict['kind'], steps: readonly Step[], candidates: readonly Step[]) => async () => {
    const wrong = (await verifier.verify(steps, candidates)).find((verdict) => verdict.kind !== kind)
    if (wrong) throw new Error(`Expected every step to be ${kind}, got ${JSON.stringify(wrong)}`)
  }
  const alone = (n: number): (() => Promise<void>) => {
    if (n % 10 === 0) return expected('error', [], [step(`import math\nprint(math.sqrt(-${n + 1}))`)])
    return expected('ok', [], [arithmetic(n)])
  }
  const sympyShare = hasSympy ? WITH_SYMPY : 0
  for (let n = 0; n < ALONE; n++) jobs.push(alone(from + n))
  for (let n = 0; n < sympyShare; n++) jobs.push(expected('ok', [], [sympy(from + n)]))
  jobs.push(expected('timeout', [], [step(`# ${from}\nwhile True:\n    pass`)]))
  const groups = Math.ceil((1_000 - ALONE - sympyShare - 1) / WIDTH)
  for (let n = 0; n < groups; n++) jobs.push(expected('ok', plainPrefix(from + n), plainCandidates(from + n)))
  let next = 0
  const work = async () => {
    while (next < jobs.length) await jobs[next++]!()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

function atRest(verifier: PythonVerifier): Rest {
  const { pids } = verifier.stats()
  const all = pids.flatMap(withDescendants)
  const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length
  return {
    nodeMb: process.memoryUsage.rss() / 2 ** 20,
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
    serversMb: pids.reduce((sum, pid) => sum + treeMb(pid), 0),
    nodeDescriptors: descriptors(process.pid),
    serverDescriptors: all.reduce((sum, pid) => sum + descriptors(pid), 0),
    processes: all.length,
  }
}

function withDescendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return [pid, ...children.flatMap((child) => withDescendants(Number(child)))]
}

const told = ({ nodeMb, heapMb, serversMb, nodeDescriptors, serverDescriptors, processes }: Rest): string =>
  `Node ${nodeMb.toFixed(1)} MB, objects ${heapMb.toFixed(1)} MB, ${nodeDescriptors} descriptors; ` +
  `${processes} processes below ${serversMb.toFixed(1)} MB, ${serverDescriptors} descriptors`

function figuresOf(rests: readonly Rest[], verifier: PythonVerifier): Figure[] {
  const { deaths, isolation } = verifier.stats()
  const how = `level ${isolation.level}, at rest, after each tenth of ${verifier.executions.toLocaleString('en')} executions`
  const given = (figure: string, of: (rest: Rest) => number) => ({
    bench: 'soak',
    figure,
    measured: rests.map(of),
    how,
  })
  const noMore = (figure: string, of: (rest: Rest) => number) =>
    aimed({ ...given(figure, of), unit: 'count' }, 'no more than at first', (all) => all.at(-1)! <= all[0]!)
  // the middle of three looks: one of them may fall just before a collection
  const steady = (figure: string, of: (rest: Rest) => number) =>
    aimed(
      { ...given(figure, of), unit: 'MB' },
      `less than ${SPARE_MB} more than at first`,
      (all) => median(all.slice(-3)) < median(all.slice(0, 3)) + SPARE_MB,
    )
  return [
    steady('memory of Node', ({ nodeMb }) => nodeMb),
    steady('objects of Node', ({ heapMb }) => heapMb),
    steady('memory of the servers', ({ serversMb }) => serversMb),
    noMore('descriptors of Node', ({ nodeDescriptors }) => nodeDescriptors),
    noMore('descriptors of the servers', ({ serverDescriptors }) => serverDescriptors),
    noMore('processes', ({ processes }) => processes),
    plain({ bench: 'soak', figure: 'servers that died', measured: deaths, unit: 'count', how }),
  ]
}
