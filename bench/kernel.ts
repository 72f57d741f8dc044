// What a person at a notebook waits for: the kernel's start, the way of one cell there and back, printing, displaying, a
// top-level loop. A real kernel process over ZeroMQ; times are seen from the client. Medians, since machines are shared.
import { readFileSync } from 'node:fs'
import { type StartedKernel, startKernelProcess } from '../kernel/client.ts'
import { median } from './train.ts'

const LOOP = 'let sum = 0\nfor (let i = 0; i < 2e7; i++) sum += i % 7\nsum'
const TYPED_CELL = Array.from(
  { length: 10 },
  (_, i) => `interface Row${i} { x: number; y?: string }
const rows${i}: Row${i}[] = Array.from({ length: 3 }, (_, x) => ({ x, y: String(x) }))
function total${i}<T extends Row${i}>(list: readonly T[]): number {
  return list.reduce((sum, { x }) => sum + x, 0)
}`,
).join('\n')

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

async function medianOf(times: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const all: number[] = []
  for (let i = 0; i < times; i++) all.push(await milliseconds(() => work(i)))
  return median(all)
}

/** Figures by name: milliseconds, megabytes, counts. `starts`: how many kernels are started. */
export async function measure({ starts = 5 } = {}): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  const startTimes: number[] = []
  for (let i = 0; i < starts; i++) {
    let started: StartedKernel | null = null
    startTimes.push(
      await milliseconds(async () => {
        started = await startKernelProcess()
      }),
    )
    await (started as StartedKernel | null)?.dispose()
  }
  figures['kernel start to first kernel_info: ms'] = median(startTimes)

  const { client, pid, dispose } = await startKernelProcess()
  await client.execute('1 + 1')
  await new Promise((resolve) => setTimeout(resolve, 800))
  const user = Number(await resultOf(client, 'process.pid'))
  figures['kernel memory when idle, both processes: MB'] = residentMb(pid) + residentMb(user)
  figures['1+1: ms'] = await medianOf(200, () => client.execute('1+1'))
  figures['50-line typed cell: ms'] = await medianOf(20, () => client.execute(TYPED_CELL))
  const complete = { code: 'Math.ma', cursor_pos: 7 }
  figures['complete, warm: ms'] = await medianOf(50, () => client.request('complete_request', complete))
  let messages = 0
  figures['10,000 printed lines: ms'] = await medianOf(5, () => {
    messages = 0
    const onOutput = ({ type }: { type: string }): void => {
      if (type === 'stream') messages += 1
    }
    return client.execute('for (let i = 0; i < 10_000; i++) console.log("line", i)', { onOutput })
  })
  figures['10,000 printed lines: messages'] = messages
  await client.execute("const big = 'y'.repeat(1e7)")
  figures['10 MB display: ms'] = await medianOf(5, () => client.execute('display(html(big))'))
  figures['top-level loop of 2e7: ms'] = await medianOf(5, () => client.execute(LOOP))
  figures['the same loop in a function: ms'] = await medianOf(5, () => client.execute(`(() => {\n${LOOP}\n})()`))
  for (let i = 0; i < 500; i++) await client.execute(`const name${i} = ${i}; function f${i}() { return name${i} }`)
  figures['1+1 after 500 declaring cells: ms'] = await medianOf(200, () => client.execute('1+1'))
  await dispose()
  return figures
}

async function resultOf(client: StartedKernel['client'], code: string): Promise<string> {
  let text = ''
  await client.execute(code, {
    onOutput: ({ type, content }) => {
      if (type === 'execute_result') text = String((content.data as Record<string, unknown>)['text/plain'])
    },
  })
  return text
}

/** Resident memory, from Linux's own account; NaN elsewhere. */
function residentMb(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}
