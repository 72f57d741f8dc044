// The cells of a notebook as TypeScript modules. Each is a module of its own, so that a name may be declared again with
// another type; in front of it stands one line that brings the names of earlier cells which it mentions. Pure: texts in,
// texts out.
import ts from 'typescript'
import { jsxPragmas, languageOf } from '../cell/jsx.ts'
import { augments, type Declared, declarationsOf, exportedNames } from './declarations.ts'

/** A name of an earlier cell. */
export interface EarlierName extends Declared {
  /** Id of the cell's module. */
  readonly cell: string
}

/** A cell's text as a module. */
export interface CellModule {
  readonly text: string
  /** Length of what stands before the cell's own text. */
  readonly shift: number
}

/** The module of a cell that runs. */
export interface KeptModule extends CellModule {
  /** No two modules have the same, also when a name comes again after `forget`. */
  readonly version: number
}

/** The cells so far. */
export interface NotebookTypes {
  /** The module of a cell that is being written or about to run. */
  draft(source: string): CellModule
  /** Adds a cell that runs; from here on its names are known. */
  commit(name: string, source: string): void
  forget(): void
  /** Names of the cells so far, newest last. */
  readonly names: ReadonlyMap<string, EarlierName>
  /** Texts of the modules that later cells may import, by id. */
  readonly modules: ReadonlyMap<string, KeptModule>
  /** Changes with the modules. */
  version(): number
  /** Modules that change types which are not their own. */
  readonly augmenting: ReadonlySet<string>
}

/** Specifiers of cell modules; no package can have such a name. */
export const CELL_SCHEME = 'asterism-cell:'

/** TypeScript's word for the language of a cell. */
export const scriptKind = (source: string): ts.ScriptKind =>
  languageOf(source) === 'tsx' ? ts.ScriptKind.TSX : ts.ScriptKind.TS

export const parse = (source: string): ts.SourceFile =>
  ts.createSourceFile('cell.mts', source, ts.ScriptTarget.ESNext, false, scriptKind(source))

/** `cell 3` → `cell-3`, part of a file name. */
const idOf = (name: string): string => name.replaceAll(' ', '-')

/** A notebook without cells. */
export function createNotebookTypes(): NotebookTypes {
  const names = new Map<string, EarlierName>()
  const modules = new Map<string, KeptModule>()
  const augmenting = new Set<string>()
  let version = 0

  const draft = (source: string, own = declarationsOf(parse(source))): CellModule => {
    const mentioned = new Set(source.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu))
    const earlier = [...mentioned].map((name) => names.get(name)).filter((one) => one !== undefined)
    const lines = earlier.filter(({ name }) => !own.has(name)).map(brought)
    const pragmas = jsxPragmas(source).map((pragma) => `/** ${pragma} */`) // they count only in front of everything
    const prelude = `${pragmas.join('')}export {};${lines.join('')}\n`
    return { text: `${prelude}${source}`, shift: prelude.length }
  }

  return {
    names,
    modules,
    augmenting,
    draft: (source) => draft(source),
    version: () => version,
    commit(name, source) {
      const file = parse(source)
      const own = declarationsOf(file)
      const isAugmenting = augments(file)
      if (own.size === 0 && !isAugmenting) return
      const id = idOf(name)
      const { text, shift } = draft(source, own)
      const exported = exportedNames(file)
      const rest = [...own.keys()].filter((one) => !exported.has(one))
      version += 1
      modules.set(id, { text: `${text}\n;export { ${rest.join(', ')} };`, shift, version })
      if (isAugmenting) augmenting.add(id)
      for (const one of own.values()) {
        names.delete(one.name)
        names.set(one.name, { ...one, cell: id })
      }
    },
    forget() {
      for (const known of [names, modules, augmenting]) known.clear()
    },
  }
}

/** How a name of an earlier cell comes into a later one. Variables stay variables: they can be assigned. */
function brought({ name, form, cell }: EarlierName): string {
  if (form === 'alias') return `import { ${name} } from '${CELL_SCHEME}${cell}';`
  return `declare ${form} ${name}: typeof import('${CELL_SCHEME}${cell}').${name};`
}
