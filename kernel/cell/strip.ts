// TypeScript → JavaScript that V8 runs, for cells and for local modules. Types go, enums and namespaces become objects,
// `using` and experimental decorators become calls of lowered-runtime.ts: oxc-transform does all of that. Standard
// decorators and `accessor`, which it leaves, are lowered by TypeScript itself, loaded when the first one comes. Nothing is
// type-checked.
import { createRequire } from 'node:module'
import { parseSync } from 'oxc-parser'
import { type TransformOptions, transformSync } from 'oxc-transform'
import { hasJsxFactory, languageOf } from './jsx.ts'
import { children, type Node } from './scope.ts'
import type { PositionMap } from './source-position.ts'
import type { LanguageOptions } from './tsconfig.ts'

/** JavaScript, and its way back: the last step of generation first. */
export interface Stripped {
  readonly code: string
  readonly maps: PositionMap[]
}

/** Why a text cannot run: what the parser says, where (1-based). */
export class CellSyntaxError extends SyntaxError {
  override readonly name = 'SyntaxError'
  readonly line: number
  readonly column: number
  readonly hint: string | null
  constructor(message: string, line: number, column: number, hint: string | null) {
    super(message)
    this.line = line
    this.column = column
    this.hint = hint
  }
}

/** Line and column, 1-based, of an offset. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/** Removes the types. Throws CellSyntaxError where the text is not TypeScript. `name`: of a cell, or a file's path. */
export function stripTypes(name: string, source: string, options: LanguageOptions = {}): Stripped {
  const lang = languageOf(source, name)
  const { experimentalDecorators = false } = options
  if (hasSplitNamespace(source)) return byTypeScript(name, source, options)
  const settings: TransformOptions = {
    lang,
    sourceType: 'module',
    sourcemap: true,
    target: 'es2022',
    helpers: { mode: 'External' as never }, // an ambient const enum
    typescript: { onlyRemoveTypeImports: true },
    ...(lang === 'tsx' ? { jsx: { runtime: hasJsxFactory(source) ? 'classic' : 'automatic' } } : {}),
    ...(experimentalDecorators ? { decorator: { legacy: true, emitDecoratorMetadata: true } } : {}),
  }
  const result = transformSync(`${name}.${lang}`, source, settings)
  const error = result.errors[0]
  if (error !== undefined) {
    if (/exporting non-const/.test(error.message)) return byTypeScript(name, source, options)
    // The parser counts in UTF-16, as editors do; the transformer counts in bytes.
    const parsed = parseSync(`${name}.${lang}`, source, { lang, sourceType: 'module' }).errors[0]
    const start = parsed?.labels[0]?.start ?? Math.min(error.labels.at(-1)?.start ?? 0, source.length)
    const { line, column } = positionAt(source, start)
    throw new CellSyntaxError(error.message, line, column, error.helpMessage)
  }
  const maps: PositionMap[] = [() => result.map]
  if (!needsTypeScript(name, result.code)) return { code: result.code, maps }
  const lowered = byTypeScript(`${name}.js`, result.code, options)
  return { code: lowered.code, maps: [...lowered.maps, ...maps] }
}

/** Parts of one namespace see each other's exports: oxc-transform compiles each on its own. */
function hasSplitNamespace(source: string): boolean {
  const found = [...source.matchAll(/\bnamespace\s+([\p{ID_Start}$_][\p{ID_Continue}$.]*)\s*\{/gu)].map(
    ([, one]) => one,
  )
  return new Set(found).size < found.length
}

/** Decorators and accessors that oxc-transform left in place. */
function needsTypeScript(name: string, code: string): boolean {
  if (!/@|\baccessor\b/.test(code)) return false
  const program = parseSync(`${name}.ts`, code, { lang: 'ts', sourceType: 'module' }).program as unknown as Node
  const has = (node: Node): boolean => {
    const { decorators } = node as { decorators?: unknown[] }
    const isParameter = !/^(?:Class|Method|Property|Accessor)/.test(node.type)
    if (decorators !== undefined && decorators.length > 0 && isParameter) {
      const message =
        'Decorators of parameters need "experimentalDecorators": true in the compilerOptions of tsconfig.json'
      throw new SyntaxError(`${message}, beside the notebook or above`)
    }
    return (decorators?.length ?? 0) > 0 || node.type === 'AccessorProperty' || children(node).some(has)
  }
  return has(program)
}

const require = createRequire(import.meta.url)

/** Slower than oxc-transform, but complete. */
function byTypeScript(name: string, source: string, { experimentalDecorators = false }: LanguageOptions): Stripped {
  const ts = require('typescript') as typeof import('typescript')
  const { outputText, sourceMapText, diagnostics } = ts.transpileModule(source, {
    fileName: /\.[jt]sx?$/.test(name) ? name : `${name}.ts`,
    reportDiagnostics: true,
    compilerOptions: {
      allowJs: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      experimentalDecorators,
      sourceMap: true,
    },
  })
  const [first] = diagnostics ?? []
  if (first !== undefined) {
    const { line, column } = positionAt(source, first.start ?? 0)
    throw new CellSyntaxError(ts.flattenDiagnosticMessageText(first.messageText, '\n'), line, column, null)
  }
  // A namespace or enum of an earlier cell is not continued.
  const fresh = outputText.replace(
    /^var ([\p{ID_Start}$_][\p{ID_Continue}$]*);(?=\n\(function \(\1\) \{)/gmu,
    'var $1 = void 0;',
  )
  const code = fresh.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
  return { code, maps: [() => JSON.parse(sourceMapText ?? '{}')] }
}
