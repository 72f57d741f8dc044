// Runs compiled cells in this process's realm and keeps their bindings. One instance per process. Interrupts end the wait
// for a pending cell and stop its loops (interruption.ts); a signal ends whatever else computes before the first await.
// What neither of them reaches blocks the process, and only its owner can end that.
import { types } from 'node:util'
import vm from 'node:vm'
import { type CompiledCell, compileCell, type ImportedName } from '../cell/compile.ts'
import { HOST, TURN } from '../cell/host-names.ts'
import * as helpers from '../cell/lowered-runtime.ts'
import { registerScript } from '../cell/source-position.ts'
import type { LanguageOptions } from '../cell/tsconfig.ts'
import { debugging, marked } from './debug-marker.ts'
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
  }
  const realmTurn = (globalThis as Record<string, unknown>)[TURN] as () => void
  Object.defineProperty(globalThis, HOST, { value: host })
  Object.defineProperty(globalThis, 'babelHelpers', { value: helpers }) // the name that lowered code uses
  Object.assign(globalThis, { require: modules.require })

  const bindImport = (namespace: Namespace, specifier: string, { local, imported }: ImportedName): void => {
    if (imported !== '*' && !(imported in namespace)) {
      // Cells carry no types, so that a capitalised name that is missing may well be an interface.
      if (/^[A-Z]/.test(imported)) return
      throw new SyntaxError(`The module '${specifier}' does not provide an export named '${imported}'`)
    }
    const read = (): unknown => (imported === '*' ? namespace : namespace[imported])
    const binding = renamed.get(local) ?? local
    named.add(local)
    if (declared.has(binding)) {
      host.value = read()
      vm.runInThisContext(`${binding} = ${HOST}.value`)
    } else Object.defineProperty(globalThis, binding, { get: read, set: rejectWrite(local), configurable: true })
  }

  const runImports = async (cell: CompiledCell, name: string): Promise<Outcome | null> => {
    for (const { specifier, names, position } of cell.imports) {
      try {
        const namespace = await modules.load(specifier)
        for (const entry of names) bindImport(namespace, specifier, entry)
      } catch (error) {
        const { line, column } = position()
        return { kind: 'thrown', error, at: `${name}:${line}:${column}` }
      }
    }
    return null
  }

  const runScript = async (cell: CompiledCell, name: string): Promise<Outcome> => {
    // The last line closes the wrapper and calls it.
    registerScript(name, cell.maps, cell.code.split('\n').length - 1)
    try {
      const script = new vm.Script(marked(cell.code), { filename: name })
      for (const one of cell.declares) declared.add(one)
      const ran = script.runInThisContext({ breakOnSigint: true, displayErrors: false }) // the stack stays as it is
      const result = (await ran) as { value: unknown } | undefined
      const last = result?.value
      const value = types.isPromise(last) ? await last : last // as if the person had written the await
      if (isStopping()) return { kind: 'interrupted' } // the cell caught what its loop threw
      return result === undefined ? { kind: 'nothing' } : { kind: 'value', value }
    } catch (error) {
      return wasStopped(error) ? { kind: 'interrupted' } : { kind: 'thrown', error }
    }
  }

  return {
    async run(name, source, signal) {
      let cell: CompiledCell
      try {
        const earlier = { declared, renamed, realm, captured, reassigned, plainLoops: debugging.on }
        cell = compileCell(name, source, earlier, language)
      } catch (error) {
        return { kind: 'thrown', error }
      }
      for (const one of cell.captured) captured.add(one)
      for (const one of cell.reassigned) reassigned.add(one)
      for (const [from, to] of cell.renamed) renamed.set(from, to)
      for (const one of cell.names) named.add(one)
      const interrupted = new Promise<Outcome>((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'interrupted' }), { once: true })
      })
      const finished = runImports(cell, name).then((failed) =>
        failed === null && !signal.aborted ? runScript(cell, name) : (failed ?? { kind: 'interrupted' as const }),
      )
      return Promise.race([finished, interrupted])
    },
    names: () => [...named],
    binding: (name) => renamed.get(name) ?? name,
  }
}

/** By us, or by a signal that ended the script. */
const wasStopped = (error: unknown): boolean =>
  isInterruption(error) ||
  (types.isNativeError(error) && (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED')

const rejectWrite = (name: string) => (): void => {
  throw new TypeError(`Cannot assign to '${name}' because it is an import`)
}
