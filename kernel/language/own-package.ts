// Where this package lies, and the files that hold the types of the names it exports.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Folder of this package's package.json: above the sources, and above dist/. */
export const PACKAGE_ROOT = packageRoot()

function packageRoot(): string {
  let root = import.meta.dirname
  while (!existsSync(join(root, 'package.json'))) root = dirname(root)
  return root
}

/** `asterism`, `asterism/kernel` … → the TypeScript file with their types. */
export function ownTypes(): Map<string, string> {
  const { name, exports } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    name: string
    exports: Record<string, string | { types?: string }>
  }
  const typed = Object.entries(exports).flatMap(([key, target]) =>
    typeof target === 'string' || target.types === undefined
      ? []
      : [[name + key.slice(1), join(PACKAGE_ROOT, target.types)] as const],
  )
  return new Map(typed)
}
