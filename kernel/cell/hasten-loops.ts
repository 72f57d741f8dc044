// Makes the loops of a cell's top level as fast as those of a function. A binding of the script scope is loaded and stored
// at each use, a local variable lies in a register: for the time of a loop that does not wait, the bindings that it uses
// are local variables of the same names, stored when the loop ends, however it ends. Only bindings that nobody else can
// change or see meanwhile: those that the loop assigns and no function mentions, those that it reads and no function
// assigns. `eval` and `new Function` are not looked into.
import type MagicString from 'magic-string'
import { isLoop } from './loop-guard.ts'
import { children, hasAwait, type Node, type Reference } from './scope.ts'

/** What is known of the names that a loop uses, functions of earlier cells included. */
export interface LoopNames {
  /** True for a plain binding of the script scope. */
  isBinding(name: string): boolean
  /** True where a function mentions it. */
  isCaptured(name: string): boolean
  /** True where a function assigns it. */
  isReassigned(name: string): boolean
}

/** Rewrites the loops below a statement of the top level. To be called before their bodies are guarded. */
export function hastenLoops(node: Node, text: MagicString, uses: readonly Reference[], names: LoopNames): void {
  if (isLoop(unlabelled(node)) && !hasAwait(node)) hastenLoop(node, text, uses, names)
  else if (/Statement$|^CatchClause$|^SwitchCase$/.test(node.type)) {
    for (const child of children(node)) hastenLoops(child, text, uses, names)
  }
}

const unlabelled = (node: Node): Node => (node.type === 'LabeledStatement' ? unlabelled(node.body as Node) : node)

/** `loop` → `{ let $local_a = a; try { let a = $local_a; try { loop } finally { $local_a = a } } finally { a = $local_a } }`. */
function hastenLoop(statement: Node, text: MagicString, uses: readonly Reference[], names: LoopNames): void {
  const within = uses.filter((use) => use.start >= statement.start && use.end <= statement.end)
  const written = new Set(within.filter((use) => use.written).map((use) => use.name))
  const kept = new Set(within.filter((use) => use.deferred).map((use) => use.name)) // closures outlive the loop
  const isLocal = (name: string): boolean =>
    names.isBinding(name) && !kept.has(name) && !(written.has(name) ? names.isCaptured(name) : names.isReassigned(name))
  const local = [...new Set(within.map((use) => use.name))].filter(isLocal)
  if (local.length === 0) return
  const held = (name: string): string => `$local_${name}`
  const stored = local.filter((name) => written.has(name))
  const list = (pair: (name: string) => string, names = local): string => names.map(pair).join(', ')
  const opening = `{ let ${list((name) => `${held(name)} = ${name}`)}; try { let ${list((name) => `${name} = ${held(name)}`)}; try { `
  const closing = ` } finally { ${list((name) => `${held(name)} = ${name}`, stored)} } } finally { ${list((name) => `${name} = ${held(name)}`, stored)} } }`
  text.prependLeft(statement.start, opening).appendRight(statement.end, closing)
}
