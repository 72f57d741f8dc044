// Who imports whom: the sources of this repository, the relative imports in them, and the circles that these form. All
// imports count, of types too: `import`, `import type`, `export … from`, `import()`. Read by their text and not parsed, so
// that a string which looks like an import of a file that is there counts as one.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packageRoot } from './fixtures.ts'

/** Paths from the folder that holds package.json. */
export interface Import {
  readonly from: string
  readonly to: string
}

/** A file of code, with its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** All code under a folder. */
export const sourcesIn = (folder: string): Source[] =>
  readdirSync(join(packageRoot, folder), { recursive: true })
    .map((file) => join(folder, String(file)))
    .filter((path) => /\.(ts|mjs|py)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(packageRoot, path), 'utf8') }))

/** What a source imports. */
export const importsOf = ({ path, text }: Source): Import[] =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(([, specifier]) => ({
    from: path,
    to: join(dirname(path), specifier!),
  }))

export const importsIn = (folder: string): Import[] => sourcesIn(folder).flatMap(importsOf)

/**
 * Ways along imports that end where they begin; none where there is no circle.
 * Example: a → b, b → c, c → a gives [[a, b, c, a]].
 */
export function circles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>()
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to])
  const found: string[][] = []
  const done = new Set<string>()
  const follow = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file)
    if (at >= 0) found.push([...way.slice(at), file])
    if (at >= 0 || done.has(file)) return
    for (const to of targets.get(file) ?? []) follow(to, [...way, file])
    done.add(file)
  }
  for (const file of targets.keys()) follow(file, [])
  return found
}
