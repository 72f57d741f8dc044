// Calls of user/debug-host.ts from the protocol process, as expressions that V8 evaluates.
import type { Runtime } from 'node:inspector'
import { HOST } from '../cell/host-names.ts'
import type { Inspector } from './pipe.ts'

/** The expression that calls a method of the host. */
export const hostCall = (call: string): string => `${HOST}.debug.${call}`

/** Calls the host; its result must be plain data. */
export async function evaluateHost(inspector: Inspector, call: string): Promise<unknown> {
  const expression = `JSON.stringify(${hostCall(call)}) ?? 'null'`
  const { result, exceptionDetails } = await inspector.post<Runtime.EvaluateReturnType>('Runtime.evaluate', {
    expression,
    silent: true,
  })
  if (exceptionDetails !== undefined) throw new Error(exceptionMessage(exceptionDetails))
  return JSON.parse(String(result.value)) as unknown
}

/** What was thrown, in one line. */
export function exceptionMessage({ exception, text }: Runtime.ExceptionDetails): string {
  return (
    (exception?.description ?? (exception?.value === undefined ? text : String(exception.value))).split('\n')[0] ?? text
  )
}
