// The worker thread that runs ONNX Runtime, so that the thread which talks to people stays free. It holds sessions and
// the tensors that stay between runs (weights, optimizer moments), and answers one request after the other.
import { parentPort, workerData } from 'node:worker_threads'
import type { InferenceSession as Inference, Tensor as OrtTensor } from 'onnxruntime-node'
import { sessionOptions } from './devices.ts'
import { onnxruntime } from './onnxruntime.ts'
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
  type Tensor,
  type Tensors,
} from './protocol.ts'

const { InferenceSession, Tensor: Ort } = onnxruntime()
const { device, threads, spinning, flags } = workerData as HostOptions
const sessions = new Map<number, { session: Inference; held?: HeldTensors }>()
const groups = new Map<number, Map<string, OrtTensor>>()

function found<T>(map: Map<number, T>, key: number, what: string): T {
  const value = map.get(key)
  if (value === undefined) throw new Error(`Expected an open ${what}, but it was disposed or never opened`)
  return value
}

function heldTensor(group: ReadonlyMap<string, OrtTensor>, name: string): OrtTensor {
  const tensor = group.get(name)
  if (!tensor) throw new Error(`Expected a held tensor ${name}, found ${[...group.keys()].join(', ') || 'none'}`)
  return tensor
}

const toOrt = ({ type, data, dims }: Tensor): OrtTensor => new Ort(type, data as never, dims)
const fromOrt = (tensor: OrtTensor): Tensor =>
  ({ type: tensor.type, dims: [...tensor.dims], data: tensor.data }) as Tensor

async function run(key: number, feeds: Tensors): Promise<Tensors> {
  const { session, held } = found(sessions, key, 'session')
  const inputs: Record<string, OrtTensor> = {}
  const group = held ? found(groups, held.group, 'group of held tensors') : undefined
  for (const name of held?.inputs ?? []) {
    inputs[name] = heldTensor(group!, name)
  }
  for (const [name, tensor] of Object.entries(feeds)) inputs[name] = toOrt(tensor)
  const results = await session.run(inputs)
  const replies: Tensors = {}
  for (const [name, tensor] of Object.entries(results)) {
    const target = held?.outputs[name]
    if (target === undefined) replies[name] = fromOrt(tensor)
    else group!.set(target, tensor)
  }
  return replies
}

async function answer(request: Exclude<Request, { kind: 'end' }>): Promise<Tensors> {
  switch (request.kind) {
    case 'open': {
      const session = await InferenceSession.create(request.model, sessionOptions(device, threads, spinning))
      sessions.set(request.session, { session, held: request.held })
      return {}
    }
    case 'run':
      return run(request.session, request.feeds)
    case 'close': {
      const { session } = found(sessions, request.session, 'session')
      sessions.delete(request.session)
      await session.release()
      return {}
    }
    case 'write': {
      const group = groups.get(request.group) ?? new Map<string, OrtTensor>()
      for (const [name, tensor] of Object.entries(request.tensors)) group.set(name, toOrt(tensor))
      groups.set(request.group, group)
      return {}
    }
    case 'read': {
      const group = found(groups, request.group, 'group of held tensors')
      const copies: Tensors = {}
      for (const name of request.names) {
        const { type, dims, data } = fromOrt(heldTensor(group, name))
        copies[name] = { type, dims, data: data.slice() as Tensor['data'] }
      }
      return copies
    }
    case 'drop':
      groups.delete(request.group)
      return {}
  }
}

async function serve(id: number, request: Exclude<Request, { kind: 'end' }>): Promise<void> {
  let reply: Reply
  Atomics.store(flags, BUSY, 1)
  try {
    if (Atomics.load(flags, ENDING)) throw new Error('The engine was disposed')
    reply = { id, ok: true, tensors: await answer(request) }
  } catch (error) {
    reply = { id, ok: false, error: error instanceof Error ? error.message : String(error) }
  } finally {
    Atomics.store(flags, BUSY, 0)
    Atomics.notify(flags, BUSY)
  }
  parentPort!.postMessage(reply, reply.ok ? handedOver(dataOf(reply.tensors)) : [])
}

let last: Promise<void> = Promise.resolve()
parentPort!.on('message', ({ id, request }: Call) => {
  last = last.then(() => (request.kind === 'end' ? process.exit() : serve(id, request)))
})
