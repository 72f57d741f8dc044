// A cell that only asks what a name is, as in IPython: `tree.visits?`, `?search`; two marks also show the source. It is
// answered as an inspection, in the client's pager. Pure.

export interface HelpQuestion {
  /** What is asked about: a name, or names with dots between. */
  readonly name: string
  /** 1: with the source. */
  readonly detail: 0 | 1
}

const NAME = '[\\p{ID_Start}$_][\\p{ID_Continue}$]*(?:\\.[\\p{ID_Start}$_][\\p{ID_Continue}$]*)*'
const BEFORE = new RegExp(`^\\s*(\\?{1,2})\\s*(${NAME})\\s*$`, 'u')
const AFTER = new RegExp(`^\\s*(${NAME})\\s*(\\?{1,2})\\s*$`, 'u')

/** Null for any other cell. Example: `a.b??` gives `{ name: 'a.b', detail: 1 }`. */
export function helpQuestion(code: string): HelpQuestion | null {
  const [, before, after] = BEFORE.exec(code) ?? []
  if (before !== undefined && after !== undefined) return { name: after, detail: before.length === 2 ? 1 : 0 }
  const [, name, marks] = AFTER.exec(code) ?? []
  return name === undefined || marks === undefined ? null : { name, detail: marks.length === 2 ? 1 : 0 }
}
