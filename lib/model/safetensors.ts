// Reading and writing the safetensors format: 8 bytes of header length, a JSON header (safetensors-header.ts), then the
// bytes. Floating-point tensors of 16 and 32 bits are read, all as 32-bit numbers; 32-bit ones
// are written. Tensors are read one after another, so the file may be larger than memory's largest buffer.
// Not covered: integer and 8-bit tensors, mapping the file into memory.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { writeAtomic } from '../file/atomic.ts'
import { cutOff, type Entry, parseHeader, parseJson } from './safetensors-header.ts'
import type { Weights } from './weights.ts'

/**
 * Reads every tensor of a safetensors file as 32-bit numbers, in the order of their names.
 * Errors: one line that names the file, the tensor and what was expected: not a safetensors file, cut off, a header that
 * the format forbids (see `parseHeader`), a number format that is not read.
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
 * Errors: as `readSafetensors`, a part without a tensor that the index promises or with one that it does not.
 */
export async function readShardedSafetensors(indexPath: string): Promise<Weights> {
  const index = parseJson(readFileSync(indexPath), indexPath) as { weight_map?: unknown } | null
  const map = index?.weight_map
  if (typeof map !== 'object' || map === null)
    throw new Error(`${indexPath}: expected an object weight_map from tensor names to files. Download the file again.`)
  const partOf = new Map<string, unknown>(Object.entries(map))
  for (const [name, part] of partOf)
    if (typeof part !== 'string' || part !== basename(part))
      throw new Error(`${indexPath}: expected the name of a file beside it for ${name}, got ${JSON.stringify(part)}`)
  const weights: Weights = new Map()
  for (const part of [...new Set(partOf.values() as Iterable<string>)].sort()) {
    const path = join(dirname(indexPath), part)
    const tensors = await readSafetensors(path)
    for (const [name, from] of partOf)
      if (from === part && !tensors.has(name))
        throw new Error(`${path}: expected the tensor ${name}, which ${indexPath} puts there. Download the file again.`)
    for (const [name, tensor] of tensors) {
      if (partOf.get(name) !== part)
        throw new Error(
          `${path}: expected only tensors that ${indexPath} puts there, got ${name}. Do both belong together? Download them again.`,
        )
      weights.set(name, tensor)
    }
  }
  return weights
}

/**
 * Reads `model.safetensors` of a folder, or its parts where it has an index. Older copies of the same weights in PyTorch's
 * own format may lie beside them and are not read.
 * Errors: as above; neither or both; an adapter (PEFT), which is no whole model.
 */
export async function readWeights(folder: string): Promise<Weights> {
  const [whole, index] = ['model.safetensors', 'model.safetensors.index.json'].map((file) => join(folder, file)) as [
    string,
    string,
  ]
  const adapter = ['adapter_config.json', 'adapter_model.safetensors'].find((file) => existsSync(join(folder, file)))
  if (adapter)
    throw new Error(
      `${folder}: expected the weights of a whole model, got ${adapter}, a change to another one. Merge them first ` +
        '(`merge_and_unload` of peft), then save.',
    )
  if (existsSync(index) && existsSync(whole))
    throw new Error(`${index}: expected either parts or ${whole}, got both. Remove those that are out of date.`)
  if (existsSync(index)) return readShardedSafetensors(index)
  if (existsSync(whole)) return readSafetensors(whole)
  const others = readdirSync(folder).filter((file) => /\.(safetensors|bin|pth?|gguf|h5|msgpack)$/.test(file))
  const advice = others.length === 0 ? '' : `, only ${others.join(', ')}. Save the model again with \`save_pretrained\``
  throw new Error(`Could not open ${whole}: there is no such file${advice}`)
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
  if (8 + length > size) throw cutOff(path, 8 + length, size, 'the header')
  return parseHeader(await readRange(file, 8, 8 + length, path), 8 + length, size, path)
}

async function readRange(file: FileHandle, start: number, end: number, path: string): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(end - start))
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 1 << 30), start + at)
    if (bytesRead === 0) throw cutOff(path, end, start + at, 'what is read')
    at += bytesRead
  }
  return bytes
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
