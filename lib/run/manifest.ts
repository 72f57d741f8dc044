// run.json: what someone else needs to get the same run again, and what tells on resume that it is the same run.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { onnxruntimeVersion } from '../engine/onnxruntime.ts'
import type { Settings } from './settings.ts'

export interface Manifest {
  readonly name: string
  readonly seed: number
  readonly settings: Settings
  readonly problems: {
    readonly source: string
    readonly train: number
    readonly heldOut: number
    readonly sha256: string
  }
  readonly versions: { readonly asterism: string; readonly node: string; readonly onnxruntime: string }
  /** Commit of the checkout, with `+changes` when files differ from it; null outside a checkout. */
  readonly commit: string | null
  /** SHA-256 of package-lock.json; null where there is none. */
  readonly lockfile: string | null
  readonly machine: {
    readonly platform: string
    readonly cpu: string
    readonly cores: number
    readonly memoryGb: number
  }
}

export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** Describes the code and the machine that a run is made with. */
export function provenance(): Pick<Manifest, 'versions' | 'commit' | 'lockfile' | 'machine'> {
  const root = packageRoot()
  const lockfile = join(root, 'package-lock.json')
  return {
    versions: {
      asterism: packageVersion(),
      node: process.versions.node,
      onnxruntime: onnxruntimeVersion(),
    },
    commit: commitOf(root),
    lockfile: existsSync(lockfile) ? sha256(readFileSync(lockfile)) : null,
    machine: {
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
    },
  }
}

/** The version of this package. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version

/** The folder of this package's package.json. */
export function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

function commitOf(root: string): string | null {
  if (!existsSync(join(root, '.git'))) return null
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+changes')
  } catch {
    return null // no git on this machine, or no commit yet: the lockfile and versions still tell
  }
}
