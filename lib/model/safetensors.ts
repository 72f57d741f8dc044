// Reading and writing the safetensors format: 8 bytes of header length, a JSON header with dtype, shape and byte range
// of each tensor, then the bytes. Floating-point tensors of 16 and 32 bits are read, all as 32-bit numbers; 32-bit ones
// are written. Tensors are read one after another, so the file may be larger than memory's largest buffer.
// Not covered: integer and 8-bit tensors, mapping the file into memory.
import { existsSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAtomic } from '../file/atomic.ts'
import type { Weights } from './weights.ts'

/** One line of the header, checked. */
interface Entry {
  readonly name: string
  readonly dtype: 'F32' | 'F16' | 'BF16'
  readonly dims: number[]
  /** Bytes from the start of the file. */
  readonly start: number
  readonly end: number
}

const bytesOf = { F32: 4, F16: 2, BF16: 2 } as const

/**
 * Reads every tensor of a safetensors file as 32-bit numbers, in the order of their names.
 * Errors: one line that names the file and what was expected: not a safetensors file, cut off, an impossible shape or
 * range, a number format that is not read.
 */
export async function readSafetensors(path: string): Promise<Weights> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Could not open ${path}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`, {
      cause: error,
    })
  })
  try {
    const weights: Weights = new Map()
    for (const entry of await readHeader(file, path)) {
      const bytes = await readRange(file, entry.start, entry.end, path)
      weights.set(entry.name, { dims: entry.dims, data: floats(bytes, entry.dtype) })
    }
    return weights
  } finally {
    await file.close()
  }
}

/**
 * Reads a checkpoint in parts: `model.safetensors.index.json` names the part of each tensor.
 * Errors: as `readSafetensors`, and a part without a tensor that the index promises.
 */
export async function readShardedSafetensors(indexPath: string): Promise<Weights> {
  const index = parseJson(readFileSync(indexPath, 'utf8'), indexPath) as { weight_map?: unknown }
  const map = index?.weight_map
  if (typeof map !== 'object' || map === null)
    throw new Error(`${indexPath}: expected an object weight_map from tensor names to files. Download the file again.`)
  const partOf = new Map(Object.entries(map as Record<string, unknown>).map(([name, part]) => [name, String(part)]))
  const weights: Weights = new Map()
  for (const part of [...new Set(partOf.values())].sort()) {
    const path = join(dirname(indexPath), part)
    const tensors = await readSafetensors(path)
    for (const [name, from] of partOf) {
      if (from !== part) continue
      const tensor = tensors.get(name)
      if (tensor === undefined)
        throw new Error(`${path}: expected the tensor ${name}, which ${indexPath} puts there. Download the file again.`)
      weights.set(name, tensor)
    }
  }
  return weights
}

/** Reads `model.safetensors` of a folder, or its parts where it has an index. */
export async function readWeights(folder: string): Promise<Weights> {
  const index = join(folder, 'model.safetensors.index.json')
  return existsSync(index) ? readShardedSafetensors(index) : readSafetensors(join(folder, 'model.safetensors'))
}

/**
 * Writes tensors as 32-bit numbers, sorted by name, in one atomic write. Equal tensors give equal bytes.
 * Errors: a tensor whose data does not fit its shape, a failed write.
 */
export function writeSafetensors(path: string, weights: Weights): void {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  const names = [...weights.keys()].sort()
  let size = 0
  for (const name of names) {
    const { dims, data } = weights.get(name)!
    if (dims.reduce((product, dim) => product * dim, 1) !== data.length)
      throw new RangeError(`Expected ${name} of shape [${dims}] to hold as many numbers, got ${data.length}`)
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [size, size + data.length * 4] }
    size += data.length * 4
  }
  const json = JSON.stringify(header)
  // Readers that map the file want the tensors aligned to eight bytes; the format allows trailing spaces for that.
  const padded = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)))
  const bytes = Buffer.alloc(8 + padded.length + size)
  bytes.writeBigUInt64LE(BigInt(padded.length))
  padded.copy(bytes, 8)
  let offset = 8 + padded.length
  for (const name of names) {
    const { data } = weights.get(name)!
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).copy(bytes, offset)
    offset += data.byteLength
  }
  writeAtomic(path, bytes)
}

async function readHeader(file: FileHandle, path: string): Promise<Entry[]> {
  const { size } = await file.stat()
  const length = size < 8 ? -1 : Number((await readRange(file, 0, 8, path)).readBigUInt64LE())
  if (length < 2 || length > 100_000_000)
    throw new Error(
      `${path}: expected a safetensors file, got something else (${size} bytes). Copy or download it again.`,
    )
  if (8 + length > size) throw cutOff(path, 8 + length, size)
  const json = parseJson((await readRange(file, 8, 8 + length, path)).toString('utf8'), path)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error(`${path}: expected a JSON object as header, got ${JSON.stringify(json).slice(0, 40)}`)
  return Object.entries(json as Record<string, unknown>)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => entryOf(name, value as Record<string, unknown>, 8 + length, size, path))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function entryOf(name: string, value: Record<string, unknown>, base: number, size: number, path: string): Entry {
  const { dtype, shape, data_offsets: range } = value ?? {}
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0)
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16')
    throw new Error(
      `${path}: expected ${name} as F32, F16 or BF16 numbers, got ${JSON.stringify(dtype)}, not supported`,
    )
  if (!whole(shape) || !whole(range) || range.length !== 2)
    throw new Error(
      `${path}: expected ${name} to have a shape and a byte range, got ${JSON.stringify(value).slice(0, 80)}`,
    )
  const [start, end] = range as [number, number]
  const wanted = shape.reduce((product, dim) => product * dim, 1) * bytesOf[dtype]
  if (end - start !== wanted)
    throw new Error(`${path}: expected ${wanted} bytes for ${name} of shape [${shape}] in ${dtype}, got ${end - start}`)
  if (base + end > size) throw cutOff(path, base + end, size)
  return { name, dtype, dims: shape, start: base + start, end: base + end }
}

const cutOff = (path: string, expected: number, got: number): Error =>
  new Error(`${path}: expected at least ${expected} bytes, got ${got}: the file is cut off. Copy or download it again.`)

async function readRange(file: FileHandle, start: number, end: number, path: string): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(end - start))
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 1 << 30), start + at)
    if (bytesRead === 0) throw cutOff(path, end, start + at)
    at += bytesRead
  }
  return bytes
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(
      `${path}: expected a JSON header, got ${JSON.stringify(text.slice(0, 40))}. Copy or download it again.`,
      {
        cause: error,
      },
    )
  }
}

/** Numbers of a tensor, from bytes that start a buffer of their own (so that 32-bit ones need no copy). */
function floats(bytes: Buffer, dtype: Entry['dtype']): Float32Array {
  if (dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  if (dtype === 'F16') return Float32Array.from(halves, halfToNumber)
  // bfloat16 is the upper half of a 32-bit number.
  const words = Uint32Array.from(halves, (half) => half << 16)
  return new Float32Array(words.buffer)
}

/** IEEE 754 half precision: 1 sign bit, 5 of exponent, 10 of fraction. Example: 0x3c00 is 1. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
