import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtDevices, DEVICE_NAMES, type Device } from '../../lib/engine/devices.ts'
import { EngineEnded, openEngine } from '../../lib/engine/engine.ts'
import { Graph } from '../../lib/engine/graph.ts'
import { add, product } from '../../lib/engine/ops.ts'
import { openTested } from './device-under-test.ts'

const floats = (...list: number[]) => ({ type: 'float32' as const, dims: [list.length], data: Float32Array.from(list) })

const sumGraph = () => {
  const g = new Graph()
  g.output('sum', add(g, g.input('a', 'float32', [2]), g.input('b', 'float32', [2])))
  return g
}

test('a device that is not there is an error that names it, what was found and what to do', async () => {
  const absent = DEVICE_NAMES.filter((device) => !builtDevices().includes(device))
  assert.ok(absent.length > 0, 'CoreML and DirectML never come in one build')
  for (const device of absent) {
    await assert.rejects(openEngine({ device }), (error: Error) => {
      assert.match(error.message, new RegExp(`Expected the device ${device}.*built for cpu.*choose cpu`))
      return true
    })
  }
})

test('a device whose name is unknown is an error that lists the known ones', async () => {
  await assert.rejects(openEngine({ device: 'tpu' as Device }), /Expected a device \(cpu, webgpu, .*got `tpu`/)
})

test('a number of threads below 1 is refused', async () => {
  await assert.rejects(openEngine({ threads: 0 }), /Expected `threads` to be an integer from 1 up, got `0`/)
})

test('a session runs a graph and hands back its outputs by name', async () => {
  const engine = await openTested({ threads: 1 })
  const session = await engine.session(sumGraph())
  const { sum } = await session.run({ a: floats(1, 2), b: floats(10, 20) })
  assert.deepEqual([...sum!.data], [11, 22])
  await engine.dispose()
})

test('a held tensor is replaced by the output that stands for it, and shared by sessions', async () => {
  const engine = await openTested({ threads: 1 })
  const held = await engine.hold({ a: floats(1, 2) })
  const adding = await engine.session(sumGraph(), { held, inputs: ['a'], outputs: { sum: 'a' } })
  assert.deepEqual(await adding.run({ b: floats(10, 20) }), {}, 'a kept output does not travel')
  await adding.run({ b: floats(10, 20) })
  const reading = await engine.session(sumGraph(), { held, inputs: ['a'] })
  assert.deepEqual([...(await reading.run({ b: floats(0, 0) })).sum!.data], [21, 42])
  assert.deepEqual([...(await held.read(['a'])).a!.data], [21, 42])
  await engine.dispose()
})

test('an error of ONNX Runtime reaches the caller, and the engine goes on', async () => {
  const engine = await openTested({ threads: 1 })
  const session = await engine.session(sumGraph())
  await assert.rejects(session.run({ a: floats(1, 2) }), /ONNX Runtime: .*b/)
  assert.deepEqual([...(await session.run({ a: floats(1, 2), b: floats(1, 1) })).sum!.data], [2, 3])
  await engine.dispose()
})

test('a disposed session says so when it is used, and may be disposed again', async () => {
  const engine = await openTested({ threads: 1 })
  const session = await engine.session(sumGraph())
  await session.dispose()
  await session.dispose()
  await assert.rejects(session.run({ a: floats(1, 2), b: floats(1, 1) }), /Expected an open session/)
  await engine.dispose()
})

test('the calling thread stays free during a run, and dispose fails the run at once', async () => {
  const engine = await openTested({ threads: 1 })
  const g = new Graph()
  const a = g.input('a', 'float32', ['n', 'n'])
  const powers = Array.from({ length: 30 }).reduce<typeof a>((power) => product(g, power, a), a)
  g.output('power', powers)
  const session = await engine.session(g)
  const size = 512
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const matrix = { type: 'float32' as const, dims: [size, size], data: new Float32Array(size * size) }
  const running = session.run({ a: matrix })
  const outcome = assert.rejects(running, /The engine was disposed/)
  while (turns < 5) await new Promise((resolve) => setTimeout(resolve, 1))
  clearInterval(timer)
  const gone = engine.dispose()
  await outcome
  await gone
  await session.dispose()
  await assert.rejects(session.run({ a: floats(1, 2) }), EngineEnded)
})
