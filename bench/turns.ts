// Measures several ways of work against each other: they take turns, so that what else the machine does meets all alike.
// Their CPU time is told too, which depends less on that.
import { treeCpuMs } from './process-tree.ts'

/** One way of work. */
export interface Arm {
  /** Calls that are under way at once. From 1 up. */
  readonly atOnce: number
  /** Does some work. Result: how many units it was. */
  work(): Promise<number>
}

/** What an arm has done in all its turns. */
export interface Measured {
  readonly perSecond: number
  /** Milliseconds of the call that is slower than this share of all calls, in [0, 1]. */
  latencyMs(share: number): number
  readonly calls: number
  /** CPU time of one unit, of this process and all below it, in milliseconds; null where the system does not tell. */
  readonly cpuMs: number | null
}

/** `seconds`: how long each arm works in each of the `turns`. Errors: those of the arms. */
export async function takeTurns<Name extends string>(
  arms: Readonly<Record<Name, Arm>>,
  { seconds, turns }: { readonly seconds: number; readonly turns: number },
): Promise<Record<Name, Measured>> {
  const names = Object.keys(arms) as Name[]
  const totals = names.map(() => ({ units: 0, seconds: 0, cpuMs: 0, latencies: [] as number[] }))
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, name] of names.entries()) {
      const total = totals[i]!
      const { atOnce, work } = arms[name]
      const cpuBefore = treeCpuMs(process.pid) ?? Number.NaN
      const started = performance.now()
      const elapsed = () => (performance.now() - started) / 1000
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          while (elapsed() < seconds) {
            const called = performance.now()
            const units = await work() // first, since others add to the total meanwhile
            total.units += units
            total.latencies.push(performance.now() - called)
          }
        }),
      )
      total.seconds += elapsed()
      total.cpuMs += (treeCpuMs(process.pid) ?? Number.NaN) - cpuBefore
    }
  }
  return Object.fromEntries(names.map((name, i) => [name, measured(totals[i]!)])) as Record<Name, Measured>
}

interface Total {
  readonly units: number
  readonly seconds: number
  readonly cpuMs: number
  readonly latencies: number[]
}

function measured({ units, seconds, cpuMs, latencies }: Total): Measured {
  const sorted = latencies.sort((a, b) => a - b)
  return {
    perSecond: units / seconds,
    latencyMs: (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!,
    calls: sorted.length,
    cpuMs: Number.isNaN(cpuMs) ? null : cpuMs / units,
  }
}
