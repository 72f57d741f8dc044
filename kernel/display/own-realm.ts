// Cells share this process's realm with the kernel, and may replace whatever is in it: `Array.prototype.map`, `JSON`,
// `Promise`; put a `then` or a getter on `Object.prototype`. The kernel's own code runs in the realm as it was before any
// cell: what was replaced is put back for as long as the kernel computes, and after that is again as the cell left it. Code of
// people that is called meanwhile (a value that shows itself) sees its own changes. Where nothing was changed this costs a
// microsecond. Not covered: properties that were made impossible to change, and code that awaits: after an `await` the
// realm is people's again.
import { EventEmitter } from 'node:events'

type Bag = Record<PropertyKey, unknown>
type Descriptor = PropertyDescriptor & { __proto__: null }

interface Place {
  readonly owner: object
  readonly key: PropertyKey
  /** Null for what is not there. */
  readonly descriptor: Descriptor | null
}

interface Kept extends Place {
  readonly value: unknown
  readonly get: unknown
}

const { hasOwn } = Object
const { defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys, setPrototypeOf } = Reflect

/** The globals that the kernel and the packages below it use. */
const NAMES = [
  ...['Object', 'Function', 'Array', 'String', 'Number', 'Symbol', 'Promise', 'Map', 'Set', 'WeakMap', 'WeakSet'],
  ...['RegExp', 'Uint8Array', 'Uint32Array', 'Error', 'TypeError', 'RangeError', 'SyntaxError', 'JSON', 'Reflect'],
  ...['Buffer', 'AbortController', 'AbortSignal', 'EventTarget', 'process', 'globalThis'],
]
/** Of objects with many members, those that the kernel uses. */
const MEMBERS = new Map<object, readonly PropertyKey[]>([
  [
    globalThis,
    [
      ...NAMES,
      ...['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'parseInt', 'performance'],
      ...['Int32Array', 'Math', 'Atomics', 'URL', 'AggregateError', 'SharedArrayBuffer', 'Date'],
    ],
  ],
  [Math, ['floor', 'min', 'max', 'round']],
  [RegExp, ['prototype', Symbol.species]], // the others tell of the last match
  [Buffer, ['from', 'alloc', 'allocUnsafe', 'concat', 'byteLength', 'isBuffer', 'prototype']],
  [Buffer.prototype, ['toString', 'subarray', 'indexOf', 'slice', 'write', 'copy', 'equals']],
  [Symbol, ['iterator', 'asyncIterator', 'hasInstance', 'species', 'for']],
  [process, ['nextTick', 'exit', 'kill', 'on', 'once', 'emit', 'cwd', 'listenerCount']],
])

/** What is added to these is found in every object, list or function. */
const ROOTS = [Object.prototype, Array.prototype, Function.prototype]

const holding = (value: unknown): Descriptor => ({
  __proto__: null,
  value,
  writable: true,
  enumerable: false,
  configurable: true,
})

let kept: readonly Kept[] = []
let roots: readonly { owner: object; keys: Record<PropertyKey, true>; count: number }[] = []
/** What people had put where the kernel's own is now; null while the realm is theirs. */
let theirs: Place[] | null = null
/** The kernel's own code runs. */
let isOwn = false

/** Remembers the realm as it is now. Before this nothing is ever put back. */
export function keepRealm(): void {
  const found: Kept[] = []
  for (const owner of owners()) {
    for (const key of MEMBERS.get(owner) ?? ownKeys(owner)) {
      const there = describe(owner, key)
      // `process` and `Buffer` are behind accessors that give what was last assigned.
      const isPlain = there?.get === undefined || owner === globalThis
      const value = isPlain ? (owner as Bag)[key] : undefined // it may be inherited
      const get = isPlain ? undefined : there.get
      const descriptor = there?.get === undefined || !isPlain ? there : holding(value)
      if (!Number.isNaN(value)) found.push({ owner, key, descriptor, value, get }) // NaN is not itself
    }
  }
  kept = found
  roots = ROOTS.map((owner) => {
    const keys = ownKeys(owner)
    const known = Object.fromEntries(keys.map((key) => [key, true])) as Record<PropertyKey, true>
    return { owner, keys: withoutPrototype(known), count: keys.length }
  })
}

/** Runs the kernel's own code. Not for code that people wrote, nor for what comes after an await. */
export function inOwnRealm<T>(work: () => T): T {
  if (isOwn) return work()
  enter()
  try {
    return work()
  } finally {
    leaveOwnRealm()
  }
}

/** Runs code that people wrote, from within the kernel's own. */
export function inTheirRealm<T>(work: () => T): T {
  if (!isOwn) return work()
  leaveOwnRealm()
  try {
    return work()
  } finally {
    leaveOwnRealm() // what it called may have been ended without a word
    enter()
  }
}

/**
 * For work that needs nothing but Node's own functions, too often to look at the whole realm: those mind only what all
 * objects inherit.
 */
export function whereObjectsAreBare<T>(work: () => T): T {
  const objects = roots[0]
  return objects === undefined || ownKeys(objects.owner).length === objects.count ? work() : inOwnRealm(work)
}

/** The same where the kernel's code ends with it: nothing but an await may follow. */
export function endInTheirRealm<T>(work: () => T): T {
  leaveOwnRealm()
  return work()
}

function enter(): void {
  isOwn = true
  if (isChanged()) takeBack()
}

/** The realm is people's. Also after code that was ended without a word to what had called it. */
export function leaveOwnRealm(): void {
  isOwn = false
  if (theirs !== null) giveBack()
}

function takeBack(): void {
  const found: Place[] = withoutPrototype([])
  for (let i = 0; i < kept.length; i++) {
    const { owner, key, descriptor } = kept[i] as Kept
    const now = describe(owner, key)
    if (isSame(now, descriptor)) continue
    found[found.length] = { owner, key, descriptor: now }
    put(owner, key, descriptor)
  }
  for (let i = 0; i < roots.length; i++) {
    const { owner, keys } = roots[i] as (typeof roots)[number]
    const now = ownKeys(owner)
    for (let at = 0; at < now.length; at++) {
      const key = now[at] as PropertyKey
      const descriptor = describe(owner, key)
      if (keys[key] || isHarmless(owner, key, descriptor)) continue
      found[found.length] = { owner, key, descriptor }
      deleteProperty(owner, key)
    }
  }
  theirs = found
}

/** A method more of lists or functions, as packages add them: nothing looks for it. */
function isHarmless(owner: object, key: PropertyKey, descriptor: Descriptor | null): boolean {
  if (owner === Object.prototype || key === 'then' || key === 'toJSON') return false
  return typeof descriptor?.value === 'function'
}

function giveBack(): void {
  const back = theirs
  theirs = null
  for (let i = 0; back !== null && i < back.length; i++) {
    const { owner, key, descriptor } = back[i] as Place
    put(owner, key, descriptor)
  }
}

function put(owner: object, key: PropertyKey, descriptor: Descriptor | null): void {
  if (descriptor === null) deleteProperty(owner, key)
  else defineProperty(owner, key, descriptor)
}

function isChanged(): boolean {
  for (let i = 0; i < kept.length; i++) {
    const { owner, key, value, get } = kept[i] as Kept
    // Most are values: to read them is ten times as fast as to describe them.
    if (get === undefined ? (owner as Bag)[key] !== value : getOwnPropertyDescriptor(owner, key)?.get !== get)
      return true
  }
  for (let i = 0; i < roots.length; i++) {
    const { owner, count } = roots[i] as (typeof roots)[number]
    if (ownKeys(owner).length !== count) return true
  }
  return false
}

/** An object that inherits nothing, so that no promise takes it for another promise when somebody gives all a `then`. */
export function withoutPrototype<T extends object>(value: T): T {
  setPrototypeOf(value, null)
  return value
}

function describe(owner: object, key: PropertyKey): Descriptor | null {
  const found = getOwnPropertyDescriptor(owner, key)
  if (found === undefined) return null
  const { enumerable, configurable } = found as Required<PropertyDescriptor>
  if (!hasOwn(found, 'value'))
    return { __proto__: null, get: found.get, set: found.set, enumerable, configurable } as never
  return { __proto__: null, value: found.value, writable: found.writable, enumerable, configurable } as never
}

function isSame(one: Descriptor | null, other: Descriptor | null): boolean {
  if (one === null || other === null) return one === other
  return one.value === other.value && one.get === other.get && one.set === other.set
}

function* generator(): Generator {
  yield 0
}
async function* asyncGenerator(): AsyncGenerator {
  yield 0
}

/** All objects whose members the kernel's code reaches. */
function owners(): Set<object> {
  const all = new Set<object>(ROOTS)
  const iterators = [[].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator](), ''.matchAll(/a/g)]
  const generators = [generator, asyncGenerator].map((one) => Object.getPrototypeOf(one))
  const made = [...iterators, ...generators.flatMap((one) => [one, one.prototype].filter(Boolean)), Uint8Array]
  for (const one of made) all.add(Object.getPrototypeOf(one))
  all.add(Object.getPrototypeOf(Object.getPrototypeOf([].values()))).add(Object.getPrototypeOf(Uint8Array.prototype))
  for (const name of [...NAMES, 'Math']) {
    const value = (globalThis as unknown as Bag)[name] as Bag
    all.add(value)
    if (typeof value === 'function') all.add((value as { prototype: object }).prototype ?? value)
  }
  return all.add(EventEmitter).add(EventEmitter.prototype)
}
