// The cells that run: one at a time, in the user-code process, which this file owns. Keeps the header of each cell's
// request, so that late output finds its own cell, and brings the process back when it died or could not be interrupted.
import type { Header, Incoming, Input, Output } from './message.ts'
import type { Outbox } from './outbox.ts'
import type { FrameHead, StreamName } from './output.ts'
import { startUserProcess, type UserEvents, type UserProcess } from './user-process.ts'

/** A cell that does not stop within this time is ended with its process, in milliseconds. */
const INTERRUPT_PATIENCE_MS = 1500
/** Questions about a name wait this long for the user-code process, in milliseconds. */
const LOOK_PATIENCE_MS = 1000
/** Requests whose late output still finds its cell. */
const REMEMBERED_CELLS = 10_000

type ExecuteOutput = Output<'execute_request'>

export interface Executions {
  /** Announces an execution, in the order in which they will run. */
  enqueue(request: Header): void
  execute(request: Header, content: Input<'execute_request'>): Promise<ExecuteOutput | Buffer>
  interrupt(): Promise<void>
  complete(id: string, content: Input<'complete_request'>): Promise<Output<'complete_request'>>
  inspect(id: string, content: Input<'inspect_request'>): Promise<Output<'inspect_request'>>
  history(content: Input<'history_request'>): Output<'history_request'>
  answerQuestion(message: Incoming): void
  dispose(): Promise<void>
}
