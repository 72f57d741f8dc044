// The declarations of what this package exports, beside its code in dist/. The compiler leaves the endings of our imports
// as they are written (`./run.ts`); whoever compiles against the package has only what was built (`./run.js`).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const SPECIFIER = /((?:\bfrom|\bimport)\s*\(?\s*['"])(\.[^'"]*)\.ts(['"])/g

/** Writes the declarations into `dist`. Result: how many files. Errors: the sources do not compile. */
export function writeTypes(root, dist = join(root, 'dist')) {
  removeTypes(dist)
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const sources = Object.values(exports).flatMap((target) => target['asterism-source'] ?? [])
  const scratch = mkdtempSync(join(root, 'node_modules', '.types-'))
  try {
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: root, outDir: dist },
      files: sources.map((source) => join(root, source)),
      include: [],
    }
    writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(config))
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', scratch], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`Expected sources that compile:\n${stdout}`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  const kept = new Set()
  for (const source of sources) {
    const entry = join(dist, source.replace(/\.ts$/, '.d.ts'))
    follow(entry, kept)
    writeFileSync(entry, `/// <reference types="node" />\n${readFileSync(entry, 'utf8')}`) // whatever `types` a project names
  }
  removeTypes(dist, kept)
  return kept.size
}

/** What a declaration imports is kept with it; code that no declaration needs has none. */
function follow(file, kept) {
  if (kept.has(file)) return
  kept.add(file)
  const text = readFileSync(file, 'utf8')
  for (const [, , path] of text.matchAll(SPECIFIER)) follow(resolve(dirname(file), `${path}.d.ts`), kept)
  writeFileSync(file, text.replace(SPECIFIER, '$1$2.js$3'))
}

export function removeTypes(dist, kept = new Set()) {
  if (!existsSync(dist)) return
  for (const name of readdirSync(dist, { recursive: true })) {
    const file = join(dist, name)
    if (name.endsWith('.d.ts') && !kept.has(file)) rmSync(file)
  }
}
