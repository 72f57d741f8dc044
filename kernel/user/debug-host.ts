// The debugger's hands in the user-code process, called through the inspector from the protocol process: positions of
// scripts, the notebook's variables, what log points and hit counts do. Loaded at the first debugging.

import { join } from 'node:path'
import vm from 'node:vm'
import { Worker } from 'node:worker_threads'
import { debugging } from '../cell/debug-marker.ts'
import { HOST } from '../cell/host-names.ts'
import { type PositionTable, positionTable } from '../cell/position-table.ts'
import { scriptSteps } from '../cell/source-position.ts'
import { mimeBundle, textOf } from '../display/format.ts'
import type { Evaluator } from './evaluate.ts'
import { writeStream } from './output.ts'

/** The process waits at most this long for its session to close before it exits, in milliseconds. */
const CLOSE_PATIENCE_MS = 500

/** Reached as `$asterism.debug` by expressions that the protocol process sends. */
export interface DebugHost {
  /** While on, code is compiled so that every variable is where the source says, and stops before its first line. */
  set(on: boolean): void
  /** Null for a script that did not go through our compiler. */
  positions(script: string): PositionTable | null
  /** Values of all that cells declared, by name; what cannot be read is left out. */
  variables(): Record<string, unknown>
  /** The binding that holds a name's value: not the name itself where it hides one of the realm. */
  bindings(): Record<string, string>
  /** Assigns to the binding of a name. */
  assign(name: string, value: unknown): void
  /** A MIME bundle as JSON. A value that needs time to show itself gives its text. */
  rich(value: unknown): string
  /** Counts a breakpoint's hits; true where this one counts. */
  hit(breakpoint: number, operator: string, operand: number): boolean
  /** Writes a log point's text to the output of its cell. */
  log(parts: readonly unknown[]): void
  /** Forgets the counts of a breakpoint. */
  forget(breakpoint: number): void
  /** Runs code as a cell of its own would; resolves with its value. */
  run(code: string): Promise<unknown>
}

/** Installs the host, and starts the thread that connects the inspector to the protocol process. */
export function startDebugging(evaluator: Evaluator): void {
  const host = (globalThis as unknown as Record<string, { debug?: DebugHost }>)[HOST]
  if (host === undefined || host.debug !== undefined) return
  host.debug = createHost(evaluator)
  const closed = new Int32Array(new SharedArrayBuffer(4))
  const bridge = new Worker(join(import.meta.dirname, 'debug-bridge.js'), { execArgv: [], workerData: closed })
  bridge.unref()
  // Node does not exit while a session is open, and says so in the user's output.
  process.on('exit', () => {
    bridge.postMessage('close')
    Atomics.wait(closed, 0, 0, CLOSE_PATIENCE_MS)
  })
}

function createHost(evaluator: Evaluator): DebugHost {
  const hits = new Map<number, number>()
  return {
    set(on) {
      debugging.on = on
    },
    positions(script) {
      const steps = scriptSteps(script)
      return steps === null ? null : positionTable(steps)
    },
    variables() {
      const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>
      for (const name of evaluator.names()) {
        try {
          found[name] = vm.runInThisContext(evaluator.binding(name))
        } catch (error) {
          if (!(error instanceof ReferenceError)) throw error // declared by a cell that failed before
        }
      }
      return found
    },
    bindings: () => Object.fromEntries(evaluator.names().map((name) => [name, evaluator.binding(name)])),
    assign(name, value) {
      const set = vm.runInThisContext(`(value) => { ${evaluator.binding(name)} = value }`) as (value: unknown) => void
      set(value)
    },
    rich(value) {
      const bundle = mimeBundle(value)
      return JSON.stringify(bundle instanceof Promise ? { 'text/plain': textOf(value) } : bundle)
    },
    hit(breakpoint, operator, operand) {
      const count = (hits.get(breakpoint) ?? 0) + 1
      hits.set(breakpoint, count)
      if (operator === '%') return count % operand === 0
      if (operator === '>') return count > operand
      if (operator === '<') return count < operand
      if (operator === '<=') return count <= operand
      return operator === '>=' ? count >= operand : count === operand
    },
    log(parts) {
      writeStream('stdout', `${parts.map((part) => (typeof part === 'string' ? part : textOf(part))).join('')}\n`)
    },
    forget: (breakpoint) => void hits.delete(breakpoint),
    async run(code) {
      const outcome = await evaluator.run('debug console', code, new AbortController().signal)
      if (outcome.kind === 'thrown') throw outcome.error
      return outcome.kind === 'value' ? outcome.value : undefined
    },
  }
}
