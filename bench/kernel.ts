// What a person at a notebook waits for, seen from a client over ZeroMQ: the kernel's start, the way of one cell there and
// back, printing, displaying, a top-level loop. The same for the other kernels that are installed. Medians, since machines
// are shared. A kernel that hangs costs only the figure that it hung at: it is ended, and a new one goes on.
import { execFileSync } from 'node:child_process'
import { type StartedKernel, startKernelProcess } from '../kernel/notebook/kernel-process.ts'
import { within } from '../kernel/protocol/patience.ts'
import { aimed, type Figure, median, plain, type Unit } from './figure.ts'
import { LOOP, OURS, otherKernels, type Peer } from './kernel-peers.ts'
import { treeMb } from './process-tree.ts'

/** How often each is measured. */
const STARTS = 5
const SHORT = 200
const LONG = 5
const DECLARING = 500
const LINES = 10_000
/** A start, a cell or an end that takes longer is given up, in milliseconds. */
const PATIENCE_MS = 30_000
/** Some kernels do not answer what a page asks first, in milliseconds. */
const PAGE_MS = 1000
/** The type checker has read its libraries by then, in milliseconds. */
const WARM_MS = 4000

/** All figures, our own first. `log` hears which kernel is measured, and which are not installed. */
export async function kernelFigures({ log }: { log: (line: string) => void }): Promise<Figure[]> {
  log(OURS.name)
  const own = await measure(OURS)
  const figures = [...own]
  for (const [name, peer] of Object.entries(otherKernels())) {
    log(peer === null ? `${name}: not installed` : name)
    if (peer !== null) figures.push(...(await measure(peer)))
    else for (const { figure, unit, how } of own) figures.push(absent({ figure, unit, how, of: name }, 'not installed'))
  }
  return figures
}

/** What came of a measurement: a number, or why there is none. */
type Measured = number | string

async function measure(peer: Peer): Promise<Figure[]> {
  const { name, cells } = peer
  const isOurs = peer === OURS
  const figures: Figure[] = []
  const add = (figure: string, unit: Unit, measured: Measured, limit: number | null, how: string): void => {
    const given = { bench: 'kernel', figure, of: name, unit, how }
    if (typeof measured === 'string') figures.push(absent(given, measured))
    else if (limit === null || !isOurs) figures.push(plain({ ...given, measured }))
    else {
      const target = `at most ${limit.toLocaleString('en')}`
      figures.push(aimed({ ...given, measured }, target, (value) => value <= limit))
    }
  }
  const kernel = patient(peer)
  const each = (times: number, code: string): Promise<Measured> => kernel.timed(times, (live) => live.execute(code))

  add('start to kernel_info', 'ms', await kernel.starts(), 350, 'cold process, first reply')
  await kernel.pause(800)
  add('memory when idle', 'MB', await kernel.memory(), 200, 'all processes, before the first cell')
  // As a page does when it opens: a program that executes notebooks is answered after the types of a cell were checked.
  await kernel.timed(1, (live) => within(PAGE_MS, live.request('comm_info_request', {})))
  await each(1, '1 + 1')
  await kernel.pause(WARM_MS)
  add('memory after a cell', 'MB', await kernel.memory(), null, 'all processes, type checker included')
  const first = await each(SHORT, '1+1')
  add('1+1', 'ms', first, 2, `median of ${SHORT}`)
  add('50-line typed cell', 'ms', await each(20, cells.typed), 6, 'run and answered')
  await kernel.pause(isOurs ? WARM_MS : 0) // the checker reads what was run
  const complete = { code: cells.completion, cursor_pos: cells.completion.length }
  const completion = await kernel.timed(50, (live) => live.request('complete_request', complete))
  add('completion, warm', 'ms', completion, 5, 'types and live values')
  const loop = await each(3, cells.loop)
  add('top-level loop of 2·10⁷', 'ms', loop, null, 'median of 3')
  const alone = plainLoop()
  const slower = cells.loop === LOOP ? ratio(loop, alone) : 'another language'
  add('top-level loop beside plain Node', 'ratio', slower, 1.2, `node -e takes ${Math.round(alone)} ms`)
  const growth = await kernel.timed(1, async (live) => {
    for (let i = 0; i < DECLARING; i++) await live.execute(cells.declare(i))
  })
  await kernel.pause(WARM_MS) // as before the first
  const last = typeof growth === 'string' ? growth : await each(SHORT, '1+1')
  add(`1+1 after ${DECLARING} declaring cells`, 'ratio', ratio(last, first), 1.5, 'beside the first')
  await each(1, cells.make10MB)
  add('10 MB display', 'ms', await each(LONG, cells.show10MB), 80, 'HTML text')
  const printed = await print(kernel, cells.print)
  add('10,000 printed lines', 'ms', printed.ms, 60, 'until idle')
  add('10,000 printed lines: come before idle', 'count', printed.lines, null, 'fewest of all runs')
  add('10,000 printed lines: messages', 'count', printed.messages, 20, 'of the last run')
  await kernel.end()
  return figures
}

const absent = (given: Omit<Parameters<typeof plain>[0], 'bench' | 'measured'>, missing: string): Figure =>
  plain({ bench: 'kernel', ...given, measured: null, missing })

const ratio = (of: Measured, to: Measured): Measured =>
  typeof of === 'string' ? of : typeof to === 'string' ? to : of / to

/** Prints the lines some times, and counts what has come when the kernel says that it is idle. */
async function print(kernel: PatientKernel, code: string): Promise<Record<'ms' | 'lines' | 'messages', Measured>> {
  let [lines, messages] = [LINES, 0]
  const ms = await kernel.timed(LONG, async (live) => {
    let count = 0
    messages = 0
    const stop = live.onPublished(({ type, content }) => {
      if (type !== 'stream') return
      messages += 1
      count += String(content.text).split('\n').length - 1
    })
    await live.execute(code)
    stop()
    lines = Math.min(lines, count)
  })
  return typeof ms === 'string' ? { ms, lines: ms, messages: ms } : { ms, lines, messages }
}

/** A kernel that is replaced when it hangs. */
interface PatientKernel {
  /** Median time of cold starts, in milliseconds; the last kernel stays. */
  starts(): Promise<Measured>
  /** Median time of `work`, in milliseconds. */
  timed(times: number, work: (live: StartedKernel['client']) => Promise<unknown>): Promise<Measured>
  /** Resident memory of all its processes, in MB. */
  memory(): Promise<Measured>
  pause(ms: number): Promise<void>
  end(): Promise<void>
}

function patient({ argv }: Peer): PatientKernel {
  let running: StartedKernel | null = null
  const started = async (): Promise<StartedKernel | null> => {
    try {
      running ??= await startKernelProcess({ ...(argv && { argv }), patienceMs: PATIENCE_MS })
    } catch (error) {
      process.stderr.write(`  ${(error as Error).message}\n`)
    }
    return running
  }
  const end = async (): Promise<void> => {
    if (running === null) return
    await within(PATIENCE_MS, running.dispose())
    killGroup(running.pid)
    running = null
  }
  return {
    end,
    async starts() {
      const times: number[] = []
      for (let i = 0; i < STARTS; i++) {
        await end()
        const before = performance.now()
        if ((await started()) === null) return 'does not start'
        times.push(performance.now() - before)
      }
      return median(times)
    },
    async timed(times, work) {
      const live = await started()
      if (live === null) return 'does not start'
      const all: number[] = []
      for (let i = 0; i < times; i++) {
        const before = performance.now()
        const done = await within(
          PATIENCE_MS,
          work(live.client).then(() => true),
        )
        all.push(performance.now() - before)
        if (done !== null) continue
        killGroup(live.pid)
        await end()
        return 'hangs'
      }
      return median(all)
    },
    async memory() {
      const live = await started()
      return live === null ? 'does not start' : Math.round(treeMb(live.pid))
    },
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  }
}

/** A kernel leads a group of processes, all of which go: some commands only start the kernel itself. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it has ended
  }
}

/** The loop of a cell as a program of its own, in milliseconds. */
function plainLoop(): number {
  const program = `const started = performance.now()\n${LOOP}\nconsole.log(performance.now() - started)`
  const run = (): number => Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }))
  return median([run(), run(), run()])
}
