// Where a graph runs. A device that is absent is an error that says so; nothing falls back to another one silently.
import { availableParallelism } from 'node:os'
import type { InferenceSession } from 'onnxruntime-common'
import { onnxruntime } from './onnxruntime.ts'

/** The hardware a session runs on. `cpu` works everywhere. */
export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'directml'

/** ONNX Runtime's own name of each device, and what a person can do when it is not there. */
const DEVICES: Record<Device, { provider: string; advice: string }> = {
  cpu: { provider: 'cpu', advice: 'install this package again' },
  webgpu: { provider: 'webgpu', advice: 'it needs a GPU with a Vulkan, Metal or Direct3D 12 driver' },
  cuda: {
    provider: 'cuda',
    advice:
      'it needs Linux on x64, an NVIDIA driver and the CUDA files: `npm install onnxruntime-node --onnxruntime-node-install=cuda12` in a folder of your own, and ASTERISM_ONNXRUNTIME=FOLDER/node_modules/onnxruntime-node',
  },
  coreml: { provider: 'coreml', advice: 'it needs macOS' },
  directml: { provider: 'dml', advice: 'it needs Windows' },
}

export const DEVICE_NAMES = Object.keys(DEVICES) as Device[]

/** Default number of threads of one engine: every core this process may use. */
export const defaultThreads = (): number => availableParallelism()

/** Devices that the installed ONNX Runtime was built for; whether their hardware is here shows when one is opened. */
export function builtDevices(): Device[] {
  const providers = new Set(
    onnxruntime()
      .listSupportedBackends()
      .map((backend) => backend.name as string),
  )
  return DEVICE_NAMES.filter((device) => providers.has(DEVICES[device].provider))
}

/** Session options of a device. Threads sleep between two pieces of work when `spinning` is false. */
export function sessionOptions(device: Device, threads: number, spinning: boolean): InferenceSession.SessionOptions {
  return {
    executionProviders: [DEVICES[device].provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Denormals cost time and would let the value of masked positions through: they are zero here.
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' }, set_denormal_as_zero: '1' } },
  }
}

/** The error of a device that cannot be used: what was asked, what was found, what to do. */
export function deviceError(device: string, built: readonly Device[], reason?: string): Error {
  const advice = (DEVICES as Record<string, { advice: string } | undefined>)[device]?.advice
  const found = `this ONNX Runtime was built for ${built.join(', ')}`
  const what = advice ? `Expected the device ${device}` : `Expected a device (${DEVICE_NAMES.join(', ')})`
  // ONNX Runtime puts the place in its own source and the failed condition before what happened.
  const happened = reason?.split('\n')[0]?.replace(/^ONNX Runtime: (.* was false\. )?/, '')
  const got = advice ? 'got none' : `got \`${device}\``
  const why = happened ? `but opening it failed: ${happened}` : got
  return new Error(`${what}, ${why} (${found}). ${advice ? `To use it: ${advice}. Otherwise choose` : 'Choose'} cpu.`)
}
