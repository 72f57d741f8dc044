// Positions in generated code → positions in what the person wrote, through the source maps of each step of generation.
// Maps are asked for only when an error is shown: most cells never need theirs.
import { SourceMap, type SourceMapPayload } from 'node:module'

/** One step of generation: gives its source map when asked. */
export type PositionMap = () => unknown

/** A line and a column, both 1-based. */
export interface Position {
  readonly line: number
  readonly column: number
}

interface Script {
  readonly source: string
  readonly steps: PositionMap[]
  readonly lines: number
}

const registered = new Map<string, Script>()
const parsed = new WeakMap<PositionMap, SourceMap>()

/**
 * Registers what a person wrote and how a script was generated from it: the last step of generation first. Lines after
 * `lines` come from nowhere.
 */
export function registerScript(
  name: string,
  source: string,
  steps: PositionMap[],
  lines = Number.POSITIVE_INFINITY,
): void {
  registered.set(name, { source, steps, lines })
}

/** What a person wrote; null for an unknown script. */
export const sourceOf = (name: string): string | null => registered.get(name)?.source ?? null

/** True where a script of this name was registered. */
export const isRegistered = (name: string): boolean => registered.has(name)

/** How a script was generated, the last step first; null for an unknown script. */
export const scriptSteps = (name: string): readonly PositionMap[] | null => registered.get(name)?.steps ?? null

/** Where a position of a registered script comes from; null for code that nobody wrote, or an unknown script. */
export function originalPosition(name: string, generated: Position): Position | null {
  const script = registered.get(name)
  if (script === undefined || generated.line > script.lines) return null
  return throughMaps(script.steps, generated)
}

/** Follows a position back through the steps of generation; null where a step has no origin for it. */
export function throughMaps(steps: readonly PositionMap[], generated: Position): Position | null {
  let { line, column } = generated
  for (const step of steps) {
    let map = parsed.get(step)
    if (map === undefined) {
      map = new SourceMap(JSON.parse(JSON.stringify(step())) as SourceMapPayload)
      parsed.set(step, map)
    }
    const entry = map.findEntry(line - 1, column - 1) as { originalLine?: number; originalColumn?: number }
    if (entry.originalLine === undefined || entry.originalColumn === undefined) return null
    line = entry.originalLine + 1
    column = entry.originalColumn + 1
  }
  return { line, column }
}
