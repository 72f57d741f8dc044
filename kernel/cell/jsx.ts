// Which cells are TSX: those with a comment such as `@jsxImportSource preact`. Without one, `<T>x` is a cast.

const PRAGMAS = /@jsx(?:ImportSource|Runtime|Frag)?\s+[\w@][^\s*]*/g

/** The pragmas of a text, as they stand in it. */
export const jsxPragmas = (source: string): string[] => source.match(PRAGMAS) ?? []

/** The language of a cell's text, or of a file. */
export const languageOf = (source: string, name = ''): 'ts' | 'tsx' =>
  /\.[jt]sx$/.test(name) || jsxPragmas(source).length > 0 ? 'tsx' : 'ts'

/** True where elements become calls of a function in sight; else their import is made up. */
export const hasJsxFactory = (source: string): boolean => {
  const pragmas = jsxPragmas(source)
  return pragmas.length > 0 && !pragmas.some((one) => /^@jsx(?:ImportSource|Runtime)/.test(one))
}
