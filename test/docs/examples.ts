// Finds the examples of the documentation, type-checks them and runs them.
//
// Examples are the fenced `ts` and `js` blocks of README.md, datasets/README.md and docs/*.md, and what follows
// `@example` in the doc comments of public names. The rules:
// - A block is a module of this package: `asterism`, `asterism/datasets` and `asterism/kernel` are there to import.
// - As in a cell, the names of `asterism/kernel` are there without an import. In a doc comment all public names are.
// - An expression at the top level with a comment behind it claims its value, as `util.inspect` writes it:
//   `passAtK(4, 1, 2) // 0.5`. Promises are awaited; `…` stands for anything; an error is claimed by its text, as in
//   `// RangeError: Expected …`. Assignments claim nothing, so that they may have a comment in words.
// - `ts` is checked with the options of tsconfig.json, `js` is not.
// - `<!-- example: needs a finished run -->` in the line before a block: it is not run, but checked, and its title in
//   the test's report says what it needs. Of a `js` block syntax and imports are checked.
// Each block of a page runs in a process of its own; the examples of the comments share one.
import { fork } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transformSync } from 'oxc-transform'
import ts from 'typescript'
import { packageRoot } from '../fixtures.ts'
import {
  commentBlocks,
  commentText,
  type EntryPoint,
  openProgram,
  type PublicName,
  publicNames,
} from './public-names.ts'

/** One example, as it stands in its file. */
export interface Example {
  /** File, relative to the package, and the line on which the code begins. */
  readonly file: string
  readonly line: number
  readonly language: 'ts' | 'js'
  readonly code: string
  /** What it needs to be run, e.g. `needs a finished run`; null: nothing. */
  readonly needs: string | null
  /** The public name whose comment holds it; null in a page. */
  readonly of: string | null
}

/** What came of an example: null, or all that is wrong with it. */
export type Outcome = ReadonlyMap<Example, string | null>

/** Longest that one block may run, in milliseconds. */
const TIME_LIMIT = 240_000

const FENCE = /^\s*```(\w*)\s*$/
const LANGUAGES: Readonly<Record<string, 'ts' | 'js'>> = { ts: 'ts', typescript: 'ts', js: 'js', javascript: 'js' }
const MARKER = /^\s*<!--\s*example:\s*(.*?)\s*-->\s*$/

/** README.md, datasets/README.md and the pages of docs/. */
export function pages(): string[] {
  const docs = join(packageRoot, 'docs')
  const guides = existsSync(docs) ? readdirSync(docs).filter((file) => file.endsWith('.md')) : []
  return ['README.md', 'datasets/README.md', ...guides.sort().map((file) => `docs/${file}`)]
}

/** The examples of a page. Errors: a marker without a block, a block without an end. */
export function pageExamples(file: string): Example[] {
  const lines = readFileSync(join(packageRoot, file), 'utf8').split('\n')
  const examples: Example[] = []
  let needs: string | null = null
  for (let i = 0; i < lines.length; i++) {
    const fence = FENCE.exec(lines[i]!)
    const language = fence && LANGUAGES[fence[1]!]
    if (needs !== null && !language)
      throw new Error(`${file}:${i + 1}: expected a ts or js block directly after the mark \`example: ${needs}\``)
    needs = MARKER.exec(lines[i]!)?.[1] ?? needs
    if (!fence) continue
    const end = lines.findIndex((line, at) => at > i && /^\s*```\s*$/.test(line))
    if (end < 0) throw new Error(`${file}:${i + 1}: expected this fenced block to end`)
    if (language) {
      examples.push({ file, line: i + 2, language, code: lines.slice(i + 1, end).join('\n'), needs, of: null })
      needs = null
    }
    i = end
  }
  return examples
}

/** The examples in the doc comments of public names and of their members. */
export function commentExamples(names: readonly PublicName[]): Example[] {
  const seen = new Set<ts.Node>()
  return names.flatMap(({ name, file, declaration }) => {
    if (seen.has(declaration)) return []
    seen.add(declaration)
    return commentBlocks(declaration).flatMap((block) => {
      const first = declaration.getSourceFile().getLineAndCharacterOfPosition(block.pos).line + 1
      return examplesIn(commentText(block.getText())).map(
        ({ line, code }): Example => ({ file, line: first + line, language: 'ts', code, needs: null, of: name }),
      )
    })
  })
}

/** What follows each `@example`, up to the next tag; a fence around it is taken away. Lines count from 0. */
function examplesIn(comment: string): { readonly line: number; readonly code: string }[] {
  const lines = comment.split('\n')
  return lines.flatMap((text, tag) => {
    if (!text.startsWith('@example')) return []
    const next = lines.findIndex((line, at) => at > tag && line.startsWith('@'))
    const body = [text.slice('@example'.length).trimStart(), ...lines.slice(tag + 1, next < 0 ? undefined : next)]
    let line = tag
    while (body.length > 0 && /^\s*(```\w*)?$/.test(body[0]!)) {
      body.shift()
      line++
    }
    while (body.length > 0 && /^\s*(```)?$/.test(body.at(-1)!)) body.pop()
    return [{ line, code: body.join('\n') }]
  })
}

/** All examples of pages and comments. */
export function allExamples(): Example[] {
  return [...pages().flatMap(pageExamples), ...commentExamples(publicNames())]
}

/** Checks examples, and runs those that need nothing. Everything is written below dist/ and taken away again. */
export async function checkExamples(examples: readonly Example[]): Promise<Outcome> {
  mkdirSync(join(packageRoot, 'dist'), { recursive: true })
  const folder = mkdtempSync(join(packageRoot, 'dist', 'examples-'))
  try {
    const faults = new Map<Example, string[]>(examples.map((example) => [example, []]))
    const modules = examples.map((example, i) => ({ example, path: join(folder, `example-${i}`) }))
    for (const { example, path } of modules) {
      const prepared = prepare(example, publicNames())
      if (example.language === 'ts') writeFileSync(`${path}.mts`, prepared.typed)
      writeFileSync(`${path}.mjs`, prepared.runnable)
      faults.get(example)!.push(...prepared.faults)
    }
    const typed = modules.filter(({ example }) => example.language === 'ts')
    const program = openProgram(typed.map(({ path }) => `${path}.mts`))
    for (const { example, path } of typed) faults.get(example)!.push(...typeErrors(program, `${path}.mts`, example))
    const sound = modules.filter(({ example }) => faults.get(example)!.length === 0)
    const groups = [
      ...sound.filter(({ example }) => example.of === null).map((module) => [module]),
      sound.filter(({ example }) => example.of !== null),
    ]
    for (const group of groups) {
      const errors = await run(group.map(({ path }) => `${path}.mjs`))
      for (const { example, path } of group) {
        const error = errors.get(`${path}.mjs`) ?? null
        if (error !== null) faults.get(example)!.push(error)
      }
    }
    return new Map([...faults].map(([example, all]) => [example, all.length > 0 ? all.join('\n') : null]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is written for an example: with its imports for the compiler, and as JavaScript with its claims to be run. */
function prepare(example: Example, names: readonly PublicName[]) {
  const { code, language, needs, file, line } = example
  const source = ts.createSourceFile(`example.${language}`, code, ts.ScriptTarget.ES2023, true)
  const implied = impliedImports(source, example, names)
  const edits: { from: number; to: number; text: string }[] = []
  for (const statement of source.statements) {
    const claim = needs === null ? claimOf(statement, source) : null
    if (needs !== null && !ts.isImportDeclaration(statement))
      edits.push({ from: statement.getStart(source), to: statement.end, text: '' })
    if (claim === null) continue
    const at = line + source.getLineAndCharacterOfPosition(statement.getStart(source)).line
    const expression = (statement as ts.ExpressionStatement).expression.getText(source)
    const text = `;await __shows(async () => (${expression}), ${JSON.stringify(claim)}, ${JSON.stringify(`${file}:${at}`)});`
    edits.push({ from: statement.getStart(source), to: statement.end, text })
  }
  const claimed = edits.reduceRight((text, { from, to, text: put }) => text.slice(0, from) + put + text.slice(to), code)
  const shows = join(import.meta.dirname, 'shows.js')
  const whole = `import { shows as __shows } from ${JSON.stringify(shows)}; ${implied}${claimed}\nexport {}\n`
  const result = transformSync(`example.${language}`, whole, {
    lang: language,
    sourceType: 'module',
    target: 'es2022',
    typescript: { onlyRemoveTypeImports: true },
  })
  // A block that is not run is parsed whole all the same.
  const parsed =
    needs === null ? result : transformSync(`example.${language}`, code, { lang: language, sourceType: 'module' })
  return {
    // Without names of its own a file is no module, and its names would be those of all others.
    typed: `${implied}${code}\nexport {}\n`,
    runnable: result.code,
    faults: [...new Set([...result.errors, ...parsed.errors].map(({ message }) => `${file}:${line}: ${message}`))],
  }
}

/** The value that a statement claims to have, or null. */
function claimOf(statement: ts.Statement, source: ts.SourceFile): string | null {
  if (!ts.isExpressionStatement(statement)) return null
  const { expression } = statement
  if (ts.isBinaryExpression(expression) && isAssignment(expression.operatorToken.kind)) return null
  const [comment] = ts.getTrailingCommentRanges(source.text, statement.end) ?? []
  if (comment?.kind !== ts.SyntaxKind.SingleLineCommentTrivia) return null
  return source.text.slice(comment.pos + 2, comment.end).trim()
}

const isAssignment = (kind: ts.SyntaxKind): boolean =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment

/** Imports, on one line, of the public names that an example uses and neither declares nor imports. */
function impliedImports(source: ts.SourceFile, { of }: Example, names: readonly PublicName[]): string {
  const [used, own] = [new Set<string>(), new Set<string>()]
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  const declare = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) own.add(name.text)
    else for (const element of name.elements) if (ts.isBindingElement(element)) declare(element.name)
  }
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) declare(name)
    const named = statement as { name?: ts.Node }
    if (named.name && ts.isIdentifier(named.name)) own.add(named.name.text)
    const clause = ts.isImportDeclaration(statement) ? statement.importClause : undefined
    if (clause?.name) own.add(clause.name.text)
    const bindings = clause?.namedBindings
    if (bindings && ts.isNamespaceImport(bindings)) own.add(bindings.name.text)
    if (bindings && ts.isNamedImports(bindings)) for (const { name } of bindings.elements) own.add(name.text)
  }
  const home = names.find(({ name }) => name === of)?.entry
  const entries: EntryPoint[] = of === null ? ['asterism/kernel'] : ['asterism', 'asterism/datasets', 'asterism/kernel']
  entries.sort((a, b) => Number(b === home) - Number(a === home))
  return entries
    .flatMap((entry) => {
      const wanted = names.filter((each) => each.entry === entry && used.has(each.name) && !own.has(each.name))
      for (const { name } of wanted) own.add(name)
      const list = wanted.map(({ name, isValue }) => (isValue ? name : `type ${name}`))
      return list.length > 0 ? [`import { ${list.join(', ')} } from '${entry}'; `] : []
    })
    .join('')
}

/** What the compiler says of one module. */
function typeErrors(program: ts.Program, path: string, { file, line }: Example): string[] {
  const source = program.getSourceFile(path)!
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((diagnostic) => {
    const at = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line
    return `${file}:${line + at}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`
  })
}

/** Runs modules in one process. Result: for each what went wrong, or null. */
async function run(paths: readonly string[]): Promise<Map<string, string | null>> {
  const results = new Map<string, string | null>()
  if (paths.length === 0) return results
  const cwd = mkdtempSync(join(tmpdir(), 'asterism-examples-'))
  const child = fork(join(import.meta.dirname, 'run-modules.js'), paths, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ASTERISM_WEAK_ISOLATION: '1', ...process.env, NODE_OPTIONS: '' },
  })
  let complaints = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  child.on('message', ({ file, error }: { file: string; error: string | null }) => results.set(file, error))
  const timer = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT)
  const code = await new Promise((resolve) => child.on('close', (status, signal) => resolve(signal ?? status)))
  clearTimeout(timer)
  rmSync(cwd, { recursive: true, force: true })
  for (const path of paths) {
    // A suite of tests that fails after the last line of an example shows in the exit code alone.
    if (code !== 0 && results.get(path) === null)
      results.set(path, `its process ended with ${code}. ${complaints.trim()}`)
    if (!results.has(path)) results.set(path, `its process ended (${code}) before it did. ${complaints.trim()}`)
  }
  return results
}
