// What the checker says of JSX, and of decorators in a project that wants the older ones: the service itself, asked here.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { completionsAt } from '../../../kernel/language/completions.ts'
import { diagnosticsOf } from '../../../kernel/language/diagnostics.ts'
import { createCellService } from '../../../kernel/language/service.ts'

const folder = mkdtempSync(join(tmpdir(), 'checked jsx '))
after(() => rmSync(folder, { recursive: true, force: true }))

mkdirSync(join(folder, 'node_modules/view'), { recursive: true })
writeFileSync(join(folder, 'node_modules/view/package.json'), '{ "name": "view", "types": "index.d.ts" }')
writeFileSync(
  join(folder, 'node_modules/view/jsx-runtime.d.ts'),
  `export namespace JSX { interface Element { tag: string } interface IntrinsicElements { p: { size?: number; children?: unknown } } }
   export declare const jsx: (...args: unknown[]) => JSX.Element, jsxs: typeof jsx, Fragment: unknown`,
)

const cells = createCellService(folder, [])
const errors = (source: string): string[] =>
  diagnosticsOf(cells, source).map((one) => `${one.line}:${one.column} ${one.message}`)

const AUTOMATIC = '/** @jsxImportSource view */\n'

test('elements of a cell with a pragma are checked against the types of their library, at their own line', () => {
  assert.deepEqual(errors(`${AUTOMATIC}const page = <p size={3}>text</p>\npage.tag.length`), [])
  assert.deepEqual(errors(`${AUTOMATIC}const page = <p\n  size="3" />`), [
    "3:3 Type 'string' is not assignable to type 'number'.",
  ])
  assert.match(errors(`${AUTOMATIC}(<q />)`).join(), /'q' does not exist on type 'JSX.IntrinsicElements'/)
})

test('what a cell with JSX declares has its type in later cells, which may be without JSX', () => {
  cells.notebook.commit('cell 1', `${AUTOMATIC}const page = <p>text</p>`)
  assert.deepEqual(
    errors('const cast = <number>page.tag.length\nconst same = <T>(x: T): T => x\nsame(cast).toFixed()'),
    [],
  )
  assert.match(errors('page.tag.toFixed()').join(), /'toFixed' does not exist on type 'string'/)
  const code = `${AUTOMATIC}const more = <p>{page.ta}</p>`
  const at = code.indexOf('page.ta') + 'page.ta'.length
  assert.ok(completionsAt(cells, code, at).entries.some(({ text }) => text === 'tag'))
})

test('a factory of the person takes the elements; what has no types is any', () => {
  const h = 'const h = (tag: string, props: object | null, ...children: unknown[]) => ({ tag, props, children })\n'
  assert.deepEqual(errors(`/** @jsx h */\n${h}const page = <p id="a">{1 + 1}</p>`), [])
  assert.match(errors('/** @jsx missing */\n(<p />)').join(), /Cannot find name 'missing'|'missing'/)
})

test('decorators are those of the project: from before the standard where its tsconfig asks for them', () => {
  const older = 'const field = (target: object, key: string): void => {}\nclass Kept { @field size = 1 }'
  assert.notDeepEqual(errors(older), [])
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'tsconfig.json'), '{ "compilerOptions": { "experimentalDecorators": true } }')
  const projects = createCellService(project, [])
  assert.deepEqual(diagnosticsOf(projects, older), [])
  assert.deepEqual(
    diagnosticsOf(
      projects,
      'const log = (t: unknown, k: unknown, i: number): void => {}\nclass P { constructor(@log x: number) {} }',
    ),
    [],
  )
})
