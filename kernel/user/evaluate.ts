// Runs compiled cells in this process's realm and keeps their bindings. One instance per process. Interrupts end the wait
// for a pending cell and stop its loops (interruption.ts); a signal ends whatever else computes before the first await.
// What neither of them reaches blocks the process, and only its owner can end that.
import { types } from 'node:util'
import vm from 'node:vm'
import { type CompiledCell, compileCell, type ImportedName } from '../cell/compile.ts'
import { debugging, marked } from '../cell/debug-marker.ts'
import { HOST, TURN } from '../cell/host-names.ts'
import * as helpers from '../cell/lowered-runtime.ts'
import { originalPosition, registerScript } from '../cell/source-position.ts'
import { CellSyntaxError } from '../cell/strip.ts'
import type { LanguageOptions } from '../cell/tsconfig.ts'
import { endInTheirRealm, inOwnRealm, withoutPrototype } from '../display/own-realm.ts'
import { isInterruption, isStopping, stopLoops } from './interruption.ts'
import type { Modules, Namespace } from './modules.ts'

/** What a cell came to. */
export type Outcome =
  | { kind: 'value'; value: unknown }
  | { kind: 'nothing' }
  | { kind: 'thrown'; error: unknown; at?: string }
  | { kind: 'interrupted' }

/** Runs cells one after another; `names` lists what they declared. */
export interface Evaluator {
  run(name: string, source: string, signal: AbortSignal): Promise<Outcome>
  /** Names that cells declared, newest last. */
  names(): string[]
  /** The expression that reads a name: not the name itself where it hides one of the realm. */
  binding(name: string): string
  /** The same, for a reader that must have no side effect: reading an import counts as one, so its value is laid out. */
  readable(name: string): string
}

/** Prepares the realm. `realm`: the names that a cell must not overwrite for everybody else. */
export function createEvaluator(
  modules: Modules,
  realm: ReadonlySet<string>,
  language: LanguageOptions = {},
): Evaluator {
  const declared = new Set<string>()
  const renamed = new Map<string, string>()
  const captured = new Set<string>()
  const reassigned = new Set<string>()
  const named = new Set<string>()
  /** Values of imported names, by the name. */
  const imports = new Map<string, () => unknown>()
  const host = {
    import: (specifier: unknown) => modules.load(String(specifier)),
    meta: modules.meta,
    named: (name: string, value: object) => Object.defineProperty(value, 'name', { value: name, configurable: true }),
    stopLoops,
    resumed: (value: unknown) => {
      realmTurn()
      return value
    },
    value: undefined as unknown,
    readable: Object.create(null) as Record<string, unknown>,
  }
  const realmTurn = (globalThis as Record<string, unknown>)[TURN] as () => void
  Object.defineProperty(globalThis, HOST, { value: host })
  Object.defineProperty(globalThis, 'babelHelpers', { value: helpers }) // the name that lowered code uses
  Object.assign(globalThis, { require: modules.require })

  const binding = (name: string): string => renamed.get(name) ?? name

  const bindImport = (namespace: Namespace, specifier: string, { local, imported }: ImportedName): void => {
    if (imported !== '*' && !(imported in namespace)) {
      // Cells carry no types, so that a capitalised name that is missing may well be an interface.
      if (/^[A-Z]/.test(imported)) return
      throw new SyntaxError(`The module '${specifier}' does not provide an export named '${imported}'`)
    }
    const read = (): unknown => (imported === '*' ? namespace : namespace[imported])
    const binding = renamed.get(local) ?? local
    named.add(local)
    imports.set(local, read)
    if (declared.has(binding)) {
      host.value = read()
      vm.runInThisContext(`${binding} = ${HOST}.value`)
    } else Object.defineProperty(globalThis, binding, { get: read, set: rejectWrite(local), configurable: true })
  }

  const runImports = async (cell: CompiledCell, name: string): Promise<Outcome | null> => {
    for (let i = 0; i < cell.imports.length; i++) {
      const { specifier, names, position } = cell.imports[i] as CompiledCell['imports'][number]
      try {
        const namespace = await inOwnRealm(() => modules.load(specifier))
        inOwnRealm(() => {
          for (const entry of names) bindImport(namespace, specifier, entry)
        })
      } catch (error) {
        const { line, column } = inOwnRealm(position)
        return outcome({ kind: 'thrown', error, at: `${name}:${line}:${column}` })
      }
    }
    return null
  }

  const runScript = (cell: CompiledCell, name: string, source: string): unknown => {
    // The last line closes the wrapper and calls it.
    registerScript(name, source, cell.maps, cell.code.split('\n').length - 1)
    const script = compiledScript(name, cell)
    for (const one of cell.declares) declared.add(one)
    // The stack stays as it is.
    return endInTheirRealm(() => script.runInThisContext({ breakOnSigint: true, displayErrors: false }))
  }

  /** Waits with nothing but `await`: between two of them the realm is the cells'. */
  const outcomeOf = async (cell: CompiledCell, name: string, source: string, signal: AbortSignal): Promise<Outcome> => {
    try {
      if (cell.imports.length > 0) {
        const failed = await runImports(cell, name)
        if (failed !== null || inOwnRealm(() => signal.aborted)) return failed ?? outcome({ kind: 'interrupted' })
      }
      const result = (await inOwnRealm(() => runScript(cell, name, source))) as { value: unknown } | undefined
      const last = result?.value
      const value = types.isPromise(last) ? await last : last // as if the person had written the await
      if (isStopping()) return outcome({ kind: 'interrupted' }) // the cell caught what its loop threw
      return outcome(result === undefined ? { kind: 'nothing' } : { kind: 'value', value })
    } catch (error) {
      return outcome(inOwnRealm(() => wasStopped(error)) ? { kind: 'interrupted' } : { kind: 'thrown', error })
    }
  }

  const compile = (name: string, source: string): CompiledCell => {
    const earlier = { declared, renamed, realm, captured, reassigned, plainLoops: debugging.on }
    const cell = compileCell(name, source, earlier, language)
    for (const one of cell.captured) captured.add(one)
    for (const one of cell.reassigned) reassigned.add(one)
    for (const [from, to] of cell.renamed) renamed.set(from, to)
    for (const one of cell.names) named.add(one)
    return cell
  }

  const runCell = async (
    cell: CompiledCell,
    { name, source }: { name: string; source: string },
    signal: AbortSignal,
    end: (of: Outcome) => void,
  ) => {
    end(await outcomeOf(cell, name, source, signal))
  }

  return {
    run: (name, source, signal) =>
      inOwnRealm(
        () =>
          new Promise<Outcome>((resolve) => {
            try {
              registerScript(name, source, [])
              const cell = compile(name, source)
              // The first to come counts.
              signal.addEventListener('abort', () => resolve(outcome({ kind: 'interrupted' })), { once: true })
              void runCell(cell, { name, source }, signal, resolve)
            } catch (error) {
              resolve(outcome({ kind: 'thrown', error }))
            }
          }),
      ),
    names: () => [...named],
    binding,
    readable(name) {
      const read = declared.has(binding(name)) ? undefined : imports.get(name)
      if (read === undefined) return binding(name)
      const value = read()
      host.readable[name] = types.isModuleNamespaceObject(value) ? { ...(value as object) } : value
      return `${HOST}.readable.${name}`
    },
  }
}

/** Some mistakes only V8 finds, such as a broken regular expression; it tells them in its own copy of the code. */
function compiledScript(name: string, cell: CompiledCell): vm.Script {
  try {
    return new vm.Script(marked(cell.code), { filename: name })
  } catch (error) {
    const { message, stack = '' } = error as Error
    const [, line, mark = ''] = /^.*:(\d+)\n.*\n( *\^)/.exec(stack) ?? []
    const place = line === undefined ? null : originalPosition(name, { line: Number(line), column: mark.length })
    throw place === null ? error : new CellSyntaxError(message, place.line, place.column, null)
  }
}

const outcome = (of: Outcome): Outcome => withoutPrototype(of)

/** By us, or by a signal that ended the script. */
const wasStopped = (error: unknown): boolean =>
  isInterruption(error) ||
  (types.isNativeError(error) && (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED')

const rejectWrite = (name: string) => (): void => {
  throw new TypeError(`Cannot assign to '${name}' because it is an import`)
}
