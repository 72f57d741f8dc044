// Expressions of the client, evaluated where the program is: in a frame while it is stopped, among the cells while it
// runs. Types are removed, names are read from the binding that holds them there.
import type { Debugger, Runtime } from 'node:inspector'
import type { Variable } from '../protocol/dap.ts'
import { toExpression, toJavaScript } from './expression.ts'
import type { Frame } from './frames.ts'
import { evaluateHost, exceptionMessage, hostCall } from './host-calls.ts'
import type { Inspector } from './pipe.ts'
import type { Stops } from './stops.ts'
import { OBJECT_GROUP, type Variables } from './variables.ts'

export interface Evaluation {
  /** Runs code; `isPure`: refuses what would change something. */
  evaluate(source: string, frameId: unknown, isPure: boolean): Promise<Variable>
  /** The value of an expression after `wrap`; for the kernel's own calls. */
  value(source: string, frameId: unknown, wrap: (expression: string) => string): Promise<Runtime.RemoteObject>
  setVariable(reference: number, name: string, source: string): Promise<object>
  /** An object with the variables of the cells. */
  notebook(): Promise<string>
}

type Evaluated = Runtime.EvaluateReturnType

const OPTIONS = { objectGroup: OBJECT_GROUP, silent: true, generatePreview: true }

export function createEvaluation(inspector: Inspector, variables: Variables, stops: Stops): Evaluation {
  const result = ({ result, exceptionDetails }: Evaluated): Runtime.RemoteObject => {
    if (exceptionDetails !== undefined) throw new Error(exceptionMessage(exceptionDetails))
    return result
  }

  /** Without a frame: the innermost one while the program is stopped, none while it runs. */
  const frameOf = (id: unknown): Frame | null =>
    id === undefined || id === null ? (stops.frames()[0] ?? null) : stops.frame(Number(id))

  const bindingIn = async (frame: Frame | null): Promise<(name: string) => string> => {
    const locals = new Set<string>()
    for (const { type, object } of frame?.call.scopeChain ?? []) {
      if (type === 'global' || type === 'script' || object.objectId === undefined) continue
      const { result: own } = await inspector.post<Runtime.GetPropertiesReturnType>('Runtime.getProperties', {
        objectId: object.objectId,
        ownProperties: true,
      })
      for (const { name } of own) locals.add(name)
    }
    const bindings = (await evaluateHost(inspector, 'bindings()')) as Record<string, string>
    return (name) => (locals.has(name) || !Object.hasOwn(bindings, name) ? name : (bindings[name] as string))
  }

  /**
   * An optimised loop does not look again at a variable that nothing in it changes. Functions with a breakpoint are not
   * optimised, and stay so until they have run for a while, also when it goes at once.
   */
  const unoptimise = async (): Promise<void> => {
    const places = new Map(stops.frames().map(({ call }) => [JSON.stringify(call.functionLocation), call.location]))
    for (const location of places.values()) {
      const set = inspector.post<Debugger.SetBreakpointReturnType>('Debugger.setBreakpoint', { location })
      const own = await set.catch(() => null) // there is one already
      if (own !== null) await inspector.post('Debugger.removeBreakpoint', { breakpointId: own.breakpointId })
    }
  }

  const runIn = async (frame: Frame | null, expression: string, isPure = false): Promise<Runtime.RemoteObject> => {
    const options = { ...OPTIONS, expression, throwOnSideEffect: isPure }
    if (frame === null) return result(await inspector.post<Evaluated>('Runtime.evaluate', { ...options }))
    const evaluated = await inspector.post<Debugger.EvaluateOnCallFrameReturnType>('Debugger.evaluateOnCallFrame', {
      ...options,
      callFrameId: frame.call.callFrameId,
    })
    if (!isPure) await unoptimise()
    return result(evaluated)
  }

  const value: Evaluation['value'] = async (source, frameId, wrap) => {
    const frame = frameOf(frameId)
    return runIn(frame, wrap(toExpression(source, await bindingIn(frame))))
  }

  return {
    value,
    async evaluate(source, frameId, isPure) {
      const frame = frameOf(frameId)
      if (frame !== null || isPure) {
        return variables.variable('', await runIn(frame, toJavaScript(source, await bindingIn(frame)), isPure), source)
      }
      // As a cell of its own: declarations stay, `await` and `import` work.
      const expression = hostCall(`run(${JSON.stringify(source)})`)
      const evaluated = await inspector.post<Evaluated>('Runtime.evaluate', {
        ...OPTIONS,
        expression,
        awaitPromise: true,
      })
      return variables.variable('', result(evaluated), source)
    },
    async setVariable(reference, name, source) {
      const container = variables.container(reference)
      const shown = (one: Runtime.RemoteObject): object => {
        const { name: _, evaluateName, ...rest } = variables.variable(name, one, null)
        return rest
      }
      if (container.kind === 'scope') {
        const frame = stops.frame(container.frame)
        const bindingOf = await bindingIn(frame)
        return shown(await runIn(frame, `${bindingOf(name)} = (${toExpression(source, bindingOf)})`))
      }
      const assigned = await value(source, undefined, (expression) => `[${expression}]`)
      const call = (declaration: string, objectId: string): Promise<Evaluated> =>
        inspector.post<Runtime.CallFunctionOnReturnType>('Runtime.callFunctionOn', {
          ...OPTIONS,
          objectId,
          functionDeclaration: declaration,
          arguments: [{ value: name }, { objectId: assigned.objectId }],
        })
      if (container.kind === 'notebook') {
        const declaration = `function (name, [value]) { ${hostCall('assign(name, value)')}; return value }`
        return shown(result(await call(declaration, container.objectId)))
      }
      return shown(
        result(await call('function (name, [value]) { this[name] = value; return this[name] }', container.objectId)),
      )
    },
    async notebook() {
      const { objectId } = await runIn(null, hostCall('variables()'))
      if (objectId === undefined) throw new Error('Expected an object of variables from the user-code process')
      return objectId
    },
  }
}
