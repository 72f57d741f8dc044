// The protocol process's side of the type checker: starts its process, asks, and hears when it ends. It may die or be
// ended at any time; whoever asked gets null then, and the next start goes on.
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { environmentOf, type UserOptions } from '../user/user-options.ts'
import type { Questions, ServerAnswer, ServerMessage } from './server.ts'

/** A started type checker. */
export interface Checker {
  /** True when its libraries are read, so that it answers quickly. */
  readonly isWarm: boolean
  /** True when it has ended. */
  readonly hasEnded: boolean
  /** True when it has answered a question. */
  readonly hasAnswered: boolean
  /** Asks; null where nothing is known, or it ended before it answered. */
  ask<T extends keyof Questions>(type: T, ask: Questions[T]['ask']): Promise<Questions[T]['answer'] | null>
  /** Adds a cell that runs. */
  commit(name: string, source: string): void
  forget(): void
  dispose(): void
}

const ENTRY = join(import.meta.dirname, 'server.js')
/** A question that takes longer ends the process: nothing behind it would ever be answered, in milliseconds. */
const PATIENCE_MS = 60_000

/** Starts one. */
export function startChecker(options: UserOptions): Checker {
  const child: ChildProcess = fork(ENTRY, [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    detached: process.platform !== 'win32', // Linux shares the cores among sessions: it need not share with what computes
    cwd: options.cwd,
    env: environmentOf(options),
  })
  const waiting = new Map<number, { answer(value: unknown): void; timer: NodeJS.Timeout }>()
  let asked = 0
  let isWarm = false
  let hasEnded = false
  let hasAnswered = false
  const settle = (id: number, value: unknown): void => {
    const question = waiting.get(id)
    waiting.delete(id)
    clearTimeout(question?.timer)
    question?.answer(value)
  }
  const ended = (): void => {
    hasEnded = true
    for (const id of waiting.keys()) settle(id, null)
  }
  child.once('error', ended)
  child.once('exit', ended)
  child.on('message', (message: ServerAnswer) => {
    if (message.type === 'warm') isWarm = true
    else {
      hasAnswered = true
      settle(message.id, message.type === 'answer' ? message.value : null)
    }
  })
  child.unref()
  child.channel?.unref()
  const send = (message: ServerMessage): void => {
    if (child.connected) child.send(message, () => undefined) // its end is heard through `exit`
  }
  return {
    get isWarm() {
      return isWarm
    },
    get hasEnded() {
      return hasEnded
    },
    get hasAnswered() {
      return hasAnswered
    },
    ask(type, ask) {
      if (hasEnded) return Promise.resolve(null)
      const id = ++asked
      return new Promise((resolve) => {
        const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS).unref()
        waiting.set(id, { answer: resolve as (value: unknown) => void, timer })
        send({ type, id, ...ask } as ServerMessage)
      })
    },
    commit: (name, source) => send({ type: 'commit', name, source }),
    forget: () => send({ type: 'forget' }),
    dispose: () => void child.kill('SIGKILL'),
  }
}
