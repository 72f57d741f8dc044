import assert from 'node:assert/strict'
import { test } from 'node:test'
import { within } from '../../../kernel/protocol/patience.ts'
import { type CellResult, notebookSession } from '../notebook-session.ts'

const session = notebookSession()

/** A cell that does not answer within this time hangs, in milliseconds. */
const PATIENCE_MS = 20_000

async function run(code: string): Promise<CellResult> {
  const cell = await within(PATIENCE_MS, session.run(code))
  assert.ok(cell !== null, `Expected an answer to ${code}`)
  return cell
}

/** Ends the process that runs the cells: the next cell has a realm that nobody touched. */
async function renew(pid: number): Promise<void> {
  const { finished } = await session.begin("process.stdout.write('begun')\nfor (;;);")
  process.kill(pid, 'SIGKILL')
  assert.equal((await finished).ename, 'KernelRestarted')
}

/** Replaces a member; BROKEN is what it does when it is called. */
const replaced = (place: string): string => `${place} = function () { throw new Error('replaced') }`
const silent = (place: string): string => `${place} = function () {}`

/** What cells do to the realm that they share with the kernel. */
const OVERWRITINGS = [
  'Object.prototype.toJSON = () => 1',
  'Object.prototype.then = function () {}',
  "Object.defineProperty(Object.prototype, 'get', { get() { throw new Error('read') }, configurable: true })",
  "Object.defineProperty(Object.prototype, 'type', { get() { return 'odd' }, set() {}, configurable: true })",
  'Object.prototype.value = 1; Object.prototype.error = 2',
  'Object.prototype.toString = () => null',
  ...['JSON.stringify', 'JSON.parse', 'Object.keys', 'Object.entries', 'Object.fromEntries', 'Object.assign'].map(
    replaced,
  ),
  ...['Object.defineProperty', 'Object.getOwnPropertyNames', 'Object.getPrototypeOf'].map(replaced),
  ...['map', 'push', 'forEach', 'filter', 'join', 'slice', 'some', 'includes', 'at'].map((one) =>
    replaced(`Array.prototype.${one}`),
  ),
  'Array.prototype[Symbol.iterator] = function* () {}',
  'Array.prototype.then = function () {}; Array.prototype.toJSON = () => 1',
  'Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true })',
  'Object.getPrototypeOf(new Map().keys()).next = () => ({ done: true })',
  ...['Array.isArray', 'Array.from', 'Map.prototype.get', 'Map.prototype.set', 'Map.prototype.delete'].map(replaced),
  ...[
    'Set.prototype.add',
    'Set.prototype.has',
    'Promise.prototype.then',
    'Promise.prototype.catch',
    'Promise.race',
  ].map(silent),
  'globalThis.Promise = class {}',
  'globalThis.Map = globalThis.Set = class {}',
  'globalThis.setTimeout = globalThis.setImmediate = globalThis.clearTimeout = () => 0',
  'globalThis.queueMicrotask = () => {}',
  'globalThis.Buffer = null; globalThis.AbortController = null',
  ...['split', 'replace', 'slice', 'startsWith', 'trim', 'indexOf', 'match'].map((one) =>
    replaced(`String.prototype.${one}`),
  ),
  'for (const name of Object.getOwnPropertyNames(String.prototype)) { if (name !== "length") String.prototype[name] = () => "x" }',
  'String.prototype[Symbol.iterator] = null',
  ...['RegExp.prototype.exec', 'RegExp.prototype.test'].map(replaced),
  ...['call', 'bind'].map((one) => replaced(`Function.prototype.${one}`)),
  ...['Buffer.from', 'Buffer.concat', 'Buffer.prototype.toString', 'Uint8Array.prototype.set'].map(replaced),
  ...['process.on', 'process.exit', 'process.kill', 'process.cwd'].map(replaced),
  'process.emit = () => true',
  'process.send = () => { throw 1 }',
  'process.nextTick = () => {}',
  ...['Reflect.apply', 'Reflect.ownKeys', 'Reflect.defineProperty'].map(replaced),
  'globalThis.Reflect = undefined',
  'globalThis.console = { log() {} }',
  "Error.prepareStackTrace = () => { throw new Error('no stack') }",
  'Error.stackTraceLimit = 0',
  'globalThis.Error = class {}',
  ...['addEventListener', 'dispatchEvent'].map((one) => silent(`EventTarget.prototype.${one}`)),
  'AbortController.prototype.abort = () => {}',
  "Object.defineProperty(AbortSignal.prototype, 'aborted', { get: () => true, configurable: true })",
  'delete Array.prototype.map; delete Map.prototype.get; delete String.prototype.split',
  'for (const one of [Object, Array, Function, String, Map, Set, Promise, Error]) { Object.freeze(one); Object.freeze(one.prototype) }',
]

assert.ok(OVERWRITINGS.length >= 60)

for (const code of OVERWRITINGS) {
  test(`cells run, print results and display after ${code}`, async () => {
    const pid = Number((await run('process.pid')).result)
    try {
      const done = await run(`var kept = 1\n${code}\n;'done'`)
      assert.deepEqual([done.status, done.result], ['ok', "'done'"], done.traceback)
      const next = await run('await null\nkept + 1')
      assert.deepEqual([next.status, next.result], ['ok', '2'], next.traceback)
      const shown = await run("display('here'); display(html`<b>bold</b>`); ({ a: 1 })")
      const displays = shown.published.filter((one) => one.type === 'display_data').map((one) => one.content.data)
      assert.deepEqual(
        displays,
        [{ 'text/plain': "'here'" }, { 'text/html': '<b>bold</b>', 'text/plain': 'bold' }],
        shown.traceback,
      )
      assert.match(shown.result ?? '', /^\{ a: 1/)
      const failed = await run('throw 7')
      assert.deepEqual([failed.ename, failed.evalue], ['Uncaught', '7'])
      const typed = await run('const point: { x: number } = { x: 3 }\nfor (const one of "a") point.x += 1\npoint.x')
      if (!/iterator/.test(code)) assert.equal(typed.result, '4', typed.traceback)
      const { result } = await run('kept')
      assert.equal(result, '1')
    } finally {
      await renew(pid)
    }
  })
}

// Events, timers and promises of Node itself go through these: a program that replaces them is lost in plain Node too.
for (const code of [
  replaced('Function.prototype.apply'),
  'process.emit = () => { throw 1 }',
  silent('process._kill'),
]) {
  test(`the kernel answers, and the next cells run, after ${code}, which Node itself does not survive`, async () => {
    await run(`${code}\nsetTimeout(() => { throw new Error('late') }, 1)`)
    for (let cell = await run('1 + 1'), tries = 0; cell.result !== '2'; cell = await run('1 + 1')) {
      assert.ok(cell.ename === 'KernelRestarted' && tries++ === 0, cell.traceback)
    }
  })
}
