// The stack of a stopped program as people know it: cells and files that the user wrote or loads, names without the
// compiler's marks, scopes without the kernel's own.
import type { Debugger } from 'node:inspector'
import { basename } from 'node:path'
import type { DapSource, Scope, StackFrame } from '../protocol/dap.ts'
import type { Script, Scripts } from './scripts.ts'
import { type Container, plainName } from './variables.ts'

/** A frame of the present stop. */
export interface Frame {
  readonly shown: StackFrame
  readonly call: Debugger.CallFrame
  readonly script: Script
}

/** How a client names a script. */
export const sourceOf = ({ path, isCell, url }: Pick<Script, 'path' | 'isCell' | 'url'>): DapSource => ({
  name: isCell ? url : basename(path),
  path,
})

/** The frames that are the user's, innermost first; `firstId` numbers them. */
export async function userFrames(
  calls: readonly Debugger.CallFrame[],
  scripts: Scripts,
  firstId: number,
): Promise<Frame[]> {
  const frames: Frame[] = []
  for (const call of calls) {
    const script = await scripts.get(call.location.scriptId)
    const place = script === null ? null : scripts.origin(script, call.location)
    if (script === null || place === null) continue
    const name = plainName(call.functionName) || (script.isCell ? script.url : '(anonymous)')
    frames.push({ shown: { id: firstId + frames.length, name, source: sourceOf(script), ...place }, call, script })
  }
  return frames
}

const SCOPE_NAMES: Partial<Record<Debugger.Scope['type'], string>> = {
  local: 'Locals',
  block: 'Block',
  closure: 'Closure',
  catch: 'Caught',
  with: 'With',
  eval: 'Eval',
  module: 'Module',
}

/** The scopes of a frame, inner first, without the ones that all cells share. */
export function frameScopes(frame: Frame, refer: (container: Container) => number): Scope[] {
  return frame.call.scopeChain.flatMap(({ type, object, name }) => {
    const label = SCOPE_NAMES[type]
    if (label === undefined || object.objectId === undefined) return []
    const variablesReference = refer({ kind: 'scope', objectId: object.objectId, frame: frame.shown.id })
    const hint = type === 'local' ? { presentationHint: 'locals' } : {}
    const title = name === undefined || name === '' || type === 'local' ? label : `${label} (${plainName(name)})`
    return [{ name: title, ...hint, variablesReference, expensive: false }]
  })
}
