// Opens ONNX Runtime on one device, in a worker thread of its own. An engine runs one thing at a time; calls made
// meanwhile wait in order. Interrupting: `dispose()` fails every waiting call at once; the run in progress, which ONNX
// Runtime cannot stop, comes to its end in the worker first. So does leaving the process during a run.

import { Worker } from 'node:worker_threads'
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import { builtDevices, type Device, defaultThreads, deviceError } from './devices.ts'
import { Graph } from './graph.ts'
import { modelBytes } from './onnx.ts'
import { identity } from './ops.ts'
import {
  BUSY,
  type Call,
  dataOf,
  ENDING,
  type HeldTensors,
  type HostOptions,
  handedOver,
  type Reply,
  type Request,
  type Tensors,
} from './protocol.ts'

export type { Device } from './devices.ts'
export type { Tensor, Tensors } from './protocol.ts'

/** Where graphs run, and on how many threads. */
export interface EngineOptions {
  /** Where graphs run. @default 'cpu' */
  device?: Device
  /** Threads of one run. Minimum: 1. @default every core that this process may use */
  threads?: number
  /**
   * Whether idle threads spin for the next operator instead of sleeping. Faster alone on the machine; takes the cores
   * from anything that runs beside it. @default false
   */
  spinning?: boolean
}

/** Tensors that stay with the engine between runs, by name. */
export interface Held {
  readonly group: number
  write(tensors: Tensors): Promise<void>
  read(names: readonly string[]): Promise<Tensors>
  dispose(): Promise<void>
}

/** A graph that is ready to run. */
export interface Session {
  /** Runs the graph. The arrays of `feeds` are handed over: do not use them again. Result: outputs by name. */
  run(feeds: Tensors): Promise<Tensors>
  dispose(): Promise<void>
}

export interface SessionOptions {
  held?: Held
  /** Inputs that are fed from `held`, by the same name. */
  inputs?: readonly string[]
  /** Output → tensor of `held` that it replaces after each run; such an output is not returned. */
  outputs?: Readonly<Record<string, string>>
}

/** Runs ONNX graphs on one device, off this thread: `openEngine` gives one. It owns its sessions and its worker. */
export interface Engine {
  readonly device: Device
  readonly threads: number
  session(graph: Graph, options?: SessionOptions): Promise<Session>
  hold(tensors: Tensors): Promise<Held>
  /** Ends the worker; resolves when it has gone. Every call that still waits fails with EngineEnded. */
  dispose(): Promise<void>
}

/**
 * Starts the worker and checks that the device works by running a graph of one operator on it.
 * Errors: a device that is absent, with what was found and what to do.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  expectKnown('openEngine', options, ENGINE_OPTIONS)
  const { device = 'cpu', threads = defaultThreads(), spinning = false } = options
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`Expected \`threads\` to be an integer from 1 up, got \`${threads}\``)
  }
  const built = builtDevices()
  if (!built.includes(device)) throw deviceError(device, built)
  const host = startHost({ device, threads, spinning })
  let opened = 0
  const open = async (graph: Graph, { held, inputs = [], outputs = {} }: SessionOptions = {}): Promise<Session> => {
    const session = ++opened
    const kept: HeldTensors | undefined = held && { group: held.group, inputs, outputs }
    await host.call({ kind: 'open', session, model: modelBytes(graph), held: kept })
    return {
      run: (feeds) => host.call({ kind: 'run', session, feeds }),
      dispose: once(() => host.call({ kind: 'close', session })),
    }
  }
  try {
    await probe(open)
  } catch (error) {
    await host.end()
    throw deviceError(device, built, (error as Error).message)
  }
  return {
    device,
    threads,
    session: open,
    hold: async (tensors) => {
      const group = ++opened
      const write = async (written: Tensors) => void (await host.call({ kind: 'write', group, tensors: written }))
      await write(tensors)
      const read = (names: readonly string[]) => host.call({ kind: 'read', group, names })
      return { group, write, read, dispose: once(() => host.call({ kind: 'drop', group })) }
    },
    dispose: host.end,
  }
}

async function probe(open: (graph: Graph) => Promise<Session>): Promise<void> {
  const graph = new Graph()
  graph.output('y', identity(graph, graph.input('x', 'float32', [1])))
  const session = await open(graph)
  await session.run({ x: { type: 'float32', dims: [1], data: new Float32Array([1]) } })
  await session.dispose()
}

/** Makes `dispose` safe to call again, also after the engine itself has gone. */
function once(release: () => Promise<unknown>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= release().then(
      () => undefined,
      (error: Error) => {
        if (!(error instanceof EngineEnded)) throw error
      },
    )
    return done
  }
}

/** A call that found the engine disposed or its worker dead. */
export class EngineEnded extends Error {}

function startHost(options: Omit<HostOptions, 'flags'>) {
  const flags = new Int32Array(new SharedArrayBuffer(8))
  // No flags of this process: a loader or inspector given to it is not meant for the worker.
  const worker = new Worker(new URL('./host.js', import.meta.url), {
    workerData: { ...options, flags } satisfies HostOptions,
    execArgv: [],
  })
  const waiting = new Map<number, { resolve: (tensors: Tensors) => void; reject: (error: Error) => void }>()
  let ended: EngineEnded | undefined
  let calls = 0
  const finishRun = () => {
    Atomics.store(flags, ENDING, 1)
    Atomics.wait(flags, BUSY, 1)
  }
  process.on('exit', finishRun)
  const fail = (error: EngineEnded) => {
    ended ??= error
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  worker.on('message', (reply: Reply) => {
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    // An idle engine does not keep the process alive.
    if (waiting.size === 0 && !ended) worker.unref()
    if (reply.ok) call?.resolve(reply.tensors)
    else call?.reject(new Error(`ONNX Runtime: ${reply.error}`))
  })
  worker.on('error', (error) => fail(new EngineEnded(`The engine's worker thread failed: ${error.message}`)))
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      process.off('exit', finishRun)
      fail(new EngineEnded(`The engine's worker thread ended with code ${code}`))
      resolve()
    })
  })
  worker.unref()
  return {
    call: (request: Request): Promise<Tensors> =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended)
        const call: Call = { id: ++calls, request }
        waiting.set(call.id, { resolve, reject })
        worker.ref()
        worker.postMessage(call, handedOver(arraysOf(request)))
      }),
    end: (): Promise<void> => {
      if (!ended) {
        fail(new EngineEnded('The engine was disposed while it was still in use'))
        Atomics.store(flags, ENDING, 1)
        worker.ref()
        worker.postMessage({ id: ++calls, request: { kind: 'end' } } satisfies Call)
      }
      return exited
    },
  }
}

function arraysOf(request: Request): ArrayBufferView[] {
  switch (request.kind) {
    case 'open':
      return [request.model]
    case 'run':
      return dataOf(request.feeds)
    case 'write':
      return dataOf(request.tensors)
    default:
      return []
  }
}

const ENGINE_OPTIONS: OptionNames<EngineOptions> = { device: true, threads: true, spinning: true }
