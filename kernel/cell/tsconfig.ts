// What the tsconfig.json beside a notebook, or above it, says of the language: what changes the meaning of code, not how
// strictly it is checked. Follows `extends`. A file that cannot be read says nothing: a notebook without it would run too.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

/** What a project may choose. */
export interface LanguageOptions {
  /** As in tsconfig.json: decorators from before the standard, with metadata. @default false */
  readonly experimentalDecorators?: boolean
  /** As in tsconfig.json, with absolute paths; what `baseUrl` says stands under `*`. @default none */
  readonly paths?: Record<string, string[]>
}

interface Tsconfig {
  readonly extends?: string | readonly string[]
  readonly compilerOptions?: { readonly [name: string]: unknown }
}

/** Options as a chain of files gives them; the nearest file counts. */
interface Chosen {
  readonly experimentalDecorators?: boolean
  /** Absolute. */
  readonly baseUrl?: string
  readonly paths?: { readonly folder: string; readonly patterns: Record<string, unknown> }
}

/** The options that hold in a folder. */
export function languageOptions(folder: string): LanguageOptions {
  const file = join(folder, 'tsconfig.json')
  if (!existsSync(file)) return dirname(folder) === folder ? {} : languageOptions(dirname(folder))
  const { experimentalDecorators = false, ...chosen } = chosenIn(file, [])
  const paths = absolutePaths(chosen, folder)
  return { experimentalDecorators, ...(Object.keys(paths).length === 0 ? {} : { paths }) }
}

/** What a file says, and what it extends; of two that say it, the last one counts. `seen`: files that led here. */
function chosenIn(file: string, seen: readonly string[]): Chosen {
  const config = seen.includes(file) ? null : readConfig(file)
  if (config === null) return {}
  const bases = [config.extends ?? []].flat().map((base) => resolveBase(base, file))
  const inherited = bases.map((base) => (base === null ? {} : chosenIn(base, [...seen, file])))
  const { experimentalDecorators, baseUrl, paths } = config.compilerOptions ?? {}
  const own: Chosen = {
    ...(typeof experimentalDecorators === 'boolean' ? { experimentalDecorators } : {}),
    ...(typeof baseUrl === 'string' ? { baseUrl: resolve(dirname(file), baseUrl) } : {}),
    ...(typeof paths === 'object' && paths !== null
      ? { paths: { folder: dirname(file), patterns: paths as Record<string, unknown> } }
      : {}),
  }
  return Object.assign({}, ...inherited, own) as Chosen
}

/** `folder`: that of the nearest file, which `${configDir}` means wherever it stands. */
function absolutePaths({ baseUrl, paths }: Chosen, folder: string): Record<string, string[]> {
  const from = baseUrl ?? paths?.folder ?? folder
  const found: Record<string, string[]> = baseUrl === undefined ? {} : { '*': [join(baseUrl, '*')] }
  for (const [pattern, targets] of Object.entries(paths?.patterns ?? {})) {
    if (!Array.isArray(targets)) continue
    const texts = targets.filter((target): target is string => typeof target === 'string')
    const own = texts.map((target) =>
      resolve(
        from,
        target.replace(/^\$\{configDir\}/, () => folder),
      ),
    )
    found[pattern] = [...own, ...(pattern === '*' ? (found['*'] ?? []) : [])]
  }
  return found
}

/** The files that a specifier may mean by `paths`, the first choice first: those of the pattern that fits best. */
export function mappedPaths(specifier: string, { paths = {} }: LanguageOptions): string[] {
  if (paths[specifier] !== undefined) return paths[specifier]
  const fitting = Object.keys(paths).filter((pattern) => {
    const [before = '', after] = pattern.split('*')
    const isLong = specifier.length >= before.length + (after?.length ?? 0)
    return after !== undefined && isLong && specifier.startsWith(before) && specifier.endsWith(after)
  })
  const [best] = fitting.sort((a, b) => b.indexOf('*') - a.indexOf('*'))
  if (best === undefined) return []
  const [before = '', after = ''] = best.split('*')
  const part = specifier.slice(before.length, specifier.length - after.length)
  return (paths[best] ?? []).map((target) => target.replace('*', () => part))
}

/** As TypeScript finds it: a path with or without `.json`, or a package's file, `tsconfig.json` by default. */
function resolveBase(base: string, from: string): string | null {
  const isPath = /^(\.{0,2}\/|[A-Za-z]:[\\/])/.test(base)
  const require = createRequire(from)
  for (const candidate of [base, `${base}.json`, ...(isPath ? [] : [`${base}/tsconfig.json`])]) {
    try {
      const found = require.resolve(candidate)
      if (found.endsWith('.json')) return found
    } catch {
      // the next one
    }
  }
  return null
}

const COMMENTS = /("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
const TRAILING_COMMAS = /("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g

function readConfig(file: string): Tsconfig | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8').replace(COMMENTS, '$1').replace(TRAILING_COMMAS, '$1')) as Tsconfig
  } catch {
    return null // broken, or not to be read: the editor says so
  }
}
