// What the tsconfig.json beside a notebook, or above it, says of the language: what changes the meaning of code, not how
// strictly it is checked. Follows `extends`. A file that cannot be read says nothing: a notebook without it would run too.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What a project may choose. */
export interface LanguageOptions {
  /** As in tsconfig.json: decorators from before the standard, with metadata. @default false */
  readonly experimentalDecorators?: boolean
}

interface Tsconfig {
  readonly extends?: string | readonly string[]
  readonly compilerOptions?: { readonly experimentalDecorators?: unknown }
}

/** The options that hold in a folder. */
export function languageOptions(folder: string): LanguageOptions {
  const file = join(folder, 'tsconfig.json')
  if (existsSync(file)) return { experimentalDecorators: hasExperimentalDecorators(file, []) === true }
  return dirname(folder) === folder ? {} : languageOptions(dirname(folder))
}

/** Undefined where neither the file nor what it extends says so. `seen`: files that led here. */
function hasExperimentalDecorators(file: string, seen: readonly string[]): boolean | undefined {
  const config = seen.includes(file) ? null : readConfig(file)
  const own = config?.compilerOptions?.experimentalDecorators
  if (typeof own === 'boolean') return own
  const bases = [config?.extends ?? []].flat().reverse() // of two that say it, the last one counts
  for (const base of bases) {
    const found = resolveBase(base, file)
    const inherited = found === null ? undefined : hasExperimentalDecorators(found, [...seen, file])
    if (inherited !== undefined) return inherited
  }
  return undefined
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
