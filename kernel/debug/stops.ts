// When the program stops, and how it goes on. V8 also stops where no person wants it to: before a script runs (there
// breakpoints are set), in the kernel's own code, at exceptions that the client did not ask for. These are left at once.
import type { Debugger, Runtime } from 'node:inspector'
import { THREAD } from '../protocol/dap.ts'
import type { Breakpoints } from './breakpoints.ts'
import { createCatchFinder } from './caught.ts'
import { type Frame, userFrames } from './frames.ts'
import type { Inspector } from './pipe.ts'
import type { Script, Scripts } from './scripts.ts'
import { OBJECT_GROUP } from './variables.ts'

export type ExceptionFilter = 'uncaught' | 'caught'

export interface Stops {
  isStopped(): boolean
  /** Frames of the present stop, innermost first. */
  frames(): readonly Frame[]
  /** Throws for a frame of an earlier stop. */
  frame(id: number): Frame
  /** Continues or steps: a method of the inspector. Throws where the program runs. */
  go(method: string): Promise<void>
  pause(): Promise<void>
  setExceptions(filters: readonly ExceptionFilter[]): Promise<void>
  exceptionInfo(): object
  /** Muted, the program goes on and stops nowhere. */
  setMuted(muted: boolean): Promise<void>
  /** The connection ends: the client is told that the program goes on. */
  end(): void
}

interface StopsOptions {
  readonly inspector: Inspector
  readonly scripts: Scripts
  readonly breakpoints: Breakpoints
  /** Sets the breakpoints of a script that is about to run. */
  bind(script: Script): Promise<void>
  emit(event: string, body?: object): void
  /** The program moves on: references of this stop mean nothing any more. */
  onMove(): void
}

/** So many awaits are followed back to find who catches an exception. */
const ASYNC_DEPTH = 8

type Paused = Debugger.PausedEventDataType

export function createStops({ inspector, scripts, breakpoints, bind, emit, onMove }: StopsOptions): Stops {
  let stop: { frames: Frame[]; event: Paused } | null = null
  let nextFrame = 1
  let wanted: readonly ExceptionFilter[] = []
  let muted = false
  const catches = createCatchFinder(inspector, scripts)
  /** Of the exception at which the program stopped last. */
  let isCaught: ExceptionFilter = 'uncaught'
  /** What the client asked for last: how to leave a place where it must not stop. */
  let intent = 'Debugger.resume'
  let isPausing = false
  let left: Debugger.Location | null = null

  const leave = (method: string): Promise<unknown> => inspector.post(method)

  const onPaused = async (event: Paused): Promise<void> => {
    if (event.reason === 'instrumentation') {
      const { scriptId } = event.data as { scriptId: string }
      const script = await scripts.get(scriptId)
      if (script !== null) await bind(script)
      await leave('Debugger.resume')
      return
    }
    if (muted) return void (await leave('Debugger.resume'))
    const top = event.callFrames[0]
    const frames = await userFrames(event.callFrames, scripts, nextFrame)
    const isUsers = top !== undefined && frames[0]?.call === top
    const isException = event.reason === 'exception' || event.reason === 'promiseRejection'
    if (isException ? !(await isWanted(event, frames)) : !isUsers || isSamePlace(frames[0] as Frame)) {
      const isStepping = isPausing || intent !== 'Debugger.resume'
      await leave(isException || !isStepping ? 'Debugger.resume' : isPausing ? 'Debugger.stepInto' : intent)
      return
    }
    nextFrame += frames.length
    stop = { frames, event }
    const hit = breakpoints.hit(event.hitBreakpoints ?? [])
    emit('stopped', { ...reasonOf(event, hit), threadId: THREAD.id, allThreadsStopped: true })
    intent = 'Debugger.resume'
    isPausing = false
    left = null
  }

  /** The compiler's own code in front of a statement: a step inside it gets nowhere that a person can see. */
  const isSamePlace = ({ call, script }: Frame): boolean => {
    if (left === null || left.scriptId !== script.id) return false
    const [before, now] = [scripts.origin(script, left), scripts.origin(script, call.location)]
    const isSame = before?.line === now?.line && before?.column === now?.column
    return isSame && (left.lineNumber !== call.location.lineNumber || left.columnNumber !== call.location.columnNumber)
  }

  const isWanted = async (event: Paused, frames: readonly Frame[]): Promise<boolean> => {
    if (frames.length === 0) return false
    isCaught = (await catches(event)) ? 'caught' : 'uncaught'
    return wanted.includes(isCaught)
  }

  const reasonOf = (event: Paused, hitBreakpointIds: number[]): object => {
    if (hitBreakpointIds.length > 0) return { reason: 'breakpoint', hitBreakpointIds }
    if (event.reason === 'exception' || event.reason === 'promiseRejection') {
      const { description = '', value } = event.data as unknown as Runtime.RemoteObject
      return {
        reason: 'exception',
        description: 'Paused on exception',
        text: description.split('\n')[0] || String(value),
      }
    }
    if (isPausing) return { reason: 'pause' }
    return intent === 'Debugger.resume'
      ? { reason: 'breakpoint', description: 'debugger statement' }
      : { reason: 'step' }
  }

  const onResumed = (): void => {
    if (stop === null) return
    stop = null
    onMove()
    emit('continued', { threadId: THREAD.id, allThreadsContinued: true })
    inspector.post('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP }).catch(() => undefined) // it has ended
  }

  inspector.onEvent((method, params: never) => {
    if (method === 'Debugger.scriptParsed') scripts.parsed(params)
    else if (method === 'Debugger.resumed') onResumed()
    else if (method === 'Debugger.paused') {
      onPaused(params).catch((error: Error) => {
        process.stderr.write(`asterism kernel: a stop of the debugger failed: ${error.message}\n`)
      })
    }
  })

  const stopped = (): { frames: Frame[]; event: Paused } => {
    if (stop === null) throw new Error('Expected a stopped program: it runs')
    return stop
  }

  return {
    isStopped: () => stop !== null,
    frames: () => stop?.frames ?? [],
    frame(id) {
      const frame = stopped().frames.find((one) => one.shown.id === id)
      if (frame === undefined)
        throw new Error(`Expected a frame of the present stop, got ${id}: the program has moved on`)
      return frame
    },
    async go(method) {
      const { frames } = stopped()
      intent = method
      left = method === 'Debugger.resume' ? null : (frames[0]?.call.location ?? null)
      await inspector.post(method)
    },
    async pause() {
      if (stop !== null) return
      isPausing = true
      await inspector.post('Debugger.pause')
    },
    async setExceptions(filters) {
      wanted = filters
      // The callers of what runs after an await are told only on demand, at a price.
      await inspector.post('Debugger.setAsyncCallStackDepth', { maxDepth: filters.length === 0 ? 0 : ASYNC_DEPTH })
      await inspector.post('Debugger.setPauseOnExceptions', { state: filters.length === 0 ? 'none' : 'all' })
    },
    exceptionInfo() {
      const { event } = stopped()
      if (event.reason !== 'exception' && event.reason !== 'promiseRejection')
        throw new Error('The program did not stop at an exception')
      const { className = 'Error', description } = event.data as unknown as Runtime.RemoteObject
      return {
        exceptionId: className,
        description: description?.split('\n')[0],
        breakMode: isCaught === 'caught' ? 'always' : 'unhandled',
        details: { stackTrace: description },
      }
    },
    async setMuted(to) {
      muted = to
      await inspector.post('Debugger.setSkipAllPauses', { skip: to })
      if (to && stop !== null) await inspector.post('Debugger.resume')
    },
    end() {
      onResumed()
    },
  }
}
