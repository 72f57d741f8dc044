import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const { value } = session

/** Every form of a declaration, and what `typeof name` is afterwards; null: a type, which leaves the value alone. */
const FORMS: [string, string | null][] = [
  ['const name = 1', 'number'],
  ['let name = "x"', 'string'],
  ['var name = true', 'boolean'],
  ['function name() {}', 'function'],
  ['async function* name() {}', 'function'],
  ['class name { static one = new name() }', 'function'],
  ['enum name { A }', 'object'],
  ['namespace name { export const a = 1 }', 'object'],
  ['const { a: name } = { a: 1n }', 'bigint'],
  ["import { sep as name } from 'node:path'", 'string'],
  ["import * as name from 'node:path'", 'object'],
  ["import name from 'node:path'", 'object'],
  ['type name = 1', null],
  ['interface name { a: 1 }', null],
]

test('any declaration of a name may follow any other', async () => {
  for (const [first] of FORMS) {
    for (const [second, type] of FORMS) {
      await value(first)
      await value(second)
      if (type !== null) assert.equal(await value('typeof name'), `'${type}'`, `${first} → ${second}`)
    }
  }
})

test('a function that reads a name sees it through every redeclaration', async () => {
  await value('let watched = 0\nconst read = () => typeof watched')
  for (const [form, type] of FORMS) {
    await value(form.replace(/\bname\b/g, 'watched'))
    if (type !== null) assert.equal(await value('read()'), `'${type}'`, form)
  }
})

test('an enum or a namespace of another cell is replaced, one of the same cell continued', async () => {
  assert.equal(await value('enum Side { Left }\nenum Side { Right = 5 }\nObject.keys(Side).length'), '4')
  assert.equal(await value('enum Side { Up }\nObject.keys(Side)'), "[ '0', 'Up' ]")
  assert.equal(
    await value('namespace Unit { export const m = 1 }\nnamespace Unit { export let cm = m / 100; cm += 0 }\nUnit.cm'),
    '0.01',
  )
  assert.equal(await value('namespace Unit { export const s = 1 }\nObject.keys(Unit)'), "[ 's' ]")
  assert.equal(
    await value('class Both { get() { return Both.k } }\nnamespace Both { export const k = 8 }\nnew Both().get()'),
    '8',
  )
  assert.equal(await value('class Both {}\nObject.keys(Both)'), '[]')
  assert.equal(await value('const enum Bits { A = 1, B = A << 3 }\nBits.B'), '8')
})

test('using and await using dispose at the end of the cell, in reverse order, also when it throws', async () => {
  assert.equal(
    await value(`
      const log: string[] = []
      using first = { [Symbol.dispose]() { log.push('first') } }
      await using second = { async [Symbol.asyncDispose]() { await null; log.push('second') } }
      using none = null
      const inside = log.length
      function late() { return inside }
      late() + 1`),
    '1',
  )
  assert.equal(await value('[log, late(), typeof first]'), "[ [ 'second', 'first' ], 0, 'object' ]")
  const failed = await session.run("using r = { [Symbol.dispose]() { log.push('r') } }\nthrow new Error('body')")
  assert.deepEqual([failed.evalue, await value('log.at(-1)')], ['body', "'r'"])
  assert.equal(
    await value(`
      for (using r of [{ [Symbol.dispose]() { log.push('loop') } }]) log.push('in')
      log.slice(-2)`),
    "[ 'in', 'loop' ]",
  )
  const both = await session.run(
    "using r = { [Symbol.dispose]() { throw new Error('dispose') } }\nthrow new Error('body')",
  )
  assert.equal(both.ename, 'SuppressedError')
  assert.match((await session.run('using r = {} as Disposable')).evalue, /Expected a method Symbol\.dispose/)
})

test('standard decorators and accessors work, and errors in decorated code keep their line', async () => {
  assert.equal(
    await value(`
      const seen: string[] = []
      function note<T>(value: T, context: DecoratorContext): T { seen.push(context.kind + ' ' + String(context.name)); return value }
      @note class Account {
        @note accessor balance = 1
        constructor(private readonly owner: string) {}
        @note who(): string { return this.owner }
      }
      ;[new Account('me').who(), new Account('x').balance, ...seen, Account.name].join()`),
    "'me,1,accessor balance,method who,class Account,Account'",
  )
  const cell = await session.run(
    "class Fails {\n  @note run(): never {\n    throw new Error('inside')\n  }\n}\nnew Fails().run()",
  )
  assert.match(
    cell.traceback,
    new RegExp(`at Fails\\.run \\(cell ${cell.count}:3:11\\)\\n    at cell ${cell.count}:6:13`),
  )
  assert.match(
    (await session.run('class P { constructor(@note x: number) {} }')).evalue,
    /"experimentalDecorators": true/,
  )
})

test('experimental decorators are those of a project that asks for them', async () => {
  writeFileSync(join(session.folder, 'tsconfig.json'), '{ "compilerOptions": { "experimentalDecorators": true } }')
  const kernel = await startKernelProcess({ cwd: session.folder })
  const published: unknown[] = []
  const code = `
    const seen: unknown[] = []
    Object.assign(Reflect, { metadata: (key: string, type: unknown) => () => { if (key === 'design:type') seen.push(type) } })
    const field = (target: object, key: string) => { seen.push(key) }
    const parameter = (target: unknown, key: unknown, index: number) => { seen.push(index) }
    const twice = (target: object, key: string, d: PropertyDescriptor) => ({ ...d, value: () => 2 })
    const sealed = (target: Function) => { seen.push(target.name) }
    @sealed class Old { @field size: number = 1; constructor(@parameter x: number) {} @twice one() { return 1 } }
    ;[seen, new Old(0).one()]`
  await kernel.client.execute(code, {
    onOutput: (one) => void (one.type !== 'status' && published.push(one.content.data ?? one.content.evalue)),
  })
  await kernel.dispose()
  const expected = "[ [ [Function: Number], 'size', [Function: Function], 0, 'Old' ], 2 ]"
  assert.deepEqual(published.at(-1), { 'text/plain': expected })
})

test('a JSX pragma makes a cell TSX; without one angle brackets are casts', async () => {
  assert.equal(
    await value(`/** @jsx h */
      const h = (tag: string, props: object | null, ...children: unknown[]) => ({ tag, props, children })
      const page = <p id="a">{1 + 1}</p>
      page`),
    "{ tag: 'p', props: { id: 'a' }, children: [ 2 ] }",
  )
  assert.equal(
    await value('const cast = <number>(5 as unknown)\nconst same = <T,>(x: T): T => x\nsame<number>(cast)'),
    '5',
  )
})

test('exports of a cell declare their names; re-exports and types are let by', async () => {
  const code = `
    import type { Stats } from 'node:fs'
    import { type Dirent, readFileSync } from 'node:fs'
    import path = require('node:path')
    export const shown = 1
    export default function main(): number { return shown }
    export class Kept<T = Stats> { constructor(public readonly item?: T) {} }
    export { shown as other }
    export type { Dirent }
    export * as os from 'node:os'
    export abstract class Base { declare field: string; abstract run(): void }
    ;[main(), new Kept(3).item, typeof readFileSync, path.sep]`
  assert.equal(await value(code), "[ 1, 3, 'function', '/' ]")
  assert.equal(await value('shown'), '1')
})

test('loops in blocks, with labels and without braces mean what they say', async () => {
  assert.equal(
    await value(`let total = 0
      outer: for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) { if (j === 1) continue outer; total += 10 }
      if (total > 0) for (const i of [1, 2]) total += i
      try { for (const i in { a: 1 }) total += i.length } finally { while (total < 40) total++ }
      switch (total) { case 40: for (let i = 0; i < 2; i++) total++ }
      do total++
      while (total < 50)
      for await (const x of [1, 2]) total += await x
      while (total < 60) await total++
      total`),
    '60',
  )
})
