// Strips the types of every TypeScript file into dist/, beside copies of the other files that code reads at run time.
// Only files newer than their output are touched, each written under a temporary name and renamed, so several builds
// may run at once. Output whose source is gone goes too. Types are not checked here: `npm run check` does that.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const SOURCES = ['kernel', 'lib', 'datasets', 'test', 'bench']
const ASSETS = new Set(['.py', '.json', '.svg', '.png', '.jsonl'])

/** Brings dist/ up to date. Result: how many files were written, and one line for each file that has a syntax error. */
export async function build() {
  for (const folder of SOURCES) removeOrphans(join(root, 'dist', folder))
  const pending = SOURCES.flatMap((folder) => stale(join(root, folder)))
  if (pending.length === 0) return { written: 0, errors: [] }
  const { transformSync } = await import('oxc-transform')
  const errors = []
  for (const { source, target } of pending) {
    mkdirSync(dirname(target), { recursive: true })
    if (!source.endsWith('.ts')) {
      const temporary = `${target}.${process.pid}`
      copyFileSync(source, temporary)
      renameSync(temporary, target)
      continue
    }
    const result = transformSync(source, readFileSync(source, 'utf8'), {
      sourcemap: true,
      target: 'es2022',
      typescript: { onlyRemoveTypeImports: true, rewriteImportExtensions: 'rewrite' },
    })
    if (result.errors.length > 0) {
      errors.push(`${relative(root, source)}: ${result.errors[0].message}\n${result.errors[0].codeframe ?? ''}`)
      continue
    }
    const map = { ...result.map, sources: [relative(dirname(target), source)], sourcesContent: undefined }
    write(`${target}.map`, JSON.stringify(map))
    write(target, `${result.code}\n//# sourceMappingURL=${target.slice(dirname(target).length + 1)}.map\n`)
  }
  return { written: pending.length - errors.length, errors }
}

function write(path, text) {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, text)
  renameSync(temporary, path)
}

function stale(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const source = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'fixtures' || entry.name === 'node_modules' ? [] : stale(source)
    const isCode = entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts')
    if (!isCode && !ASSETS.has(extname(entry.name))) return []
    const target = join(root, 'dist', relative(root, source)).replace(/\.ts$/, '.js')
    const fresh = existsSync(target) && statSync(target).mtimeMs >= statSync(source).mtimeMs
    return fresh ? [] : [{ source, target }]
  })
}

/** A test whose source is gone would still be run. */
function removeOrphans(folder) {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const target = join(folder, entry.name)
    const source = join(root, relative(join(root, 'dist'), target)).replace(/\.js(\.map)?$/, '.ts')
    const isOutput = /\.js(\.map)?$/.test(entry.name) || ASSETS.has(extname(entry.name))
    if (entry.isDirectory()) removeOrphans(target)
    else if (isOutput && !existsSync(source)) rmSync(target, { force: true })
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { written, errors } = await build()
  for (const error of errors) console.error(error)
  if (errors.length > 0) process.exit(1)
  if (written > 0) console.error(`built ${written} files into dist/`)
}
