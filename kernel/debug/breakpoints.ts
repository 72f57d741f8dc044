// The breakpoints that clients asked for, by path, kept over restarts of the user-code process; and what V8 holds for them
// in each script of that path. Conditions, hit counts and log points are decided in the user code, without a stop.
import type { Debugger } from 'node:inspector'
import { parseSync } from 'oxc-parser'
import { languageOf } from '../cell/jsx.ts'
import { children, type Node } from '../cell/scope.ts'
import { positionAt } from '../cell/strip.ts'
import type { DapBreakpoint, DapSource, SourceBreakpoint } from '../protocol/dap.ts'
import { logParts, toExpression } from './expression.ts'
import { evaluateHost, hostCall } from './host-calls.ts'
import type { Inspector } from './pipe.ts'
import type { Script, Scripts } from './scripts.ts'

export interface Breakpoints {
  /** Replaces the breakpoints of a path. `text`: the source, where it is known. */
  set(source: DapSource, requested: readonly SourceBreakpoint[], text: string | null): Promise<DapBreakpoint[]>
  /** Sets in V8 what was asked for a script that is about to run. Result: the breakpoints that moved. */
  bind(script: Script): Promise<DapBreakpoint[]>
  /** The breakpoints behind V8's ids. */
  hit(ids: readonly string[]): number[]
  /** All that was asked for, by path. */
  list(): { source: string; breakpoints: SourceBreakpoint[] }[]
  /** Works with another inspector: the process was started again. */
  connect(to: { inspector: Inspector; scripts: Scripts } | null): void
  clear(): void
}

interface Held {
  readonly id: number
  readonly request: SourceBreakpoint
  readonly source: DapSource
  /** An expression: true where the program shall stop. */
  readonly condition: string
  line: number
  verified: boolean
  message?: string
  /** V8's ids, one for each script. */
  bound: string[]
}

export function createBreakpoints(): Breakpoints {
  const paths = new Map<string, Held[]>()
  let connection: { inspector: Inspector; scripts: Scripts } | null = null
  let next = 0

  const hold = (source: DapSource, request: SourceBreakpoint, text: string | null): Held => {
    const id = ++next
    const held = { id, request, source, line: request.line, bound: [] }
    try {
      const condition = conditionOf(id, request)
      const line = text === null ? null : statementLine(text, request.line)
      if (line === null)
        return { ...held, condition, verified: false, message: 'No code that runs on this line or after it' }
      return { ...held, condition, line, verified: true }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      return { ...held, condition: 'false', verified: false, message: error.message }
    }
  }

  const bindOne = async (held: Held, script: Script): Promise<boolean> => {
    if (connection === null || held.condition === 'false') return false
    const place = await connection.scripts.breakPlace(script, held.request.line, held.request.column)
    if (place === null) return false
    const { line } = held
    held.line = place.line
    held.verified = true
    held.message = undefined
    const id = await setInV8(connection.inspector, place.location, held.condition)
    if (id !== null) held.bound.push(id)
    return line !== held.line
  }

  return {
    async set(source, requested, text) {
      const old = paths.get(source.path) ?? []
      paths.delete(source.path)
      for (const held of old) await release(held)
      const all = requested.map((request) => hold(source, request, text))
      if (all.length > 0) paths.set(source.path, all)
      for (const script of (await connection?.scripts.ofPath(source.path)) ?? []) {
        for (const held of all) await bindOne(held, script)
      }
      return all.map(shown)
    },
    async bind(script) {
      const moved: DapBreakpoint[] = []
      for (const held of paths.get(script.path) ?? []) if (await bindOne(held, script)) moved.push(shown(held))
      return moved
    },
    hit: (ids) =>
      [...paths.values()].flat().flatMap(({ id, bound }) => (bound.some((one) => ids.includes(one)) ? [id] : [])),
    list: () =>
      [...paths].map(([source, all]) => ({
        source,
        breakpoints: all.map(({ request, line }) => ({ ...request, line })),
      })),
    connect(to) {
      connection = to
      for (const held of [...paths.values()].flat()) held.bound = []
    },
    clear: () => paths.clear(),
  }

  async function release(held: Held): Promise<void> {
    if (connection === null) return
    const { inspector } = connection
    for (const breakpointId of held.bound) await inspector.post('Debugger.removeBreakpoint', { breakpointId })
    if (held.request.hitCondition !== undefined) await evaluateHost(inspector, `forget(${held.id})`)
  }
}

const shown = ({ id, verified, message, source, line }: Held): DapBreakpoint =>
  message === undefined ? { id, verified, source, line } : { id, verified, message, source, line }

/** V8's id; null where another breakpoint holds this place already. */
async function setInV8(inspector: Inspector, location: Debugger.Location, condition: string): Promise<string | null> {
  try {
    const { breakpointId } = await inspector.post<Debugger.SetBreakpointReturnType>('Debugger.setBreakpoint', {
      location,
      condition,
    })
    return breakpointId
  } catch (error) {
    if (/already exists/.test((error as Error).message)) return null
    throw error
  }
}

/** All that decides whether a breakpoint stops, as one expression; empty where it always does. Throws SyntaxError. */
export function conditionOf(id: number, { condition, hitCondition, logMessage }: SourceBreakpoint): string {
  const parts = condition === undefined || condition.trim() === '' ? [] : [`(${toExpression(condition)})`]
  if (hitCondition !== undefined && hitCondition.trim() !== '') {
    const [, operator = '==', operand] = /^\s*(==?=?|>=?|<=?|%)?\s*(\d+)\s*$/.exec(hitCondition) ?? []
    if (operand === undefined) {
      throw new SyntaxError(`Expected a hit condition such as \`5\`, \`>= 5\` or \`% 5\`, got \`${hitCondition}\``)
    }
    parts.push(hostCall(`hit(${id}, ${JSON.stringify(operator)}, ${operand})`))
  }
  if (logMessage !== undefined && logMessage !== '') parts.push(`(${hostCall(`log(${logParts(logMessage)})`)}, false)`)
  return parts.join(' && ')
}

const SILENT = /^(TS|Import|FunctionDeclaration|BlockStatement|EmptyStatement|Program|ClassDeclaration|ExportAll)/

/** The first line at or after a line on which a statement begins; null where none does, or the text cannot be read. */
export function statementLine(text: string, line: number): number | null {
  const lang = languageOf(text)
  const { program, errors } = parseSync(`cell.${lang}`, text, { lang, sourceType: 'module' })
  if (errors.length > 0) return null
  let first: number | null = null
  const visit = (node: Node): void => {
    const isStatement = /(Statement|Declaration)$/.test(node.type) && !SILENT.test(node.type)
    if (isStatement || (node.type === 'ArrowFunctionExpression' && (node.body as Node).type !== 'BlockStatement')) {
      const at = positionAt(text, isStatement ? node.start : (node.body as Node).start).line
      if (at >= line && (first === null || at < first)) first = at
    }
    if (!/^TS(Interface|TypeAlias)/.test(node.type) && node.declare !== true)
      for (const child of children(node)) visit(child)
  }
  visit(program as unknown as Node)
  return first
}
