// What `import`, `import()` and `require` mean in a cell. Packages and node builtins go to Node's own loader, resolved from
// the notebook's folder; this package's own names resolve to this package without any install; local files are loaded
// here, types removed, and loaded again when they or the local files that they import changed on disk.
// Not covered: TypeScript files inside node_modules, and `require` of an ES module.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, extname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { parseSync } from 'oxc-parser'
import { marked } from '../cell/debug-marker.ts'
import { guardedModule } from '../cell/loop-guard.ts'
import { registerScript } from '../cell/source-position.ts'
import { CellSyntaxError, stripTypes } from '../cell/strip.ts'
import { type LanguageOptions, mappedPaths } from '../cell/tsconfig.ts'
import { ownFiles } from './own-package.ts'

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
  /** Local files that it requires, directly or not, with their stamps. */
  readonly required: ReadonlyMap<string, string>
  evaluation: Promise<void> | null
}

const SOURCE = ['.ts', '.mts', '.tsx', '.js', '.mjs', '.jsx']
const CANDIDATES = ['', ...SOURCE, '.json', '/index.ts', '/index.tsx', '/index.js']

/** A loader for a notebook that lives (or could live) at the given path. */
export function createModules(notebook: string, language: LanguageOptions = {}): Modules {
  const folder = dirname(notebook)
  const nativeRequire = createRequire(notebook)
  const local = new Map<string, LocalModule>()
  const native = new Map<string, vm.Module>()
  const completed = new Map<string, Namespace>()
  const own = ownFiles('default')
  let linking: Promise<unknown> = Promise.resolve()

  const resolve = (specifier: string, from: string): { file: string } | { url: string } => {
    const ours = own.get(specifier)
    if (ours !== undefined) return { url: pathToFileURL(ours).href }
    if (isBuiltin(specifier)) return { url: specifier.startsWith('node:') ? specifier : `node:${specifier}` }
    const isPath = /^(\.{0,2}\/|file:|[A-Za-z]:[\\/])/.test(specifier)
    if (!isPath) {
      const mapped = mappedFile(specifier)
      if (mapped !== null) return isLocal(mapped) ? { file: mapped } : { url: pathToFileURL(mapped).href }
      const url = import.meta.resolve(specifier, pathToFileURL(from).href)
      return isLocalSource(url) ? { file: fileURLToPath(url) } : { url }
    }
    const base = specifier.startsWith('file:') ? fileURLToPath(specifier) : join(folderOf(specifier, from), specifier)
    const file = existingFile(base)
    if (file === null) throw notFound(specifier, from)
    return isLocal(file) ? { file } : { url: pathToFileURL(file).href }
  }

  /** The file that `paths` of the project's tsconfig.json name; declarations have no code. */
  const mappedFile = (specifier: string): string | null => {
    const files = mappedPaths(specifier, language).map((path) => (path.endsWith('.d.ts') ? null : existingFile(path)))
    return files.find((file) => file !== null) ?? null
  }

  /**
   * A package or builtin. Of a CommonJS package also the names that Node finds only by running it: to whoever writes
   * `import { groupBy } from 'lodash'`, the difference is none of their business.
   */
  const importNative = async (url: string): Promise<Namespace> => {
    const known = completed.get(url)
    if (known !== undefined) return known
    const namespace = (await import(url)) as Namespace
    const exports: unknown = url.startsWith('file:') && nativeRequire.cache[fileURLToPath(url)]?.exports
    const isBag = (typeof exports === 'object' || typeof exports === 'function') && exports !== null
    if (!isBag || Object.keys(exports).every((name) => name in namespace)) return namespace
    const all: Namespace = { ...exports, ...namespace }
    completed.set(url, all)
    return all
  }

  const nativeModule = async (url: string): Promise<vm.Module> => {
    const known = native.get(url)
    if (known !== undefined) return known
    const made = synthetic(url, await importNative(url))
    native.set(url, made)
    return made
  }

  /** The module of a local file, not yet linked. */
  const localModule = async (file: string): Promise<LocalModule> => {
    const known = local.get(file)
    if (known !== undefined) return known
    const before = stamp(file)
    const module = extname(file) === '.wasm' ? await wasmModule(file, before) : build(file)
    const made: LocalModule = {
      stamp: before,
      module,
      imports: new Set(),
      required: requiredBy(file),
      evaluation: null,
    }
    local.set(file, made)
    return made
  }

  /** Node instantiates it; the stamp in its address makes a changed file another one. */
  const wasmModule = async (file: string, version: string): Promise<vm.Module> => {
    try {
      return synthetic(file, await importNative(`${pathToFileURL(file).href}?${encodeURIComponent(version)}`))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error
      const other =
        "const { instance } = await WebAssembly.instantiate(await (await import('node:fs/promises')).readFile(file))"
      throw new Error(`Node ${process.versions.node} cannot import ${file}. What works in every version: ${other}`)
    }
  }

  const build = (file: string): vm.Module => {
    if (extname(file) === '.json') return synthetic(file, { default: JSON.parse(readFileSync(file, 'utf8')) })
    if (!SOURCE.includes(extname(file))) return commonJs(file)
    const source = readFileSync(file, 'utf8')
    if (!/tsx?$/.test(file) && !parseSync(file, source).module.hasModuleSyntax) return commonJs(file)
    const { code: plain, maps: stripMaps } = stripped(file, source, language)
    const { code, maps } = guardedModule(file, plain)
    registerScript(file, source, [...maps, ...stripMaps])
    return new vm.SourceTextModule(marked(code), {
      identifier: file,
      importModuleDynamically: (specifier: string) => load(specifier, file) as never,
      initializeImportMeta: (meta) => Object.assign(meta, metaOf(file)),
    })
  }

  /** Local files are required afresh, packages are not. */
  const forgetRequired = (): void => {
    for (const loaded of Object.keys(nativeRequire.cache)) {
      if (isLocal(loaded)) delete nativeRequire.cache[loaded]
    }
  }
  const requiredBy = (file: string, found = new Map<string, string>()): Map<string, string> => {
    for (const { filename } of nativeRequire.cache[file]?.children ?? []) {
      if (!isLocal(filename) || found.has(filename)) continue
      found.set(filename, stamp(filename))
      requiredBy(filename, found)
    }
    return found
  }
  /** What cells last required, with the stamps of the files behind it. */
  const seen = new Map<string, string>()
  const require = Object.assign((specifier: string): unknown => {
    if (own.has(specifier)) throw new Error(`'${specifier}' is an ES module: use import, or await import()`)
    if (isBuiltin(specifier)) return nativeRequire(specifier)
    const file = mappedFile(specifier) ?? nativeRequire.resolve(specifier)
    if (isLocal(file) && /\.(?:m?tsx?|mjs)$/.test(file)) {
      throw new Error(`Cannot require ${file}: use import, or await import()`)
    }
    if ([...seen].some(([one, then]) => stamp(one) !== then)) {
      forgetRequired()
      seen.clear()
    }
    const exports: unknown = nativeRequire(file)
    if (isLocal(file)) for (const [one, now] of requiredBy(file).set(file, stamp(file))) seen.set(one, now)
    return exports
  }, nativeRequire) as NodeJS.Require

  const commonJs = (file: string): vm.Module => {
    forgetRequired()
    const exports: unknown = createRequire(file)(file)
    return synthetic(file, { ...(exports as object | undefined), default: exports })
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
    if ('url' in target) return importNative(target.url)
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
  const isStale = (one: string): boolean => {
    const known = local.get(one)
    return known?.stamp !== stamp(one) || [...known.required].some(([required, then]) => stamp(required) !== then)
  }
  const reached = [...graph(local, file)]
  const stale = reached.filter((one) => [...graph(local, one)].some(isStale))
  for (const one of stale) local.delete(one)
}

const isLocal = (file: string): boolean => !file.includes(`${sep}node_modules${sep}`)

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
  url.startsWith('file:') && /\.m?tsx?$/.test(url) && !url.includes('/node_modules/')

function notFound(specifier: string, from: string): Error {
  const error = new Error(`Cannot find module '${specifier}' imported from ${dirname(from)}`)
  return Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' })
}
