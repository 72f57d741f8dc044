// Lets an interrupt stop code that computes without a pause, wherever it runs: after an await, in a timer, in a function
// of a local module. Each turn of a loop first looks at a global that is undefined until somebody interrupts; optimised
// code holds it as a constant, so that it costs nothing (user/watcher.ts sets it from another thread). Reads through
// globalThis, so that a function whose source is sent to another realm still runs there.
// Not covered: recursion without a loop, packages, native code.
import MagicString from 'magic-string'
import { parseSync } from 'oxc-parser'
import { STOP, TURN } from './host-names.ts'
import { children, hasAwait, type Node } from './scope.ts'
import type { PositionMap } from './source-position.ts'

const LOOPS = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'])

export const isLoop = (node: Node): boolean => LOOPS.has(node.type)

/** Adds the look to every loop below the node. To be called when other statements have been changed. */
export function guardLoops(node: Node, text: MagicString): void {
  for (const child of children(node)) guardLoops(child, text)
  if (!isLoop(node)) return
  const body = node.body as Node
  const look = hasAwait(node) ? ` globalThis.${TURN}?.();` : ` if (globalThis.${STOP}) throw globalThis.${STOP};`
  if (body.type === 'BlockStatement') text.appendRight(body.start + 1, look)
  else text.appendLeft(body.start, `{${look} `).appendLeft(body.end, ' }')
}

/** The code of a whole module with the look in its loops. */
export function guardedModule(name: string, code: string): { code: string; maps: PositionMap[] } {
  if (!/\b(?:for|while|do)\b/.test(code)) return { code, maps: [] }
  const program = parseSync(`${name}.js`, code, { lang: 'js', sourceType: 'module' }).program as unknown as Node
  const text = new MagicString(code)
  guardLoops(program, text)
  return { code: text.toString(), maps: [() => text.generateMap({ source: name, hires: 'boundary' })] }
}
