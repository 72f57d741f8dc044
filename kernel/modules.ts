// What `import`, `import()` and `require` mean in a cell. Packages and node builtins go to Node's own loader, resolved from
// the notebook's folder; this package's own names resolve to this package without any install; local files are loaded
// here, types removed, and loaded again when they or the local files that they import changed on disk.
// Not covered: TypeScript files inside node_modules, and `require` of a TypeScript file.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, extname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { parseSync } from 'oxc-parser'
import { guardedModule } from './loop-guard.ts'
import { registerScript } from './source-position.ts'
import { CellSyntaxError, type LanguageOptions, stripTypes } from './strip.ts'

/** A module's exports, live. */
export type Namespace = Record<string, unknown>

/** Loads modules on behalf of cells and of local files. */
export interface Modules {
  /** The exports of a module; `from` is the importing file, by default the notebook. */
  load(specifier: string, from?: string): Promise<Namespace>
  /** `require`, resolved from the notebook's folder. */
  readonly require: NodeJS.Require
  /** `import.meta` of a cell. */
  readonly meta: { url: string; dirname: string; filename: string; resolve(specifier: string): string }
}

interface LocalModule {
  readonly stamp: string
  readonly module: vm.Module
  /** Local files that it imports. */
  readonly imports: Set<string>
  evaluation: Promise<void> | null
}

const SOURCE = ['.ts', '.mts', '.js', '.mjs']
const CANDIDATES = ['', '.ts', '.mts', '.js', '.mjs', '.json', '/index.ts', '/index.js']

/** A loader for a notebook that lives (or could live) at the given path. */
export function createModules(notebook: string, language: LanguageOptions = {}): Modules {
  const folder = dirname(notebook)
  const require = createRequire(notebook)
  const local = new Map<string, LocalModule>()
  const native = new Map<string, vm.Module>()
  const own = ownExports()
  let linking: Promise<unknown> = Promise.resolve()

  const resolve = (specifier: string, from: string): { file: string } | { url: string } => {
    const ours = own.get(specifier)
    if (ours !== undefined) return { url: ours }
    if (isBuiltin(specifier)) return { url: specifier.startsWith('node:') ? specifier : `node:${specifier}` }
    const isPath = /^(\.{0,2}\/|file:|[A-Za-z]:[\\/])/.test(specifier)
    if (!isPath) {
      const url = import.meta.resolve(specifier, pathToFileURL(from).href)
      return isLocalSource(url) ? { file: fileURLToPath(url) } : { url }
    }
    const base = specifier.startsWith('file:') ? fileURLToPath(specifier) : join(folderOf(specifier, from), specifier)
    const file = existingFile(base)
    if (file === null) throw notFound(specifier, from)
    return file.includes(`${sep}node_modules${sep}`) ? { url: pathToFileURL(file).href } : { file }
  }

  const nativeModule = async (url: string): Promise<vm.Module> => {
    const known = native.get(url)
    if (known !== undefined) return known
    const made = synthetic(url, (await import(url)) as Namespace)
    native.set(url, made)
    return made
  }

  /** The module of a local file, not yet linked. */
  const localModule = async (file: string): Promise<LocalModule> => {
    const known = local.get(file)
    if (known !== undefined) return known
    const made: LocalModule = { stamp: stamp(file), module: build(file), imports: new Set(), evaluation: null }
    local.set(file, made)
    return made
  }

  const build = (file: string): vm.Module => {
    if (extname(file) === '.json') return synthetic(file, { default: JSON.parse(readFileSync(file, 'utf8')) })
    if (!SOURCE.includes(extname(file))) return commonJs(file)
    const source = readFileSync(file, 'utf8')
    if (!/ts$/.test(file) && !parseSync(file, source).module.hasModuleSyntax) return commonJs(file)
    const { code: plain, maps: stripMaps } = stripped(file, source, language)
    const { code, maps } = guardedModule(file, plain)
    registerScript(file, [...maps, ...stripMaps])
    return new vm.SourceTextModule(code, {
      identifier: file,
      importModuleDynamically: (specifier: string) => load(specifier, file) as never,
      initializeImportMeta: (meta) => Object.assign(meta, metaOf(file)),
    })
  }

  const commonJs = (file: string): vm.Module => {
    for (const loaded of Object.keys(require.cache)) {
      if (!loaded.includes(`${sep}node_modules${sep}`)) delete require.cache[loaded]
    }
    const exports: unknown = createRequire(file)(file)
    return synthetic(file, typeof exports === 'object' ? { ...exports, default: exports } : { default: exports })
  }

  const linked = async (file: string): Promise<LocalModule> => {
    const root = await localModule(file)
    if (root.module.status !== 'unlinked') return root
    await root.module.link(async (specifier, referrer) => {
      const target = resolve(specifier, referrer.identifier)
      if ('url' in target) return nativeModule(target.url)
      local.get(referrer.identifier)?.imports.add(target.file)
      return (await localModule(target.file)).module
    })
    return root
  }

  const load = async (specifier: string, from = notebook): Promise<Namespace> => {
    const target = resolve(specifier, from)
    if ('url' in target) return (await import(target.url)) as Namespace
    const { file } = target
    // One graph is linked at a time: two imports that share a file must not link it twice.
    const turn = linking.then(async () => {
      dropStale(local, file)
      return linked(file)
    })
    linking = turn.catch(() => undefined)
    try {
      const root = await turn
      root.evaluation ??= root.module.evaluate()
      await root.evaluation
      return root.module.namespace as Namespace
    } catch (error) {
      for (const reached of graph(local, file)) {
        const status = local.get(reached)?.module.status
        if (status !== 'evaluated') local.delete(reached)
      }
      throw error
    }
  }

  const metaOf = (file: string): Modules['meta'] => ({
    url: pathToFileURL(file).href,
    dirname: dirname(file),
    filename: file,
    resolve: (specifier) => {
      const target = resolve(specifier, file)
      return 'url' in target ? target.url : pathToFileURL(target.file).href
    },
  })
  return { load, require, meta: metaOf(join(folder, notebook.slice(folder.length))) }
}

function stripped(file: string, source: string, language: LanguageOptions): ReturnType<typeof stripTypes> {
  try {
    return stripTypes(file, source, language)
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error
    throw new SyntaxError(`${error.message} (${file}:${error.line}:${error.column})`)
  }
}

function synthetic(identifier: string, namespace: Namespace): vm.Module {
  const names = Object.keys(namespace)
  const module = new vm.SyntheticModule(
    names,
    () => {
      for (const name of names) module.setExport(name, namespace[name])
    },
    { identifier },
  )
  return module
}

const stamp = (file: string): string => {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats === undefined ? 'gone' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`
}

/** Local files reached from one, itself included. */
function graph(local: ReadonlyMap<string, LocalModule>, file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const next of local.get(file)?.imports ?? []) graph(local, next, seen)
  return seen
}

/** Forgets the files of a graph that changed, and every file that imports one of them, directly or not. */
function dropStale(local: Map<string, LocalModule>, file: string): void {
  for (const reached of graph(local, file)) {
    if ([...graph(local, reached)].some((one) => local.get(one)?.stamp !== stamp(one))) local.delete(reached)
  }
}

const folderOf = (specifier: string, from: string): string => (specifier.startsWith('.') ? dirname(from) : '')

/** `./x`, `./x.js` for an x.ts, and folders with an index all mean the file that is there. */
function existingFile(base: string): string | null {
  const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()
  const found = CANDIDATES.map((ending) => base + ending).find(isFile)
  if (found !== undefined) return found
  const typed = base.replace(/\.(m?)js$/, '.$1ts')
  return isFile(typed) ? typed : null
}

const isLocalSource = (url: string): boolean =>
  url.startsWith('file:') && /\.m?ts$/.test(url) && !url.includes('/node_modules/')

function notFound(specifier: string, from: string): Error {
  const error = new Error(`Cannot find module '${specifier}' imported from ${dirname(from)}`)
  return Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' })
}

/** What the nearest tsconfig.json says; its `extends` is not followed. */
export function languageOptions(folder: string): LanguageOptions {
  const file = join(folder, 'tsconfig.json')
  if (existsSync(file)) {
    return { experimentalDecorators: /"experimentalDecorators"\s*:\s*true/.test(readFileSync(file, 'utf8')) }
  }
  return dirname(folder) === folder ? {} : languageOptions(dirname(folder))
}

/** The names that this package exports, each with the URL of its built file. */
function ownExports(): Map<string, string> {
  let root = import.meta.dirname
  while (!existsSync(join(root, 'package.json'))) root = dirname(root)
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string
    exports: Record<string, string | { default: string }>
  }
  return new Map(
    Object.entries(exports).map(([key, target]) => {
      const path = typeof target === 'string' ? target : target.default
      return [name + key.slice(1), pathToFileURL(join(root, path)).href]
    }),
  )
}
