// Notebook files, nbformat 4: read with checks, outputs collected from published messages, written so that two runs that
// agree give the same bytes (sorted keys, one space of indent, multi-line text as arrays, as Jupyter itself writes).
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

/** A cell of a notebook; text is one string here, an array of lines in the file. */
export interface Cell {
  cell_type: 'code' | 'markdown' | 'raw'
  id: string
  metadata: Record<string, unknown> & { tags?: string[] }
  source: string
  /** Code cells only. */
  execution_count?: number | null
  outputs?: CellOutput[]
  attachments?: unknown
}

/** One output of a code cell, as nbformat has it. */
export interface CellOutput {
  output_type: string
  [field: string]: unknown
}

export interface Notebook {
  cells: Cell[]
  metadata: Record<string, unknown>
}

/** Reads a notebook. Throws one error that names the file and what is wrong with it. */
export function readNotebook(path: string): Notebook {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`Cannot read the notebook ${path}: ${(error as Error).message}`)
  }
  try {
    return parseNotebook(text)
  } catch (error) {
    throw new Error(`${path} is not a notebook: ${(error as Error).message}`)
  }
}

/** Parses the text of a notebook. Throws an error that says what was expected and what came. */
export function parseNotebook(text: string): Notebook {
  const value = JSON.parse(text) as { nbformat?: unknown; cells?: unknown; metadata?: Record<string, unknown> } | null
  if (value?.nbformat !== 4) throw new Error(`expected \`nbformat\` 4, got ${JSON.stringify(value?.nbformat)}`)
  if (!Array.isArray(value.cells)) throw new Error('expected `cells` to be an array')
  const ids = new Set<string>()
  const cells = value.cells.map((raw: Record<string, unknown> | null, index): Cell => {
    const { cell_type: type, metadata, attachments, id } = raw ?? {}
    if (type !== 'code' && type !== 'markdown' && type !== 'raw') {
      throw new Error(`expected cell ${index + 1} to be code, markdown or raw, got ${JSON.stringify(type)}`)
    }
    const source = joined(raw?.source)
    const cell: Cell = { cell_type: type, id: uniqueId(id, source, ids), metadata: { ...(metadata as object) }, source }
    if (attachments !== undefined) cell.attachments = attachments
    return type === 'code' ? { ...cell, execution_count: null, outputs: [] } : cell
  })
  return { cells, metadata: { ...value.metadata } }
}

const joined = (text: unknown): string => (Array.isArray(text) ? text.join('') : String(text ?? ''))

/** The cell's own id where it is valid and new, else one that follows from its text. */
function uniqueId(id: unknown, source: string, taken: Set<string>): string {
  let found = typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : ''
  for (let n = 0; found === '' || taken.has(found); n++) {
    found = createHash('sha256').update(`${n} ${source}`).digest('hex').slice(0, 8)
  }
  taken.add(found)
  return found
}

/** The text of the file. Outputs of earlier runs are not kept: parseNotebook dropped them. */
export function notebookText({ cells, metadata }: Notebook): string {
  const written = {
    cells: cells.map((cell) => ({
      ...cell,
      source: lines(cell.source),
      ...(cell.outputs === undefined ? {} : { outputs: cell.outputs.map(writtenOutput) }),
    })),
    metadata,
    nbformat: 4,
    nbformat_minor: 5,
  }
  return `${JSON.stringify(sorted(written), null, 1)}\n`
}

const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

const SPLIT = /^(text\/.*|image\/svg\+xml|application\/javascript)$/

function writtenOutput(output: CellOutput): CellOutput {
  if (output.output_type === 'stream') return { ...output, text: lines(String(output.text)) }
  if (output.data === undefined) return output
  const data = Object.entries(output.data as Record<string, unknown>).map(([type, content]) => [
    type,
    SPLIT.test(type) && typeof content === 'string' ? lines(content) : content,
  ])
  return { ...output, data: Object.fromEntries(data) }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}

/** Writes the file so that a reader finds the old one or the new one, never a part. */
export function writeNotebook(path: string, notebook: Notebook): void {
  const temporary = `${path}.${process.pid}.tmp`
  const file = openSync(temporary, 'w')
  try {
    const bytes = Buffer.from(notebookText(notebook))
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}

/** Collects published messages as outputs of cells. */
export interface Collector {
  /** Adds what a message of this cell's request says. */
  add(cell: Cell, type: string, content: Record<string, unknown>): void
}

/** A collector for one notebook: an updated display changes wherever it is stored. */
export function createCollector(): Collector {
  const displays = new Map<string, CellOutput[]>()
  const clearing = new Set<Cell>()
  const push = (cell: Cell, output: CellOutput): void => {
    if (clearing.delete(cell)) cell.outputs = []
    cell.outputs?.push(output)
  }
  const remember = (content: Record<string, unknown>, output: CellOutput): void => {
    const id = (content.transient as { display_id?: string } | undefined)?.display_id
    if (id !== undefined) displays.set(id, [...(displays.get(id) ?? []), output])
  }
  return {
    add(cell, type, content) {
      const { data, metadata = {} } = content
      if (type === 'stream') {
        const last = clearing.has(cell) ? undefined : cell.outputs?.at(-1)
        if (last?.output_type === 'stream' && last.name === content.name) last.text = `${last.text}${content.text}`
        else push(cell, { output_type: 'stream', name: content.name, text: content.text })
      } else if (type === 'display_data') {
        const output: CellOutput = { output_type: type, data, metadata }
        remember(content, output)
        push(cell, output)
      } else if (type === 'update_display_data') {
        const id = (content.transient as { display_id?: string } | undefined)?.display_id ?? ''
        for (const output of displays.get(id) ?? []) Object.assign(output, { data, metadata })
      } else if (type === 'execute_result') {
        push(cell, { output_type: type, data, metadata, execution_count: content.execution_count })
      } else if (type === 'error') {
        const { ename, evalue, traceback } = content
        push(cell, { output_type: type, ename, evalue, traceback })
      } else if (type === 'clear_output') {
        if (content.wait === true) clearing.add(cell)
        else cell.outputs = []
      }
    },
  }
}
