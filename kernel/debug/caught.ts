// Does user code catch what is thrown here? V8's own answer does not serve: the kernel waits for every cell inside a
// try, so that for V8 all is caught. So the frames of the stack are read: is one of them inside a `try` with a `catch`,
// or in front of `.catch(…)`? Not covered: a rejection handler that is attached somewhere else.
import type { Debugger, Runtime } from 'node:inspector'
import { parseSync } from 'oxc-parser'
import { children, type Node } from '../cell/scope.ts'
import type { Inspector } from './pipe.ts'
import type { Scripts } from './scripts.ts'

interface Place {
  readonly scriptId: string
  readonly lineNumber: number
  readonly columnNumber?: number
}

/** Reads each script once. */
export function createCatchFinder(
  inspector: Inspector,
  scripts: Scripts,
): (event: Debugger.PausedEventDataType) => Promise<boolean> {
  const parsed = new Map<string, Promise<{ text: string; program: Node }>>()
  const parse = async (scriptId: string): Promise<{ text: string; program: Node }> => {
    const { scriptSource: text } = await inspector.post<Debugger.GetScriptSourceReturnType>(
      'Debugger.getScriptSource',
      { scriptId },
    )
    return {
      text,
      program: parseSync('script.js', text, { lang: 'js', sourceType: 'module' }).program as unknown as Node,
    }
  }
  const isCaughtAt = async (place: Place): Promise<boolean> => {
    if ((await scripts.get(place.scriptId)) === null) return false
    const script = parsed.get(place.scriptId) ?? parse(place.scriptId)
    parsed.set(place.scriptId, script)
    const { text, program } = await script
    return isInsideCatch(program, offsetOf(text, place))
  }
  return async ({ callFrames, asyncStackTrace }) => {
    const places: Place[] = callFrames.map((frame) => frame.location)
    for (let trace: Runtime.StackTrace | undefined = asyncStackTrace; trace !== undefined; trace = trace.parent) {
      places.push(...trace.callFrames)
    }
    for (const place of places) if (await isCaughtAt(place)) return true
    return false
  }
}

function offsetOf(text: string, { lineNumber, columnNumber = 0 }: Place): number {
  let start = 0
  for (let line = 0; line < lineNumber; line++) start = text.indexOf('\n', start) + 1
  return start + columnNumber
}

/** Looks from the offset outwards, up to the function around it. */
export function isInsideCatch(program: Node, offset: number): boolean {
  const covers = (node: Node | null | undefined): boolean =>
    node !== null && node !== undefined && node.start <= offset && offset < node.end
  const catches = (node: Node): boolean => {
    if (node.type === 'TryStatement') return node.handler !== null && covers(node.block as Node)
    if (node.type !== 'CallExpression') return false
    const { object, property } = node.callee as Node & { object?: Node; property?: Node }
    const isHandler = property?.name === 'catch' || (property?.name === 'then' && (node.arguments as Node[]).length > 1)
    return isHandler && covers(object)
  }
  let found = false
  for (let node: Node | undefined = program; node !== undefined; node = children(node).find(covers)) {
    if (/Function/.test(node.type) && covers(node.body as Node)) found = false
    else found ||= catches(node)
  }
  return found
}
