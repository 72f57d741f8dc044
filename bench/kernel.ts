// What a person at a notebook waits for, seen from a client over ZeroMQ: the kernel's start, the way of one cell there and
// back, printing, displaying, a top-level loop. The same for ipykernel and tslab where they are installed. Medians, since
// machines are shared.
import { execFileSync } from 'node:child_process'
import { type StartOptions, startKernelProcess } from '../kernel/client.ts'
import { within } from '../kernel/patience.ts'
import { aimed, type Figure, median, plain, type Unit } from './figure.ts'
import { treeMb } from './process-tree.ts'

/** A kernel, and the same cells in its language. */
interface Peer {
  readonly name: string
  /** @default our own */
  readonly argv?: readonly string[]
  readonly cells: Cells
}

interface Cells {
  readonly typed: string
  readonly completion: string
  readonly print: string
  readonly make10MB: string
  readonly show10MB: string
  readonly loop: string
  readonly declare: (i: number) => string
}

const LOOP = 'let sum = 0\nfor (let i = 0; i < 2e7; i++) sum += i % 7\nsum'

const TYPESCRIPT: Cells = {
  typed: Array.from(
    { length: 10 },
    (_, i) => `interface Row${i} { x: number; y?: string }
const rows${i}: Row${i}[] = Array.from({ length: 3 }, (_, x) => ({ x, y: String(x) }))
function total${i}<T extends Row${i}>(list: readonly T[]): number {
  return list.reduce((sum, { x }) => sum + x, 0)
}`,
  ).join('\n'),
  completion: 'Math.ma',
  print: 'for (let i = 0; i < 10_000; i++) console.log("line", i)',
  make10MB: "const big = 'y'.repeat(1e7)",
  show10MB: 'display(html(big))',
  loop: LOOP,
  declare: (i) => `const name${i} = ${i}; function f${i}() { return name${i} }`,
}

const TSLAB: Cells = {
  ...TYPESCRIPT,
  make10MB: "import * as tslab from 'tslab'\nconst big = 'y'.repeat(1e7)",
  show10MB: 'tslab.display.html(big)',
}

const PYTHON: Cells = {
  typed: Array.from(
    { length: 10 },
    (_, i) => `class Row${i}:
  x: int
rows${i}: list[dict[str, object]] = [{'x': x, 'y': str(x)} for x in range(3)]
def total${i}(items: list[dict[str, int]]) -> int:
  return sum(one['x'] for one in items)`,
  ).join('\n'),
  completion: 'import math; math.co',
  print: 'for i in range(10_000): print("line", i)',
  make10MB: "from IPython.display import HTML\nbig = 'y' * 10_000_000",
  show10MB: 'display(HTML(big))',
  loop: 'total = 0\nfor i in range(20_000_000): total += i % 7\ntotal',
  declare: (i) => `name${i} = ${i}\ndef f${i}(): return name${i}`,
}

/** How often each is measured. */
const STARTS = 5
const SHORT = 200
const LONG = 5
/** A cell that takes longer is given up, and what follows is not measured, in milliseconds. */
const PATIENCE_MS = 30_000
/** The type checker has read its libraries by then, in milliseconds. */
const WARM_MS = 4000

/** All figures. `log` hears which kernels are not installed. */
export async function kernelFigures({ log }: { log: (line: string) => void }): Promise<Figure[]> {
  const figures = await measure({ name: 'asterism', cells: TYPESCRIPT })
  figures.push(plainLoop())
  for (const [name, peer] of Object.entries({ ipykernel: ipykernel(), tslab: tslab() })) {
    if (peer === null) log(`${name}: not installed, skipped`)
    else figures.push(...(await measure(peer)))
  }
  return figures
}

async function measure({ name, argv, cells }: Peer): Promise<Figure[]> {
  const isOurs = argv === undefined
  const options: StartOptions = isOurs ? {} : { argv }
  const figures: Figure[] = []
  const add = (figure: string, measured: number | null, unit: Unit, limit: number | null, how: string): void => {
    const given = { bench: 'kernel', figure, of: name, measured, unit, how }
    const target = limit === null || !isOurs ? null : `at most ${limit.toLocaleString('en')}`
    figures.push(target === null ? plain(given) : aimed(given, target, (value) => Number(value) <= (limit as number)))
  }

  const starts: number[] = []
  for (let i = 0; i < STARTS; i++) {
    const started = performance.now()
    const kernel = await startKernelProcess(options)
    starts.push(performance.now() - started)
    await kernel.dispose()
  }
  add('start to kernel_info', median(starts), 'ms', 350, 'cold process, first reply')

  const kernel = await startKernelProcess(options)
  const { client, pid } = kernel
  let isHanging = false
  const timed = async (times: number, work: (i: number) => Promise<unknown>): Promise<number | null> => {
    const all: number[] = []
    for (let i = 0; i < times && !isHanging; i++) {
      const started = performance.now()
      isHanging =
        (await within(
          PATIENCE_MS,
          work(i).then(() => true),
        )) === null
      all.push(performance.now() - started)
    }
    return isHanging ? null : median(all)
  }
  try {
    await pause(800)
    add('memory when idle', Math.round(treeMb(pid)), 'MB', 200, 'all processes, before the first cell')
    await timed(1, () => client.execute('1 + 1'))
    await pause(WARM_MS)
    add('memory after a cell', Math.round(treeMb(pid)), 'MB', null, 'all processes, type checker included')
    const first = await timed(SHORT, () => client.execute('1+1'))
    add('1+1', first, 'ms', 2, `median of ${SHORT}`)
    add('50-line typed cell', await timed(20, () => client.execute(cells.typed)), 'ms', null, 'run and answered')
    await pause(isOurs ? WARM_MS : 0) // the checker reads what was run
    const complete = { code: cells.completion, cursor_pos: cells.completion.length }
    const completion = await timed(50, () => client.request('complete_request', complete))
    add('completion, warm', completion, 'ms', 5, 'types and live values')
    let messages = 0
    const printed = await timed(LONG, async () => {
      messages = 0
      await client.execute(cells.print, { onOutput: ({ type }) => void (type === 'stream' && messages++) })
    })
    add('10,000 printed lines', printed, 'ms', 60, 'all before idle')
    add('10,000 printed lines, messages', printed === null ? null : messages, 'count', 20, 'of the last run')
    await timed(1, () => client.execute(cells.make10MB))
    add('10 MB display', await timed(LONG, () => client.execute(cells.show10MB)), 'ms', 80, 'HTML text')
    const loop = await timed(3, () => client.execute(cells.loop))
    add('top-level loop of 2·10⁷', loop, 'ms', null, 'median of 3')
    for (let i = 0; i < 500 && !isHanging; i++) await timed(1, () => client.execute(cells.declare(i)))
    const last = await timed(SHORT, () => client.execute('1+1'))
    const growth = first === null || last === null ? null : last / first
    add('1+1 after 500 declaring cells', growth, 'ratio', 1.5, 'beside the first')
  } finally {
    if (isHanging) process.kill(pid, 'SIGKILL')
    await kernel.dispose()
  }
  return figures
}

/** The loop of a cell, as a program of its own. */
function plainLoop(): Figure {
  const program = `const started = performance.now()\n${LOOP}\nconsole.log(performance.now() - started)`
  const times = [1, 2, 3].map(() => Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })))
  const given = { bench: 'kernel', figure: 'top-level loop of 2·10⁷', of: 'plain Node', unit: 'ms' as const }
  return plain({ ...given, measured: median(times), how: 'node -e' })
}

function ipykernel(): Peer | null {
  const python = ['python3', '/usr/bin/python3'].find((each) => runs(each, ['-c', 'import ipykernel']))
  if (python === undefined) return null
  return {
    name: 'ipykernel',
    argv: [python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'],
    cells: PYTHON,
  }
}

const tslab = (): Peer | null =>
  runs('tslab', ['--version'])
    ? { name: 'tslab', argv: ['tslab', 'kernel', '--config-path', '{connection_file}'], cells: TSLAB }
    : null

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false // not there, or without the package
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
