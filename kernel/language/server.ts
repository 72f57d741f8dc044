// The type checker's process: TypeScript with the cells of one notebook, asked over IPC, one question after another.
// Started by checker.ts; nothing of the kernel waits for it but who asked.
import { getPriority, setPriority } from 'node:os'
import { dirname } from 'node:path'
import * as notebookApi from '../user/notebook-api.ts'
import { notebookPath } from '../user/notebook-path.ts'
import { completionsAt, type StaticCompletion } from './completions.ts'
import { type CellDiagnostic, diagnosticsOf, hasSyntaxErrors } from './diagnostics.ts'
import { inspectionAt, type StaticInspection } from './inspection.ts'
import { createCellService } from './service.ts'

/** What can be asked, and what the answer holds. */
export interface Questions {
  check: { ask: { source: string }; answer: CellDiagnostic[] }
  complete: { ask: { code: string; cursor: number }; answer: StaticCompletion }
  inspect: { ask: { code: string; cursor: number; withSource: boolean }; answer: StaticInspection | null }
}

/** A message to this process. Only a question has an id and an answer. */
export type ServerMessage =
  | { [T in keyof Questions]: { type: T; id: number } & Questions[T]['ask'] }[keyof Questions]
  | { type: 'commit'; name: string; source: string }
  | { type: 'forget' }

/** A message from it. `failed`: TypeScript threw, so nothing is known. */
export type ServerAnswer =
  | { type: 'warm' }
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'failed'; id: number }

/** In front of what computes for long: a person waits for its answers, which cost some ten milliseconds. */
const NICENESS = -5

function hurry(): void {
  try {
    if (getPriority() > NICENESS) setPriority(NICENESS)
  } catch (error) {
    // Only an administrator may: others share the cores evenly.
    if (!['EACCES', 'EPERM'].includes((error as { info?: { code?: string } }).info?.code ?? '')) throw error
  }
}

const globals = Object.keys(notebookApi).filter((name) => name !== 'DISPLAY')
const cells = createCellService(dirname(notebookPath(process.env, process.cwd())), globals)

const answers: { [T in keyof Questions]: (ask: Questions[T]['ask']) => Questions[T]['answer'] } = {
  check: ({ source }) => diagnosticsOf(cells, source),
  complete: ({ code, cursor }) => completionsAt(cells, code, cursor),
  inspect: ({ code, cursor, withSource }) => inspectionAt(cells, code, cursor, withSource),
}

const send = (answer: ServerAnswer): void => void process.send?.(answer)

function receive(message: ServerMessage): void {
  if (message.type === 'forget') cells.notebook.forget()
  else if (message.type === 'commit') {
    if (!hasSyntaxErrors(message.source)) cells.notebook.commit(message.name, message.source)
  } else {
    const { id } = message
    try {
      send({ type: 'answer', id, value: answers[message.type](message as never) })
    } catch (error) {
      send({ type: 'failed', id })
      process.stderr.write(`asterism type checker: ${(error as Error).stack}\n`) // a fault of TypeScript's or ours
    }
  }
}

hurry()
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined) // Ctrl-C in a shared terminal is the client's
diagnosticsOf(cells, 'display(1)') // reads the libraries before the first question
send({ type: 'warm' })
process.on('message', receive)
