// A debugging session: answers the client's requests, keeps what it asked for over a restart of the user-code process,
// and tells it what happens. Loaded at the first debug_request. What is asked while the program runs is answered while it
// runs, also in the middle of a loop; only what needs a stopped program says so.
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { Duplex } from 'node:stream'
import {
  type DapEvent,
  type DapRequest,
  type DapResponse,
  type SourceBreakpoint,
  THREAD,
  type Variable,
} from '../protocol/dap.ts'
import { createBreakpoints } from './breakpoints.ts'
import { cellPath, dumpCell, HASH_METHOD, HASH_SEED, PATH_PREFIX, PATH_SUFFIX, removeDumps } from './cell-path.ts'
import { createEvaluation } from './evaluation.ts'
import { frameScopes, sourceOf } from './frames.ts'
import { evaluateHost, hostCall } from './host-calls.ts'
import { type Inspector, openInspector } from './pipe.ts'
import { createScripts, fileText, HIDDEN_CODE, type Script, type Scripts } from './scripts.ts'
import { createStops, type ExceptionFilter, type Stops } from './stops.ts'
import { createVariables, type Page, type Variables } from './variables.ts'

/** What the session needs of the kernel. */
export interface DebugTarget {
  /** Makes the user-code process ready and gives the pipe to it. */
  connect(): Duplex
  /** Sources of the cells that ran, by name. */
  readonly cells: ReadonlyMap<string, string>
  publish(event: DapEvent): void
}

export interface DebugSession {
  request(request: DapRequest): Promise<DapResponse>
  /** Resolves when breakpoints hold for a cell that starts now. */
  ready(): Promise<void>
  /** Lets a stopped program go on after `signal`, and stops nowhere until `rearm`. */
  release(signal: () => void): Promise<void>
  rearm(): Promise<void>
  /** The user-code process was started again. */
  restarted(): void
  dispose(): void
}

/** A connection to one user-code process. */
interface Connection {
  readonly inspector: Inspector
  readonly scripts: Scripts
  readonly variables: Variables
  readonly stops: Stops
  readonly evaluation: ReturnType<typeof createEvaluation>
}

type Arguments = Record<string, unknown>
type Command = (args: Arguments) => object | undefined | Promise<object | undefined>

const ORDERED = new Set([
  'initialize',
  'attach',
  'disconnect',
  'terminate',
  'setBreakpoints',
  'setExceptionBreakpoints',
])

/** A signal reaches the stopped process within this time, in milliseconds. */
const SIGNAL_MS = 20

/** What JupyterLab calls the variables that outlive a frame: it offers to copy into this scope, not from it. */
const GLOBALS = 'Globals'

const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsLoadedSourcesRequest: true,
  supportsModulesRequest: true,
  supportsTerminateRequest: true,
  supportsExceptionInfoRequest: true,
  exceptionBreakpointFilters: [
    { filter: 'uncaught', label: 'Uncaught Exceptions', default: false },
    { filter: 'caught', label: 'Caught Exceptions', default: false },
  ],
}

/** No session begins before the first request. */
export function createDebugSession(target: DebugTarget): DebugSession {
  const breakpoints = createBreakpoints()
  /** Texts that clients showed us, by path. */
  const dumped = new Map<string, string>()
  let filters: ExceptionFilter[] = []
  let isStarted = false
  let hidesTypes = false
  let connection: Promise<Connection> | null = null
  let attachedTo: Connection | null = null
  let attached: Promise<unknown> = Promise.resolve()
  let sequence = 0

  const emit = (event: string, body?: object): void => {
    target.publish({ type: 'event', seq: ++sequence, event, ...(body === undefined ? {} : { body }) })
  }

  const textOf = (path: string): string | null => {
    const cell = dumped.get(path) ?? [...target.cells.values()].find((code) => cellPath(code) === path)
    if (cell !== undefined) return cell
    return !path.startsWith(PATH_PREFIX) && existsSync(path) ? fileText(path) : null
  }

  const connect = (): Promise<Connection> => {
    connection ??= open().catch((error: unknown) => {
      connection = null // the next request tries again
      throw error
    })
    return connection
  }
  const open = async (): Promise<Connection> => {
    const inspector = openInspector(target.connect())
    const scripts = createScripts(inspector, target.cells)
    const variables = createVariables(inspector)
    const bind = async (script: Script): Promise<void> => {
      for (const breakpoint of await breakpoints.bind(script)) emit('breakpoint', { reason: 'changed', breakpoint })
    }
    const stops = createStops({ inspector, scripts, breakpoints, bind, emit, onMove: () => variables.clear() })
    const evaluation = createEvaluation(inspector, variables, stops)
    await inspector.post('open')
    return { inspector, scripts, variables, stops, evaluation }
  }

  /** From here on the program can stop. */
  const attach = async (): Promise<void> => {
    const connected = await connect()
    if (attachedTo === connected) return // a second client, or the same one once more
    attachedTo = connected
    const { inspector, scripts, stops } = connected
    breakpoints.connect({ inspector, scripts })
    await inspector.post('Debugger.enable')
    await inspector.post('Debugger.setBlackboxPatterns', { patterns: HIDDEN_CODE })
    await inspector.post('Debugger.setInstrumentationBreakpoint', {
      instrumentation: 'beforeScriptWithSourceMapExecution',
    })
    await evaluateHost(inspector, 'set(true)')
    await stops.setExceptions(filters)
    for (const script of await scripts.all()) await breakpoints.bind(script)
  }

  const detach = async (): Promise<void> => {
    isStarted = false
    filters = []
    breakpoints.clear()
    if (connection === null) return
    const { inspector, stops } = await connection
    connection = null
    breakpoints.connect(null)
    await evaluateHost(inspector, 'set(false)')
    stops.end()
    await inspector.post('close') // V8 lets a stopped program go on
    inspector.end()
  }

  /** JupyterLab shows the type instead of the value, unless the type is one of Python's. */
  const listed = (variables: readonly Variable[]) => ({
    variables: hidesTypes ? variables.map(({ type: _, ...rest }) => rest) : variables,
  })
  const frame = async (id: unknown) => (await connect()).stops.frame(Number(id))
  const moves =
    (method: string): Command =>
    async () => {
      await (await connect()).stops.go(method)
      return method === 'Debugger.resume' ? { allThreadsContinued: true } : undefined
    }

  /** Answered also before a session has begun. */
  const always: Record<string, Command> = {
    async initialize({ clientID }) {
      await connect()
      hidesTypes = clientID === 'jupyterlab'
      isStarted = true
      return CAPABILITIES
    },
    async debugInfo() {
      const isStopped = connection !== null && (await connection).stops.isStopped()
      return {
        isStarted,
        hashMethod: HASH_METHOD,
        hashSeed: HASH_SEED,
        tmpFilePrefix: PATH_PREFIX,
        tmpFileSuffix: PATH_SUFFIX,
        breakpoints: breakpoints.list(),
        stoppedThreads: isStopped ? [THREAD.id] : [],
        richRendering: true,
        exceptionPaths: ['TypeScript Exceptions'],
        copyToGlobals: true,
      }
    },
    async inspectVariables() {
      const { evaluation, variables } = await connect()
      const objectId = await evaluation.notebook()
      return listed(await variables.list(variables.refer({ kind: 'notebook', objectId }), {}))
    },
    async richInspectVariables({ variableName, frameId }) {
      const { evaluation } = await connect()
      const value = await evaluation.value(String(variableName), frameId, (expression) =>
        hostCall(`rich(${expression})`),
      )
      return { data: JSON.parse(String(value.value)) as object, metadata: {} }
    },
    async modules({ startModule = 0, moduleCount = 0 }) {
      const scripts = connection === null ? [] : await (await connection).scripts.all()
      const all = scripts
        .filter(({ isCell }) => !isCell)
        .map(({ id, path }) => ({ id: Number(id), name: basename(path), path }))
      const start = Number(startModule)
      return {
        modules: all.slice(start, moduleCount ? start + Number(moduleCount) : undefined),
        totalModules: all.length,
      }
    },
  }

  const started: Record<string, Command> = {
    async attach() {
      attached = attach()
      await attached
      emit('initialized')
      return undefined
    },
    configurationDone: () => undefined,
    disconnect: () => started.terminate?.({}),
    async terminate() {
      await detach()
      emit('terminated')
      return undefined
    },
    dumpCell({ code }) {
      const sourcePath = dumpCell(String(code))
      dumped.set(sourcePath, String(code))
      return { sourcePath }
    },
    async setBreakpoints({ source, breakpoints: requested = [] }) {
      const path = String((source as { path?: string } | undefined)?.path)
      const set = breakpoints.set({ name: basename(path), path }, requested as SourceBreakpoint[], textOf(path))
      return { breakpoints: await set }
    },
    async setExceptionBreakpoints({ filters: wanted = [] }) {
      filters = (wanted as string[]).filter((filter) => filter === 'uncaught' || filter === 'caught')
      await (await connect()).stops.setExceptions(filters)
      return { breakpoints: filters.map(() => ({ verified: true })) }
    },
    async exceptionInfo() {
      return (await connect()).stops.exceptionInfo()
    },
    threads: () => ({ threads: [THREAD] }),
    async stackTrace({ startFrame = 0, levels = 0 }) {
      const frames = (await connect()).stops.frames()
      const start = Number(startFrame)
      const shown = frames.slice(start, levels ? start + Number(levels) : undefined).map((one) => one.shown)
      return { stackFrames: shown, totalFrames: frames.length }
    },
    async scopes({ frameId }) {
      const { variables, evaluation } = await connect()
      const objectId = await evaluation.notebook()
      const inner = frameScopes(await frame(frameId), variables.refer)
      const shared = variables.refer({ kind: 'notebook', objectId })
      return { scopes: [...inner, { name: GLOBALS, variablesReference: shared, expensive: false }] }
    },
    async variables({ variablesReference, ...page }) {
      return listed(await (await connect()).variables.list(Number(variablesReference), page as Page))
    },
    async setVariable({ variablesReference, name, value }) {
      return (await connect()).evaluation.setVariable(Number(variablesReference), String(name), String(value))
    },
    async setExpression({ expression, value, frameId }) {
      const { evaluation } = await connect()
      return valueOnly(await evaluation.evaluate(`${expression} = (${value})`, frameId, false))
    },
    async evaluate({ expression, frameId, context }) {
      const { evaluation } = await connect()
      const { name, value, evaluateName, ...rest } = await evaluation.evaluate(
        String(expression),
        frameId,
        context === 'hover',
      )
      return { result: value, ...rest }
    },
    async copyToGlobals({ srcVariableName, dstVariableName, srcFrameId }) {
      const { evaluation } = await connect()
      const assign = (expression: string): string =>
        hostCall(`assign(${JSON.stringify(dstVariableName)}, ${expression})`)
      await evaluation.value(String(srcVariableName), srcFrameId, assign)
      return undefined
    },
    continue: moves('Debugger.resume'),
    next: moves('Debugger.stepOver'),
    stepIn: moves('Debugger.stepInto'),
    stepOut: moves('Debugger.stepOut'),
    async pause() {
      await (await connect()).stops.pause()
      return undefined
    },
    source({ source, sourceReference: _ }) {
      const path = String((source as { path?: string } | undefined)?.path)
      const content = textOf(path)
      if (content === null) throw new Error(`No source at ${path}`)
      return { content, mimeType: 'text/typescript' }
    },
    async loadedSources() {
      const scripts = await (await connect()).scripts.all()
      return { sources: [...new Map(scripts.map((script) => [script.path, sourceOf(script)])).values()] }
    },
  }

  // What changes the session takes turns; what only asks does not wait for it.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = (work: () => object | undefined | Promise<object | undefined>): Promise<object | undefined> => {
    const done = turn.then(work)
    turn = done.catch(ignore)
    return done
  }

  const run = async ({ command, arguments: args = {} }: DapRequest): Promise<object | undefined> => {
    const known = (commands: Record<string, Command>): Command | undefined =>
      Object.hasOwn(commands, command) ? commands[command] : undefined
    const anytime = known(always)
    if (anytime !== undefined) return ORDERED.has(command) ? inTurn(() => anytime(args)) : anytime(args)
    const handler = known(started)
    if (handler === undefined) throw new Error(`The command \`${command}\` is not supported`)
    const start = (): object | undefined | Promise<object | undefined> => {
      if (!isStarted && command !== 'disconnect') throw new Error(`Expected \`initialize\` before \`${command}\``)
      return handler(args)
    }
    return ORDERED.has(command) ? inTurn(start) : start()
  }

  return {
    async request(request) {
      const { seq, command } = request
      const response = { type: 'response', request_seq: seq, command } as const
      try {
        const body = await run(request)
        return { ...response, seq: ++sequence, success: true, ...(body === undefined ? {} : { body }) }
      } catch (error) {
        return { ...response, seq: ++sequence, success: false, message: (error as Error).message, body: {} }
      }
    },
    async ready() {
      await attached.catch(ignore)
    },
    async release(signal) {
      if (!isStarted || connection === null) return
      const { stops } = await connection
      if (stops.isStopped()) {
        // So that the part of the cell before its first await ends where it stands.
        signal()
        await new Promise((resolve) => setTimeout(resolve, SIGNAL_MS))
      }
      await stops.setMuted(true)
    },
    async rearm() {
      if (isStarted && connection !== null) await (await connection).stops.setMuted(false)
    },
    restarted() {
      connection?.then(({ inspector, stops }) => {
        stops.end()
        inspector.end()
      }, ignore)
      connection = null
      breakpoints.connect(null)
      if (!isStarted) return
      attached = attach()
      attached.catch(ignore)
    },
    dispose() {
      isStarted = false
      connection?.then(({ inspector, stops }) => {
        stops.end() // else a page would go on showing that the program is stopped
        inspector.end()
      }, ignore)
      removeDumps()
    },
  }
}

/** For failures of which a request of its own tells, or the end of the process. */
const ignore = (): void => undefined

const valueOnly = ({ name, evaluateName, ...value }: { name: string; evaluateName?: string }): object => value
