// Where this package lies, its version, and the files behind the names it exports.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Folder of this package's package.json: above the sources, and above dist/. */
export const PACKAGE_ROOT = packageRoot()

function packageRoot(): string {
  let root = import.meta.dirname
  while (!existsSync(join(root, 'package.json'))) root = dirname(root)
  return root
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Record<string, string | { types?: string; default: string }>
}

export const ownManifest = (): Manifest =>
  JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as Manifest

/** `asterism`, `asterism/kernel` … → the TypeScript file with their types, or the built file. */
export function ownFiles(kind: 'types' | 'default'): Map<string, string> {
  const { name, exports } = ownManifest()
  const found = Object.entries(exports).flatMap(([key, target]) => {
    const file = typeof target !== 'string' ? target[kind] : kind === 'default' ? target : undefined
    return file === undefined ? [] : [[name + key.slice(1), join(PACKAGE_ROOT, file)] as const]
  })
  return new Map(found)
}
