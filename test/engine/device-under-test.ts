// The device that this process's tests of graphs run on: the CPU, unless the test that started them says otherwise
// (swiftshader.test.ts).
import assert from 'node:assert/strict'
import type { Device } from '../../lib/engine/devices.ts'
import { type Engine, type EngineOptions, openEngine } from '../../lib/engine/engine.ts'

const device = (process.env.ASTERISM_TEST_DEVICE ?? 'cpu') as Device

/** What `sameNumbers` asks for, as titles of tests say it. */
export const theSame = device === 'cpu' ? 'the same to the last bit' : 'the same up to rounding'

/** An engine on the device under test. */
export const openTested = (options: EngineOptions = {}): Promise<Engine> => openEngine({ ...options, device })

/**
 * Expects the same numbers: to the last bit on the CPU. Elsewhere kernels divide their sums by the number of rows in a
 * batch, or add in the order in which threads come, which costs some of a number's 24 bits: there numbers may differ by
 * `tolerance` (of numbers above 1, as a share). Whole numbers such as token ids are equal everywhere.
 */
export function sameNumbers(actual: unknown, expected: unknown, message = 'numbers', tolerance = 1e-5): void {
  if (device === 'cpu') assert.deepEqual(actual, expected, message)
  else assert.ok(isClose(actual, expected, tolerance), `${message}: ${show(actual)}, not ${show(expected)}`)
}

function isClose(a: unknown, b: unknown, tolerance: number): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return (
      a === b || (!(Number.isInteger(a) && Number.isInteger(b)) && Math.abs(a - b) <= tolerance * (1 + Math.abs(b)))
    )
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [left, right] = [a, b].map((value) => (value instanceof Map ? [...value] : Object.entries(value)))
  return (
    left!.length === right!.length &&
    left!.every((entry, i) => entry[0] === right![i]![0] && isClose(entry[1], right![i]![1], tolerance))
  )
}

const show = (value: unknown): string => JSON.stringify(value).slice(0, 400)
