// What is completed where: after a dot the members of what stands before it and nothing else; in text, imports, literals and
// keys only what belongs there. Asked of a kernel that knows types, and of one that knows values only: that one may know
// nothing, but never offers what is wrong.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of cells
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { cursorPlace } from '../../../kernel/cell/cursor-place.ts'
import { startKernelProcess } from '../../../kernel/notebook/kernel-process.ts'
import { packageRoot } from '../../fixtures.ts'
import type { Place } from '../hosts.ts'
import { notebookSession } from '../notebook-session.ts'

const SETUP = `function f() { return { inner: 1 } }
class Foo { a = 1; m(): this { return this } }
class Sub extends Foo { b = 2 }
const users = [{ name: 'a', tags: ['x'] }]; const x = users
interface Options { alpha: number; beta?: string; mode?: 'fast' | 'slow' }
function configure(options: Options): Options { return options }
import { z } from 'zod'
import { join } from 'node:path'
import * as fs from 'node:fs'
let mode: 'aa' | 'bb' = 'aa'
const maybe: (() => { deep: number }) | undefined = undefined
enum Colour { Red, Green }
const table = new Map([['k', new Foo()]])`

const MARK = '¦'

/** Text with the cursor at `¦`, and names that must be among the answers; `only`: in this order and no other. */
const MEMBERS: readonly (readonly [string, readonly string[], 'only'?])[] = [
  ['f().¦', ['inner'], 'only'],
  ['f().in¦', ['inner'], 'only'],
  ['new Foo().¦', ['a', 'm']],
  ['new Sub().¦', ['a', 'b', 'm']],
  ['"abc".¦', ['toUpperCase']],
  ["'abc'.¦", ['toUpperCase']],
  ['`abc`.¦', ['toUpperCase']],
  ['`a${1}c`.¦', ['toUpperCase']],
  ['/a/g.¦', ['exec', 'flags']],
  ['(1).¦', ['toFixed']],
  ['1..¦', ['toFixed']],
  ['1.5.¦', ['toFixed']],
  ['[1, 2].¦', ['map']],
  ['[].concat([]).¦', ['map']],
  ['({ q: 1 }).¦', ['q']],
  ['users[0]?.¦', ['name', 'tags']],
  ['users[0]?.na¦', ['name'], 'only'],
  ['users[0].tags[0].¦', ['toUpperCase']],
  ['x.at(0)!.¦', ['name']],
  ['x!.at(0)!.tags!.¦', ['map']],
  ['(await f()).¦', ['inner'], 'only'],
  ['z.object({}).¦', ['parse']],
  ['z.object({ a: z.string() }).par¦', ['parse']],
  ['z.¦', ['object']],
  ['fs.readFileS¦', ['readFileSync'], 'only'],
  ['join.¦', ['length']],
  ['users\n  .map((u) => u.name)\n  .¦', ['filter']],
  ['users // of the app\n  .¦', ['filter']],
  ['maybe?.()?.¦', ['deep']],
  ['table.get("k")?.¦', ['a', 'm']],
  ['table.get("k")!.m().¦', ['a', 'm']],
  ['(f() as unknown as Foo).¦', ['a', 'm']],
  ['(<Foo>f()).¦', ['a', 'm']],
  ['(f() satisfies object).¦', ['inner'], 'only'],
  ['users.map(x => x.¦', ['name', 'tags'], 'only'],
  ['users.map((x) => x.na¦)', ['name'], 'only'],
  ['users.map(({ tags: [x] }) => x.¦)', ['toUpperCase']],
  ['users.map((x) => { return x.¦ })', ['name', 'tags'], 'only'],
  ['for (const x of users) { x.¦', ['name', 'tags'], 'only'],
  ['const x = f(); x.¦', ['inner'], 'only'],
  ['class Q extends Foo { n() { this.¦ } }', ['a', 'm', 'n']],
  ['class Q extends Foo { m() { super.¦; return this } }', ['m']],
  ['`${users[0].¦}`', ['name']],
  ['`${users[0].¦', ['name']],
  ['!f().¦', ['inner'], 'only'],
  ['await f().¦', ['inner'], 'only'],
  ['const o = { k: users[0].¦ }', ['name']],
  ['if (f().¦', ['inner'], 'only'],
  ['f().¦\nusers', ['inner'], 'only'],
  ['Colour.¦', ['Red', 'Green']],
  ['Promise.resolve(new Foo()).then((v) => v.¦', ['a', 'm']],
  ['new Array<Foo>().at(0)!.¦', ['a', 'm']],
  ['users.length.¦', ['toFixed']],
  ['nowhere.¦', [], 'only'],
  ['nowhere().¦', [], 'only'],
  ['null!.¦', [], 'only'],
]

const PLACES: readonly (readonly [string, readonly string[], 'only'?])[] = [
  ['// glob¦', [], 'only'],
  ['/* glob¦ */', [], 'only'],
  ['/* glob¦', [], 'only'],
  ['const a = "glob¦', [], 'only'],
  ["const a = 'glob¦'", [], 'only'],
  ['`text glob¦`', [], 'only'],
  ['/glob¦/', [], 'only'],
  ['1¦', [], 'only'],
  ['1.¦', [], 'only'],
  ['#glob¦', [], 'only'],
  ['import ¦', [], 'only'],
  ["import { ¦ } from 'node:path'", ['join', 'basename']],
  ["import { jo¦ } from 'node:path'", ['join'], 'only'],
  ["import { join, base¦ } from 'node:path'", ['basename'], 'only'],
  ["import type { Sta¦ } from 'node:fs'", ['Stats', 'StatsBase', 'StatsFs', 'StatsFsBase']],
  ["export { jo¦ } from 'node:path'", ['join'], 'only'],
  ["import 'node:fs/pro¦'", ['promises'], 'only'],
  ["import * as p from 'node:pa¦", ['node:path']],
  ["await import('node:pa¦')", ['node:path']],
  ['const o: Options = { ¦ }', ['alpha', 'beta', 'mode'], 'only'],
  ['const o: Options = { al¦ }', ['alpha'], 'only'],
  ['const o: Options = { alpha: 1, ¦ }', ['beta', 'mode'], 'only'],
  ["const o: Options = { alpha: 1, mode: '¦' }", ['fast', 'slow'], 'only'],
  ['configure({ ¦ })', ['alpha', 'beta', 'mode'], 'only'],
  ['configure({ alpha: 1, mode: "¦', ['fast', 'slow'], 'only'],
  ["const n: 'left' | 'right' = '¦'", ['left', 'right'], 'only'],
  ["mode = '¦", ['aa', 'bb'], 'only'],
  ["mode === 'b¦'", ['bb'], 'only'],
  ["users[0]['¦']", ['name', 'tags'], 'only'],
  ["type T = Options['¦']", ['alpha', 'beta', 'mode'], 'only'],
  ['const { na¦ } = users[0]', ['name'], 'only'],
  ['const obj = { glob¦', [], 'only'],
  ['const glob¦', [], 'only'],
  ['function glob¦', [], 'only'],
  ['const v: Colo¦', ['Colour'], 'only'],
]

/** Where zod is installed. */
const inPackage = (place: Place) => startKernelProcess({ ...place, notebook: join(packageRoot, 'notebook.ipynb') })

const prepared = new WeakSet<Session>()

const FOREIGN = ['globalThis', 'setTimeout', 'process', 'console', 'users']

describe('with types', () => {
  const session = notebookSession({ typecheck: 'error' }, inPackage)
  for (const [marked, expected, only] of [...MEMBERS, ...PLACES]) {
    test(`${JSON.stringify(marked)} gives ${expected.join(', ') || 'nothing'}`, async () => {
      await ready(session)
      const matches = await complete(session, marked, true)
      if (only) assert.deepEqual([...matches].sort(), [...expected].sort())
      for (const name of expected) assert.ok(matches.includes(name), `${name} among ${matches}`)
      for (const name of FOREIGN) assert.ok(!matches.includes(name), `${name} does not belong there`)
    })
  }
})

describe('with values only', () => {
  const session = notebookSession({ typecheck: 'off' }, inPackage)
  const KNOWN = [
    '(await f()).¦',
    'f().¦',
    '"abc".¦',
    '`abc`.¦',
    '/a/g.¦',
    '[1, 2].¦',
    'users[0]?.¦',
    'x.at(0)!.¦',
    'x!.at(0)!.tags!.¦',
    'z.¦',
    'fs.readFileS¦',
    'new Foo().¦',
  ]
  test('members are those of the value, where it can be looked at without a side effect, and never globals', async () => {
    await ready(session)
    for (const [marked, expected] of MEMBERS) {
      const matches = await complete(session, marked)
      for (const name of FOREIGN) assert.ok(!matches.includes(name), `${marked}: ${name}`)
      if (KNOWN.includes(marked))
        for (const name of expected) assert.ok(matches.includes(name), `${marked}: ${matches}`)
    }
  })
  test('text, imports, keys, types and new names have no values', async () => {
    await ready(session)
    for (const [marked] of PLACES) {
      const matches = await complete(session, marked)
      for (const name of FOREIGN) assert.ok(!matches.includes(name), `${marked}: ${name}`)
    }
  })
  test('what a promise has come to is looked into', async () => {
    await session.value('const promised = Promise.resolve({ deep: 1 }); const pending = new Promise(() => {})')
    assert.deepEqual(await complete(session, '(await promised).de¦'), ['deep'])
    assert.deepEqual(await complete(session, '(await pending).de¦'), [])
  })
  test('a call with a consequence is not made', async () => {
    await session.value('let called = 0; const call = () => { called += 1; return { seen: 1 } }')
    assert.deepEqual(await complete(session, 'call().¦'), [])
    assert.equal(await session.value('called'), '0')
  })
  test('where values stand their names are offered, newest first', async () => {
    await ready(session)
    for (const marked of [
      'use¦',
      'return use¦',
      'f(use¦',
      'const o = { k: use¦',
      'users.map((u) => use¦',
      'a ? b : use¦',
    ]) {
      assert.equal((await complete(session, marked))[0], 'users', marked)
    }
  })
})

test('a place is told quickly in long code, and text that ends anywhere is no fault', () => {
  const long = 'const a = [1, 2, "x", { b: `q ${1}` }] // c\n'.repeat(5000)
  const started = performance.now()
  assert.deepEqual(cursorPlace(`${long}a.b`), { kind: 'member', part: 'b', owner: null, root: 'a' })
  assert.ok(performance.now() - started < 5000)
  const code = "const t = `a ${[1, { b: /x[/]y/g }]} \"` + 'q' /* c */ ?? (f?.(1n)!.x as any) // e\n)]}"
  for (let end = 0; end <= code.length; end++) assert.ok(cursorPlace(code.slice(0, end)).kind !== undefined)
})

type Session = ReturnType<typeof notebookSession>
async function ready(session: Session): Promise<void> {
  if (prepared.has(session)) return
  prepared.add(session)
  await session.value(SETUP)
  await session.kernel.client.request('complete_request', { code: 'f().', cursor_pos: 4 })
}

/** On a busy machine types may come later than a client waits: then the same question finds them ready. */
async function complete(session: Session, marked: string, areTyped = false): Promise<string[]> {
  const cursor_pos = [...marked.slice(0, marked.indexOf(MARK))].length
  const question = { code: marked.replace(MARK, ''), cursor_pos }
  for (let times = 1; ; times++) {
    const { matches, metadata } = await session.kernel.client.request('complete_request', question)
    if (!areTyped || metadata._jupyter_types_experimental !== undefined || times === 5) return matches
  }
}
