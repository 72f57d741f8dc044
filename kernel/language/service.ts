// TypeScript's language service over the cells of a notebook and the files that they import. One draft at a time: the
// cell that is asked about. Earlier cells take part only where the draft mentions them, so a long notebook costs nothing.
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import ts from 'typescript'
import { languageOptions } from '../cell/tsconfig.ts'
import { ownFiles, PACKAGE_ROOT } from '../user/own-package.ts'
import { CELL_SCHEME, createNotebookTypes, type NotebookTypes, scriptKind } from './notebook-types.ts'

/** A language service with a cell in it. */
export interface CellService {
  readonly service: ts.LanguageService
  readonly notebook: NotebookTypes
  /** Specifiers of this package: importable without an install. */
  readonly ownNames: readonly string[]
  /** File name of the draft. */
  readonly draft: string
  /** File name of an earlier cell's module. */
  fileOf(cell: string): string
  /** Puts a cell's text into the draft. Result: length of what stands before it in the draft's file. */
  setDraft(source: string): number
}

/** Of every notebook; `languageOptions` adds what the folder's project says. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  lib: [...languageOf(Number(process.versions.node.split('.')[0])), 'disposable', 'decorators'].map(
    (name) => `lib.${/^es/.test(name) ? name : `esnext.${name}`}.d.ts`,
  ),
  module: ts.ModuleKind.Preserve,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: ['node'],
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ['node'],
  jsx: ts.JsxEmit.React, // `@jsxImportSource` in a cell makes it the automatic one
  allowImportingTsExtensions: true,
  allowJs: true,
  resolveJsonModule: true,
  noEmit: true,
  skipLibCheck: true,
  strict: true, // with the implicit `any` it forbids taken out again (diagnostics.ts): it also infers `let x = null` well
  noImplicitThis: false,
  useUnknownInCatchVariables: false,
}

/** The JavaScript that a Node of this major version knows. */
function languageOf(node: number): string[] {
  if (node >= 24) return ['es2025']
  return node >= 22 ? ['es2024', 'es2025.collection', 'es2025.iterator'] : ['es2023']
}

/** A service for the notebook of a folder. `globals`: names of the notebook API. */
export function createCellService(folder: string, globals: readonly string[]): CellService {
  const notebook = createNotebookTypes()
  const settings = { ...OPTIONS, ...languageOptions(folder) }
  const own = ownFiles('types')
  const file = (name: string): string => join(folder, `.asterism-${name}.mts`)
  const draftFile = file('draft')
  const globalsFile = file('globals')
  const globalsText = notebookGlobals(own.get('asterism/kernel') ?? '', globals)
  let draftText = 'export {};\n'
  let version = 0
  let filesStamp = ''

  const virtual = (path: string): { text: string; version: number } | undefined => {
    if (path === draftFile) return { text: draftText, version }
    if (path === globalsFile) return { text: globalsText, version: 0 }
    const id = /[\\/]\.asterism-([^\\/]*)\.mts$/.exec(path)?.[1]
    return id === undefined ? undefined : notebook.modules.get(id)
  }
  const textOf = (path: string): string | undefined => virtual(path)?.text
  const host: ts.LanguageServiceHost = {
    ...fileAccess(textOf),
    getCompilationSettings: () => settings,
    getScriptKind(path) {
      const text = textOf(path)
      return text === undefined ? ts.ScriptKind.Unknown : scriptKind(text)
    },
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    getScriptFileNames: () => [globalsFile, draftFile, ...[...notebook.augmenting].map(file)],
    getScriptVersion: (path) => `${virtual(path)?.version ?? stamp(path)}`,
    getScriptSnapshot(path) {
      const text = host.readFile(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    // While nothing changed, the service need not compare every file with its last version.
    getProjectVersion: () => `${version} ${notebook.version()} ${filesStamp}`,
    ...resolution(folder, file, own, settings),
  }
  const service = ts.createLanguageService(host, keepingRegistry())

  /** State of the local files that took part last time; packages do not change under a running kernel. */
  const localStamp = (): string => {
    const files = service.getProgram()?.getSourceFiles() ?? []
    const local = files
      .map(({ fileName }) => fileName)
      .filter((path) => !isSettled(path) && virtual(path) === undefined)
    return local.map(stamp).join()
  }

  return {
    service,
    notebook,
    ownNames: [...own.keys()],
    draft: draftFile,
    fileOf: file,
    setDraft(source) {
      const { text, shift } = notebook.draft(source)
      if (text !== draftText) version += 1
      draftText = text
      filesStamp = localStamp()
      return shift
    },
  }
}

const OWN_FOLDERS = [...ownFiles('types').values()].map((file) => dirname(file) + sep)

/** Files that do not change while the kernel runs: those of packages, this one included. */
const isSettled = (path: string): boolean =>
  path.includes('/node_modules/') || OWN_FOLDERS.some((folder) => path.startsWith(folder))

function stamp(path: string): string {
  if (isSettled(path)) return '1'
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? 'gone' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`
}

/** Files of packages are parsed once, also when a draft in between does not mention them. */
function keepingRegistry(): ts.DocumentRegistry {
  const registry = ts.createDocumentRegistry(ts.sys.useCaseSensitiveFileNames)
  const release = registry.releaseDocumentWithKey as (path: string, ...rest: unknown[]) => void
  return {
    ...registry,
    releaseDocumentWithKey: (path: string, ...rest: unknown[]) =>
      isSettled(path) ? undefined : release(path, ...rest),
  }
}

/** What every cell has without an import. */
function notebookGlobals(module: string, names: readonly string[]): string {
  const declared = names.map((name) => `var ${name}: typeof import(${JSON.stringify(module)}).${name};`)
  return `export {};\ndeclare global { ${declared.join(' ')} }\n`
}

/** The disk, with the cells' modules on top. */
function fileAccess(virtual: (path: string) => string | undefined) {
  const readFile = (path: string): string | undefined => {
    try {
      return virtual(path) ?? readFileSync(path, 'utf8')
    } catch {
      return undefined // TypeScript asks for files that may not be there
    }
  }
  return {
    readFile,
    fileExists: (path: string) => virtual(path) !== undefined || ts.sys.fileExists(path),
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    readDirectory: ts.sys.readDirectory,
    realpath: (path: string) => (virtual(path) === undefined ? (ts.sys.realpath?.(path) ?? path) : path),
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
  }
}

/** Which file a specifier means: a cell, this package, else what TypeScript finds from the importing file. */
function resolution(
  folder: string,
  fileOf: (cell: string) => string,
  own: ReadonlyMap<string, string>,
  settings: ts.CompilerOptions,
) {
  const found = new Map<string, ts.ResolvedModuleFull>()
  const resolve = (specifier: string, from: string, mode: ts.ResolutionMode): ts.ResolvedModuleFull | undefined => {
    if (specifier.startsWith(CELL_SCHEME)) {
      return { resolvedFileName: fileOf(specifier.slice(CELL_SCHEME.length)), extension: ts.Extension.Mts }
    }
    const types = own.get(specifier)
    if (types !== undefined) return { resolvedFileName: types, extension: ts.Extension.Ts }
    const options = isSettled(from) ? OPTIONS : settings // the project's `paths` mean nothing inside packages
    return ts.resolveModuleName(specifier, from, options, ts.sys, undefined, undefined, mode).resolvedModule
  }
  const remembered = (specifier: string, from: string, mode: ts.ResolutionMode): ts.ResolvedModuleFull | undefined => {
    // Packages do not change under a running kernel; what was not found may be there the next time.
    const isLasting = isSettled(from) || !/^[./]/.test(specifier)
    const key = `${mode} ${specifier} ${isSettled(from) ? from : ''}`
    const known = isLasting ? found.get(key) : undefined
    const module = known ?? resolve(specifier, from, mode)
    if (module !== undefined && isLasting && isSettled(module.resolvedFileName)) found.set(key, module)
    return module
  }
  const host: Pick<ts.LanguageServiceHost, 'resolveModuleNameLiterals' | 'resolveTypeReferenceDirectiveReferences'> = {
    resolveModuleNameLiterals: (literals, from, _redirect, options, source) =>
      literals.map((literal) => ({
        resolvedModule: remembered(literal.text, from, ts.getModeForUsageLocation(source, literal, options)),
      })),
    // A folder without @types/node gets ours.
    resolveTypeReferenceDirectiveReferences: (directives, from, _redirect, options) =>
      directives.map((directive) => {
        const name = typeof directive === 'string' ? directive : directive.fileName
        const search = (start: string) => ts.resolveTypeReferenceDirective(name, start, options, ts.sys)
        const inFolder = search(from.startsWith(folder) || isSettled(from) ? from : join(folder, 'cell.mts'))
        return inFolder.resolvedTypeReferenceDirective ? inFolder : search(join(PACKAGE_ROOT, 'package.json'))
      }),
  }
  return host
}
