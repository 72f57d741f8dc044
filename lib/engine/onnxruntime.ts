// ONNX Runtime's native binding, the only place that loads it. A checkout has it among its development packages. The
// published package carries it itself (lib/cli/pack-runtime.mjs): the npm package of ONNX Runtime holds the binaries of
// all platforms and fetches more when it is installed, and a package cannot keep those that it depends on from doing so.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

type OnnxRuntime = typeof import('onnxruntime-node')

const require = createRequire(import.meta.url)
const CARRIED = join(import.meta.dirname, '../../onnxruntime')
/** A checkout that is being packed holds one for a while. */
const IN_CHECKOUT = existsSync(join(import.meta.dirname, '../../../package-lock.json'))
const PLATFORM = `${process.platform}-${process.arch}`
const BINDING = 'onnxruntime_binding.node'

/** Loads ONNX Runtime. Errors: none of its binaries is for this platform; they cannot be unpacked or loaded. */
export const onnxruntime = (): OnnxRuntime => require(runtimePath()) as OnnxRuntime

/** The version that `onnxruntime` loads. Errors: as there, but nothing is loaded. */
export const onnxruntimeVersion = (): string =>
  (require(`${runtimePath()}/package.json`) as { version: string }).version

/** `ASTERISM_ONNXRUNTIME` names another copy of the npm package onnxruntime-node, one with CUDA for example. */
function runtimePath(): string {
  if (process.env.ASTERISM_ONNXRUNTIME) return process.env.ASTERISM_ONNXRUNTIME
  return existsSync(CARRIED) && !IN_CHECKOUT ? unpacked(CARRIED, cacheFolder()) : 'onnxruntime-node'
}

const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'asterism')

/**
 * A folder that holds the carried runtime and the binaries of this platform, unpacked there at the first call: `carried`
 * itself, or, where that cannot be written, a copy below `cache`. Errors: no binaries for this platform; neither folder
 * can be written.
 */
export function unpacked(carried: string, cache: string): string {
  if (existsSync(join(carried, binariesOf(), BINDING))) return carried
  const archives = join(carried, 'archives', PLATFORM)
  if (!existsSync(archives)) {
    if (existsSync(join(carried, binariesOf(), BINDING))) return carried // another process was faster
    throw new Error(noBinaries(carried))
  }
  try {
    unpack(archives, join(carried, binariesOf()))
    rmSync(join(carried, 'archives'), { recursive: true, force: true })
    return carried
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
  const { version } = JSON.parse(readFileSync(join(carried, 'package.json'), 'utf8')) as { version: string }
  const copy = join(cache, `onnxruntime-${version}`)
  if (!existsSync(join(copy, binariesOf(), BINDING))) {
    copyScripts(carried, copy)
    unpack(archives, join(copy, binariesOf()))
  }
  return copy
}

const binariesOf = (): string => join('bin/napi-v6', process.platform, process.arch)

function noBinaries(carried: string): string {
  const folder = join(carried, 'archives')
  const there = existsSync(folder) ? readdirSync(folder).join(', ') : 'another platform only'
  return `Expected ONNX Runtime for ${PLATFORM}, but this package holds it for ${there}. Install it on this machine again, or set ASTERISM_ONNXRUNTIME to the folder of an onnxruntime-node that runs here`
}

/** Whole or not there, whoever does the same at the same time. */
function unpack(archives: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true })
  const temporary = mkdtempSync(`${target}-`)
  try {
    for (const name of readdirSync(archives)) {
      const bytes = brotliDecompressSync(readFileSync(join(archives, name)))
      writeFileSync(join(temporary, basename(name, '.br')), bytes, { mode: 0o755 })
    }
    renameSync(temporary, target)
  } catch (error) {
    if (!existsSync(join(target, BINDING))) throw error
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** The runtime's own JavaScript finds its binaries by their place beside it, and onnxruntime-common as any module does. */
function copyScripts(carried: string, copy: string): void {
  mkdirSync(join(copy, 'dist'), { recursive: true })
  mkdirSync(join(copy, 'node_modules'), { recursive: true })
  for (const name of ['package.json', ...readdirSync(join(carried, 'dist')).map((file) => join('dist', file))])
    copyFileSync(join(carried, name), join(copy, name))
  const link = join(copy, 'node_modules', 'onnxruntime-common')
  rmSync(link, { force: true })
  symlinkSync(dirname(dirname(dirname(require.resolve('onnxruntime-common')))), link)
}
