// What the engine and its worker say to each other. Every request has a number, and its reply carries the same one.
// Arrays are transferred, not copied: whoever sends one no longer has it.
import type { Device } from './devices.ts'

export type ElementType = 'float32' | 'int32' | 'int64' | 'bool'

/** A dense tensor, row by row. `bool` uses one byte an element. */
export interface Tensor {
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array
}

export type Tensors = Record<string, Tensor>

/** Which tensors of a session stay in the worker from run to run. */
export interface HeldTensors {
  /** Names the group; several sessions may read and write one. */
  readonly group: number
  /** Session inputs that are fed from the group under the same name. */
  readonly inputs: readonly string[]
  /** Session output → tensor of the group that it replaces. */
  readonly outputs: Readonly<Record<string, string>>
}

export type Request =
  | { readonly kind: 'open'; readonly session: number; readonly model: Uint8Array; readonly held?: HeldTensors }
  | { readonly kind: 'run'; readonly session: number; readonly feeds: Tensors }
  | { readonly kind: 'close'; readonly session: number }
  | { readonly kind: 'write'; readonly group: number; readonly tensors: Tensors }
  | { readonly kind: 'read'; readonly group: number; readonly names: readonly string[] }
  | { readonly kind: 'drop'; readonly group: number }
  | { readonly kind: 'end' }

export interface Call {
  readonly id: number
  readonly request: Request
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly tensors: Tensors }
  | { readonly id: number; readonly ok: false; readonly error: string }

/** What the worker needs to know when it starts. */
export interface HostOptions {
  readonly device: Device
  readonly threads: number
  readonly spinning: boolean
  /** Two flags in shared memory, see BUSY and ENDING. */
  readonly flags: Int32Array
}

/** Flag that the worker sets while ONNX Runtime works: ending its thread in that state aborts the whole process. */
export const BUSY = 0
/** Flag that the engine sets when the worker must not start anything any more. */
export const ENDING = 1

/** The arrays of some tensors. */
export const dataOf = (tensors: Tensors): Tensor['data'][] => Object.values(tensors).map(({ data }) => data)

/** The buffers that a message hands over: each once, and no part of a larger one, which is copied instead. */
export function handedOver(arrays: readonly ArrayBufferView[]): ArrayBuffer[] {
  // A part of a buffer may lie among others of Node's pool, which newer Nodes refuse to transfer.
  const whole = arrays.filter(({ byteLength, buffer }) => byteLength === buffer.byteLength)
  return [...new Set(whole.map((array) => array.buffer as ArrayBuffer))]
}
