// Speaks DAP to a kernel as JupyterLab's debugger does: requests on control, events from iopub in their order.
import assert from 'node:assert/strict'
import type { StartedKernel } from '../../../kernel/notebook/kernel-process.ts'
import type { DapResponse } from '../../../kernel/protocol/dap.ts'

// The bodies are read by shape, as a client does.
// biome-ignore lint/suspicious/noExplicitAny: the protocol is untyped JSON
export type Body = any

export type Stop = { event: Body; frames: Body[]; top: Body }

/** A client's side of a debugging session. */
export interface DebugClient {
  /** Sends a request; fails the test where it is refused. */
  ask(command: string, args?: object): Promise<Body>
  /** The whole response, also of a refused request. */
  send(command: string, args?: object): Promise<DapResponse>
  /** The next event of this name, also one that came since the last call. Its body. */
  next(event: string): Promise<Body>
  /** Events that nobody asked for yet. */
  pending(): string[]
  /** initialize and attach. */
  start(): Promise<void>
  /** Sets breakpoints in a cell's text. Result: as they are. */
  breakAt(code: string, ...breakpoints: (number | object)[]): Promise<Body[]>
  /** Waits for the stop; its frames, and what the event said. */
  stopped(): Promise<Stop>
  /** The same, or null where the work ends without a stop. */
  stoppedBefore(end: Promise<unknown>): Promise<Stop | null>
  /** Variables of a scope, by name, as text. */
  scope(frameId: number, name: string): Promise<Record<string, string>>
}

/** The session's kernel starts later: before the first test. */
export function debugClient(session: { readonly kernel: StartedKernel }): DebugClient {
  const events: { event: string; body: Body }[] = []
  const waiting: { event: string; resolve(body: Body): void }[] = []
  let seq = 0
  let isListening = false
  const listen = (): void =>
    void session.kernel.client.onPublished(({ type, content }) => {
      if (type !== 'debug_event') return
      const { event, body } = content as { event: string; body: Body }
      const at = waiting.findIndex((one) => one.event === event)
      if (at < 0) events.push({ event, body })
      else waiting.splice(at, 1)[0]?.resolve(body)
    })
  const send = (command: string, args: object = {}): Promise<DapResponse> => {
    if (!isListening) listen()
    isListening = true
    const content = { type: 'request', seq: ++seq, command, arguments: { ...args } } as const
    return session.kernel.client.request('debug_request', content, { channel: 'control' })
  }
  const ask = async (command: string, args: object = {}): Promise<Body> => {
    const response = await send(command, args)
    assert.ok(response.success, `${command}: ${response.message}`)
    return response.body
  }
  const next = (event: string): Promise<Body> => {
    const at = events.findIndex((one) => one.event === event)
    if (at >= 0) return Promise.resolve(events.splice(at, 1)[0]?.body)
    return new Promise((resolve) => waiting.push({ event, resolve }))
  }
  const look = async (event: Body): Promise<Stop> => {
    const { stackFrames: frames } = await ask('stackTrace', { threadId: event.threadId })
    return { event, frames, top: frames[0] }
  }
  return {
    ask,
    send,
    next,
    pending: () => events.map((one) => one.event),
    async start() {
      await ask('initialize', { clientID: 'asterism tests', linesStartAt1: true, columnsStartAt1: true })
      await ask('attach')
      await next('initialized')
    },
    async breakAt(code, ...breakpoints) {
      const { sourcePath: path } = await ask('dumpCell', { code })
      const wanted = breakpoints.map((one) => (typeof one === 'number' ? { line: one } : one))
      const { breakpoints: set } = await ask('setBreakpoints', {
        source: { path },
        breakpoints: wanted,
        sourceModified: false,
      })
      await ask('configurationDone')
      return set
    },
    stopped: async () => look(await next('stopped')),
    async stoppedBefore(end) {
      const stop = next('stopped')
      const event = await Promise.race([stop, end.then(() => null)])
      if (event !== null) return look(event)
      const at = waiting.findIndex((one) => one.event === 'stopped')
      if (at >= 0) waiting.splice(at, 1)
      return null
    },
    async scope(frameId, name) {
      const { scopes } = await ask('scopes', { frameId })
      const found = scopes.find((one: Body) => one.name === name)
      assert.ok(found, `Expected a scope ${name} among ${scopes.map((one: Body) => one.name)}`)
      const { variables } = await ask('variables', { variablesReference: found.variablesReference })
      return Object.fromEntries(variables.map((one: Body) => [one.name, one.value]))
    },
  }
}
