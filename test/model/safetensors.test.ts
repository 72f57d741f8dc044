import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readSafetensors, readWeights, writeSafetensors } from '../../lib/model/safetensors.ts'
import type { Weights } from '../../lib/model/weights.ts'
import { fixture } from '../fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterism-safetensors-'))
after(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => join(folder, name)

/** A file of the format, from a header and the bytes after it. */
function fileOf(name: string, header: unknown, data: Uint8Array): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  writeFileSync(at(name), Buffer.concat([length, json, data]))
  return at(name)
}

const some: Weights = new Map([
  ['b', { dims: [2, 2], data: Float32Array.of(1, -2.5, 0, 1e-30) }],
  ['a', { dims: [1], data: Float32Array.of(7) }],
  ['scalar', { dims: [], data: Float32Array.of(3) }],
])

test('tensors that are written are read back, sorted by name', async () => {
  writeSafetensors(at('some'), some)
  const read = await readSafetensors(at('some'))
  assert.deepEqual([...read], [...some].sort())
})

test('the header ends where eight bytes align, and equal tensors give equal bytes', () => {
  writeSafetensors(at('one'), some)
  writeSafetensors(at('two'), new Map([...some].reverse()))
  const bytes = readFileSync(at('one'))
  assert.equal(bytes.readBigUInt64LE() % 8n, 0n)
  assert.deepEqual(bytes, readFileSync(at('two')))
})

test('a view into a larger buffer is written as its own numbers only', async () => {
  const whole = Float32Array.of(1, 2, 3, 4)
  writeSafetensors(at('view'), new Map([['v', { dims: [2], data: whole.subarray(1, 3) }]]))
  assert.deepEqual((await readSafetensors(at('view'))).get('v')!.data, Float32Array.of(2, 3))
})

test('a checkpoint of another writer is read with its names and shapes', async () => {
  const read = await readSafetensors(fixture('checkpoints', 'qwen2-tiny', 'model.safetensors'))
  assert.equal(read.size, 27)
  assert.deepEqual(read.get('model.layers.1.self_attn.k_proj.weight')!.dims, [32, 64])
  assert.ok([...read.values()].every(({ data }) => data.every(Number.isFinite)))
})

test('half precision is read exactly', async () => {
  // 1, -2, the largest, the smallest above 0, 1/3 rounded, infinity, minus zero
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x7c00, 0x8000)
  const header = { h: { dtype: 'F16', shape: [7], data_offsets: [0, 14] } }
  const { data } = (await readSafetensors(fileOf('f16', header, new Uint8Array(halves.buffer)))).get('h')!
  assert.deepEqual([...data], [1, -2, 65504, 2 ** -24, 0.333251953125, Infinity, -0])
})

test('bfloat16 is read exactly', async () => {
  const halves = Uint16Array.of(0x3f80, 0xc040, 0x3eab, 0x7f80)
  const header = { b: { dtype: 'BF16', shape: [2, 2], data_offsets: [0, 8] } }
  const { data, dims } = (await readSafetensors(fileOf('bf16', header, new Uint8Array(halves.buffer)))).get('b')!
  assert.deepEqual([...data], [1, -3, 0.333984375, Infinity])
  assert.deepEqual(dims, [2, 2])
})

test('a checkpoint in parts is one set of tensors', async () => {
  const a = { dims: [1], data: Float32Array.of(1) }
  const b = { dims: [1], data: Float32Array.of(2) }
  writeSafetensors(at('part-1.safetensors'), new Map([['a', a]]))
  writeSafetensors(at('part-2.safetensors'), new Map([['b', b]]))
  const map = { a: 'part-1.safetensors', b: 'part-2.safetensors' }
  writeFileSync(at('model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
  assert.deepEqual(await readWeights(folder), new Map(Object.entries({ a, b })))
  writeFileSync(at('model.safetensors.index.json'), JSON.stringify({ weight_map: { ...map, c: map.a } }))
  await assert.rejects(readWeights(folder), /part-1\.safetensors: expected the tensor c, .*index\.json puts there/)
  const index = (weightMap: unknown) =>
    writeFileSync(at('model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }))
  index({ a: map.a })
  assert.deepEqual([...(await readWeights(folder)).keys()], ['a'], 'a part that is not named is another model')
  writeSafetensors(at('part-1.safetensors'), new Map(Object.entries({ a, b })))
  index(map)
  await assert.rejects(
    readWeights(folder),
    /part-1\.safetensors: expected only tensors that .*index\.json puts .* got b\./,
  )
  index({ a: '../part-1.safetensors' })
  await assert.rejects(readWeights(folder), /expected the name of a file beside it for a, got "\.\.\/part-1/)
  index({ a: 'part-3.safetensors' })
  await assert.rejects(readWeights(folder), /Could not open .*part-3\.safetensors: there is no such file/)
  writeSafetensors(at('model.safetensors'), new Map([['a', a]]))
  await assert.rejects(readWeights(folder), /expected either parts or .*model\.safetensors, got both/)
  rmSync(at('model.safetensors'))
  writeFileSync(
    at('model.safetensors.index.json'),
    '{"weight_map": {"a": "part-1.safetensors", "a": "part-2.safetensors"}}',
  )
  await assert.rejects(readWeights(folder), /index\.json: expected each name once, got a twice/)
  writeFileSync(at('model.safetensors.index.json'), '{}')
  await assert.rejects(readWeights(folder), /index\.json: expected an object weight_map/)
})

test('a file that is cut off anywhere is refused by a line that names it', async () => {
  writeSafetensors(at('cut'), some)
  const bytes = readFileSync(at('cut'))
  for (const length of [bytes.length - 1, 60, 9]) {
    writeFileSync(at('cut'), bytes)
    truncateSync(at('cut'), length)
    await assert.rejects(readSafetensors(at('cut')), /cut: expected at least \d+ bytes, got \d+: the file is cut off/)
  }
})

const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] }
const at8 = (start: number, end: number) => ({ dtype: 'F32', shape: [(end - start) / 4], data_offsets: [start, end] })
const refused: [title: string, header: unknown, message: RegExp][] = [
  ['a header that is no JSON', '{"a": ', /expected a JSON header, got/],
  ['a header that is a list', [1], /expected a JSON object as header/],
  ['integers', { a: { ...entry, dtype: 'I64' } }, /expected a as F32, F16 or BF16 numbers, got "I64"/],
  ['quantized numbers', { a: { ...entry, dtype: 'F8_E4M3' } }, /expected a as F32, F16 or BF16 numbers, got "F8_E4M3"/],
  ['a range that does not fit the shape', { a: { ...entry, shape: [3] } }, /expected 12 bytes for a .* got 8/],
  ['a range that does not fit the format', { a: { ...entry, dtype: 'BF16' } }, /expected 4 bytes for a .* BF16, got 8/],
  ['a range that ends before it begins', { a: { ...entry, data_offsets: [8, 0] } }, /expected 8 bytes for a .* got -8/],
  ['a negative range', { a: { ...entry, data_offsets: [-8, 0] } }, /a shape and a byte range/],
  ['a range of three bounds', { a: { ...entry, data_offsets: [0, 4, 8] } }, /a shape and a byte range/],
  ['a shape of fractions', { a: { ...entry, shape: [0.5, 4] } }, /expected a to have a shape/],
  ['an entry without a shape', { a: { dtype: 'F32' } }, /a shape and a byte range/],
  ['an entry that is null', { a: null }, /expected a as F32/],
  ['a range behind the end of the file', { a: { ...entry, data_offsets: [4, 12] } }, /cut off before the end of a\./],
  [
    'a tensor over another',
    { a: at8(0, 8), b: at8(4, 8) },
    /expected b to begin at byte \d+, where a ends, got .*overlap/,
  ],
  ['the same bytes for two tensors', { b: entry, a: entry }, /expected \w to begin at byte .*they overlap/],
  [
    'bytes before the first tensor',
    { a: at8(4, 8) },
    /expected a to begin at byte .* where the header ends.* no tensor/,
  ],
  [
    'a hole between tensors',
    { a: at8(0, 0), b: at8(4, 8) },
    /expected b to begin .* where a ends.* belong to no tensor/,
  ],
  ['bytes behind the last tensor', { a: at8(0, 4) }, /to end at byte \d+, where a ends, got 4 bytes more/],
  ['bytes without any tensor', {}, /to end at byte \d+, where the header ends, got 8 bytes more/],
  ['notes that are no texts', { __metadata__: { format: 1 }, a: entry }, /expected __metadata__ to be texts by name/],
  [
    'a tensor that is named twice',
    `{"a": ${JSON.stringify(entry)}, "\\u0061": ${JSON.stringify(entry)}}`,
    /expected each name once, got a twice/,
  ],
  [
    'a range that is given twice',
    '{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], "data_offsets": [0, 8]}}',
    /expected each name once, got data_offsets twice/,
  ],
]
for (const [title, header, message] of refused)
  test(`${title} is refused`, async () => {
    await assert.rejects(readSafetensors(fileOf('bad', header, new Uint8Array(8))), { message })
  })

test('names, values and lists that only look alike are not taken for names that stand twice', async () => {
  const header = { 'a"b': at8(0, 4), 'a\\': at8(4, 8), __metadata__: { 'a"b': 'a"b', format: '{"x":1,"x":2}' } }
  assert.equal((await readSafetensors(fileOf('alike', header, new Uint8Array(8)))).size, 2)
})

test('an empty tensor needs no bytes, wherever it says it stands between others', async () => {
  const header = { none: { dtype: 'F32', shape: [0, 3], data_offsets: [4, 4] }, a: at8(0, 4), b: at8(4, 8) }
  const read = await readSafetensors(fileOf('none', header, new Uint8Array(8)))
  assert.deepEqual(
    [...read].map(([name, { dims }]) => [name, dims]),
    [
      ['a', [1]],
      ['b', [1]],
      ['none', [0, 3]],
    ],
  )
})

test('a file of another kind is refused', async () => {
  writeFileSync(at('page'), '<!doctype html><title>Not found</title>')
  await assert.rejects(readSafetensors(at('page')), /page: expected a safetensors file, got something else/)
  writeFileSync(at('empty'), '')
  await assert.rejects(readSafetensors(at('empty')), /expected a safetensors file, got something else \(0 bytes\)/)
})

test('a file that is not there is refused', async () => {
  await assert.rejects(readSafetensors(at('nothing')), /Could not open .*nothing: there is no such file/)
})

test('a tensor whose data does not fit its shape is not written', () => {
  assert.throws(
    () => writeSafetensors(at('never'), new Map([['x', { dims: [3], data: new Float32Array(2) }]])),
    /Expected x of shape \[3\] to hold as many numbers, got 2/,
  )
})
