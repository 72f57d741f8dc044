// Parameters of a notebook: the cell tagged `parameters` declares one object literal; other values for its keys arrive as
// a cell of their own right after it. Keys are read from the syntax tree, so nothing has to run to know them.
import { parseSync } from 'oxc-parser'
import type { Node } from '../cell/scope.ts'
import type { Cell, Notebook } from './notebook.ts'

const DECLARED = 'parameters'
const INJECTED = 'injected-parameters'

/** The object of a parameters cell: `const params = { seed: 1 }` gives name `params` and key `seed`. */
export interface DeclaredParameters {
  readonly name: string
  readonly keys: readonly string[]
}

/** Reads `key=value` pairs; a value is JSON where it parses, else text. Throws where there is no `=`. */
export function parseParameters(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new Error(`Expected a parameter as key=value, got \`${pair}\``)
      return [pair.slice(0, at), parseValue(pair.slice(at + 1))]
    }),
  )
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // not JSON: the text itself is the value
  }
}

/** The first object literal that a cell declares, or null. */
export function declaredParameters(source: string): DeclaredParameters | null {
  const { program } = parseSync('parameters.ts', source, { lang: 'ts', sourceType: 'module' })
  for (const statement of program.body as unknown as Node[]) {
    if (statement.type !== 'VariableDeclaration') continue
    for (const { id, init } of statement.declarations as { id: Node; init: Node | null }[]) {
      const value = withoutTypes(init)
      if (value?.type !== 'ObjectExpression' || id.type !== 'Identifier') continue
      const keys = (value.properties as Node[]).flatMap((property) => {
        const key = property.key as Node | undefined
        if (key === undefined || property.computed) return []
        return [String(key.type === 'Identifier' ? key.name : key.value)]
      })
      return { name: id.name as string, keys }
    }
  }
  return null
}

/** `{ … } as const`, `{ … } satisfies T` and `({ … })` are all the object. */
function withoutTypes(node: Node | null): Node | null {
  const wraps = node !== null && /^(TS(As|Satisfies|NonNull)Expression|ParenthesizedExpression)$/.test(node.type)
  return wraps ? withoutTypes(node.expression as Node) : node
}

/**
 * Puts a cell that sets the given values after the parameters cell; one from an earlier run is replaced. Throws where
 * the notebook has no parameters cell or does not know a key.
 */
export function injectParameters(notebook: Notebook, values: Record<string, unknown>): Notebook {
  const cells = notebook.cells.filter((cell) => !hasTag(cell, INJECTED))
  if (Object.keys(values).length === 0) return { ...notebook, cells }
  const at = cells.findIndex((cell) => hasTag(cell, DECLARED))
  const declared = at < 0 ? null : declaredParameters((cells[at] as Cell).source)
  if (declared === null) {
    throw new Error('Expected a code cell tagged `parameters` that declares an object: const params = { … }')
  }
  const unknown = Object.keys(values).filter((key) => !declared.keys.includes(key))
  if (unknown.length > 0) {
    throw new Error(`Unknown parameter \`${unknown.join('`, `')}\`. Known: ${declared.keys.join(', ')}`)
  }
  const ids = new Set(cells.map((cell) => cell.id))
  const injected: Cell = {
    cell_type: 'code',
    id: ids.has(INJECTED) ? `${INJECTED}-${at}` : INJECTED,
    metadata: { tags: [INJECTED] },
    source: `Object.assign(${declared.name}, ${JSON.stringify(values)})`,
    execution_count: null,
    outputs: [],
  }
  return { ...notebook, cells: [...cells.slice(0, at + 1), injected, ...cells.slice(at + 1)] }
}

const hasTag = (cell: Cell, tag: string): boolean =>
  cell.cell_type === 'code' && (cell.metadata.tags ?? []).includes(tag)
