// Completion and inspection from live values: names in scope, members of objects. Reads through the inspector, which
// refuses anything with a side effect, so that a getter with a consequence is not triggered. No static types here.
import type { Runtime } from 'node:inspector'
import { Session } from 'node:inspector/promises'
import { cursorPlace } from '../cell/cursor-place.ts'
import { textOf } from '../display/format.ts'
import type { Output } from '../protocol/message.ts'
import type { Evaluator } from './evaluate.ts'

/** Answers about the text before a cursor. Cursors count Unicode characters, as the protocol does. */
export interface Look {
  complete(code: string, cursor: number): Promise<Output<'complete_request'>>
  inspect(code: string, cursor: number): Promise<Output<'inspect_request'>>
}

const KEYWORDS =
  'async await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof interface let new null of return static super switch this throw true try type typeof undefined var void while yield'.split(
    ' ',
  )

/** A value as the inspector tells of it. */
interface Value {
  readonly objectId?: string
  readonly type: string
  readonly subtype?: string
  readonly value?: unknown
}

/** An expression is given up after this time, in milliseconds. */
const TIMEOUT_MS = 200

/** What tells the prototype of nearly all objects, of whichever realm. */
const ROOT = ['hasOwnProperty', '__defineGetter__']

/** Opens an inspector session on this process. */
export function createLook(evaluator: Evaluator): Look {
  const session = new Session()
  session.connect()

  const evaluate = async (expression: string): Promise<Value | null> => {
    const options = { expression, throwOnSideEffect: true, timeout: TIMEOUT_MS, objectGroup: 'look' }
    const { result, exceptionDetails } = await session.post(
      'Runtime.evaluate',
      options as Runtime.EvaluateParameterType,
    )
    return exceptionDetails === undefined ? result : null
  }

  /** The owner, as the name of its binding reads it. */
  const boundOwner = ({ owner, root }: { owner: string | null; root: string | null }): string | null =>
    owner === null || root === null ? owner : owner.replace(root, () => evaluator.readable(root))

  /** Without the members that nearly every object has, unless a part of the name is known. */
  const members = async (expression: string, part: string): Promise<string[]> => {
    // A primitive has no object id: its wrapper shows the members of its prototype.
    const awaited = /^\(await\s+([\s\S]+)\)$/.exec(expression)?.[1]
    const found = awaited === undefined ? await evaluate(expression) : await settled(await evaluate(awaited))
    const value = found ?? { type: 'undefined' }
    if (value.value === null) return []
    const target =
      value.objectId !== undefined || value.type === 'undefined' ? value : await evaluate(`Object(${expression})`)
    if (target?.objectId === undefined) return []
    const names: string[] = []
    let objectId: string | undefined = target.objectId
    for (let depth = 0; objectId !== undefined && depth < 8; depth++) {
      const own: Awaited<ReturnType<typeof ownProperties>> = await ownProperties(objectId)
      const isRoot = depth > 0 && ROOT.every((name) => own.names.includes(name))
      if (!isRoot || part !== '') names.push(...own.names)
      objectId = own.prototype
    }
    await session.post('Runtime.releaseObjectGroup', { objectGroup: 'look' })
    return names
  }

  /** What a promise has come to; null where it has not. What is no promise awaits to itself. */
  const settled = async (value: Value | null): Promise<Value | null> => {
    if (value?.subtype !== 'promise' || value.objectId === undefined) return value
    const { internalProperties = [] } = await session.post('Runtime.getProperties', { objectId: value.objectId })
    const inner = (name: string) => internalProperties.find((property) => property.name === name)?.value
    return inner('[[PromiseState]]')?.value === 'fulfilled' ? (inner('[[PromiseResult]]') ?? null) : null
  }

  const ownProperties = async (objectId: string): Promise<{ names: string[]; prototype: string | undefined }> => {
    const found = await session.post('Runtime.getProperties', { objectId, ownProperties: true })
    const isName = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    const names = found.result.map((property) => property.name).filter((name) => isName(name) && name !== '__proto__')
    const prototype = found.internalProperties?.find((property) => property.name === '[[Prototype]]')
    return { names, prototype: prototype?.value?.objectId }
  }

  return {
    async complete(code, cursor) {
      const place = cursorPlace([...code].slice(0, cursor).join(''))
      const { part } = place
      const globals = (): string[] => [
        ...evaluator.names().reverse(),
        ...Object.getOwnPropertyNames(globalThis),
        ...KEYWORDS,
      ]
      const owner = place.kind === 'member' ? boundOwner(place) : null
      const all = owner !== null ? await members(owner, part) : place.kind === 'name' ? globals() : []
      const matches = [...new Set(all)].filter((name) => name.startsWith(part) && !name.startsWith('$asterism'))
      const start = cursor - [...part].length
      return { status: 'ok', matches, cursor_start: start, cursor_end: cursor, metadata: {} }
    },
    async inspect(code, cursor) {
      const characters = [...code]
      let end = cursor
      while (end < characters.length && /[\p{ID_Continue}$]/u.test(characters[end] as string)) end += 1
      const place = cursorPlace(characters.slice(0, end).join(''))
      const owner = place.kind === 'member' ? place.owner : ''
      const none = { status: 'ok', found: false, data: {}, metadata: {} } as const
      if (place.kind === 'nothing' || owner === null || place.part === '') return none
      const expression = place.kind === 'member' ? `${owner}.${place.part}` : place.part
      const found = await evaluate(
        place.kind === 'member' ? `${boundOwner(place)}.${place.part}` : evaluator.readable(place.part),
      )
      if (found === null) return none
      const text = found.objectId === undefined ? textOf(found.value) : await describe(session, found.objectId)
      await session.post('Runtime.releaseObjectGroup', { objectGroup: 'look' })
      return { ...none, found: true, data: { 'text/plain': `${expression}: ${text}` } }
    },
  }
}

/** Functions show their source's first lines, everything else what util.inspect writes. */
async function describe(session: Session, objectId: string): Promise<string> {
  let text = ''
  const key = '$asterismLook'
  Object.defineProperty(globalThis, key, {
    value: (value: unknown) => {
      text = typeof value === 'function' ? String(value).split('\n').slice(0, 20).join('\n') : textOf(value)
    },
    configurable: true,
  })
  await session.post('Runtime.callFunctionOn', { objectId, functionDeclaration: `function () { ${key}(this) }` })
  delete (globalThis as Record<string, unknown>)[key]
  return text
}
