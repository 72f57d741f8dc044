// The device that this process's tests of graphs run on. `cpu` unless a test file that starts others says otherwise.
import type { Device } from '../../lib/engine/devices.ts'
import { type Engine, type EngineOptions, openEngine } from '../../lib/engine/engine.ts'

export const device = (process.env.ASTERISM_TEST_DEVICE ?? 'cpu') as Device

/** An engine on the device under test. */
export const openTested = (options: EngineOptions = {}): Promise<Engine> => openEngine({ ...options, device })
