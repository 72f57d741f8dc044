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

/** The name by which cells import this package, whatever name it is published under. */
const NAME = 'asterism'

/** The condition under which a checkout exports its sources: declarations are written only into a package. */
const SOURCE = 'asterism-source'

interface Manifest {
  readonly version: string
  readonly exports: Record<string, string | { readonly [condition: string]: string }>
}

export const ownManifest = (): Manifest =>
  JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as Manifest

/** `asterism`, `asterism/kernel` … → the TypeScript file with their types, or the built file. */
export function ownFiles(kind: 'types' | 'default'): Map<string, string> {
  const found = Object.entries(ownManifest().exports).flatMap(([key, target]) => {
    const file = typeof target === 'string' ? (kind === 'default' ? target : undefined) : fileOf(target, kind)
    return file === undefined ? [] : [[NAME + key.slice(1), join(PACKAGE_ROOT, file)] as const]
  })
  return new Map(found)
}

function fileOf(target: { readonly [condition: string]: string }, kind: 'types' | 'default'): string | undefined {
  const source = target[SOURCE]
  return kind === 'types' && source && existsSync(join(PACKAGE_ROOT, source)) ? source : target[kind]
}
