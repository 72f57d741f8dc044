// `new Worker('./x.ts')` in cells and local modules: a TypeScript file starts through entry.ts, which loads it as a cell's
// imports are loaded. Everything else starts as Node starts it.
import { existsSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import workerThreads, { type WorkerOptions } from 'node:worker_threads'

const ENTRY = join(import.meta.dirname, 'entry.js')

/** From here on workers may be TypeScript files. `folder`: the notebook's, where a relative path may lie beside the working directory. */
export function startTypeScriptWorkers(folder: string): void {
  const { Worker: Native } = workerThreads
  class Worker extends Native {
    constructor(filename: string | URL, options: WorkerOptions = {}) {
      const file = options.eval ? null : workerFile(filename, folder)
      if (file === null || !/\.[mc]?tsx?$/.test(file)) super(file ?? filename, options)
      else {
        const { argv = [], execArgv } = options
        const flags = execArgv === undefined ? {} : { execArgv: [...process.execArgv, ...execArgv] }
        super(ENTRY, { ...options, ...flags, argv: [file, ...argv] })
      }
    }
  }
  Object.assign(workerThreads, { Worker })
  syncBuiltinESMExports()
}

/** The file that a worker is to run; null where Node must say what is wrong. */
function workerFile(filename: unknown, folder: string): string | null {
  if (filename instanceof URL) return filename.protocol === 'file:' ? existing(fileURLToPath(filename)) : null
  if (typeof filename !== 'string') return null
  return existing(resolve(filename)) ?? (/^\.\.?[\\/]/.test(filename) ? existing(resolve(folder, filename)) : null)
}

/** `x.js` also means an x.ts, as in imports. */
function existing(file: string): string | null {
  if (existsSync(file)) return file
  const typed = file.replace(/\.([mc]?)js$/, '.$1ts')
  return existsSync(typed) ? typed : null
}
