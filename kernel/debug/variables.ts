// What is inside values: references that a client may open, page by page, and change. References live until the program
// moves on. Reads never run the user's code, but for getters that the client opens one by one.
import type { Runtime } from 'node:inspector'
import type { Variable } from '../protocol/dap.ts'
import { arrayLength, describeValue, isMark, typeOf } from './describe.ts'
import { exceptionMessage } from './host-calls.ts'
import type { Inspector } from './pipe.ts'

/** Where a reference leads. */
export type Container =
  /** An object; `expression` reads it in its frame. */
  | { kind: 'object'; objectId: string; expression: string | null; length: number | null }
  /** Elements of an array. */
  | { kind: 'slice'; objectId: string; expression: string | null; start: number; count: number }
  /** A property whose getter runs when this is opened. */
  | { kind: 'getter'; objectId: string; name: string; expression: string | null }
  /** Variables of a frame's scope. */
  | { kind: 'scope'; objectId: string; frame: number }
  /** Variables of the cells. */
  | { kind: 'notebook'; objectId: string }

export interface Page {
  readonly filter?: 'indexed' | 'named'
  readonly start?: number
  readonly count?: number
}

export interface Variables {
  /** A new reference. */
  refer(container: Container): number
  container(reference: number): Container
  list(reference: number, page: Page): Promise<Variable[]>
  /** A value under a name, with a reference where it has an inside. */
  variable(name: string, value: Runtime.RemoteObject, expression: string | null): Variable
  /** Forgets all references. */
  clear(): void
}

/** Arrays are opened in slices of this many elements where the client does not page. */
const SLICE = 1000
/** Values made for the client belong to this group; released when the program moves on. */
export const OBJECT_GROUP = 'asterism debugger'

/** Facts that V8 adds and nobody asks for. */
const UNINTERESTING = new Set(['[[Prototype]]', '[[Scopes]]', '[[FunctionLocation]]'])
/** A name that the compiler gave: `$cell_x` is the person's x. */
export const plainName = (name: string): string => name.replace(/^\$cell_/, '')
const isCompilerName = (name: string): boolean => /^\$(?:asterism|local_)/.test(name)

export function createVariables(inspector: Inspector): Variables {
  const containers = new Map<number, Container>()
  let next = 0

  const refer = (container: Container): number => {
    containers.set(++next, container)
    return next
  }
  const variable: Variables['variable'] = (name, value, expression) => {
    const evaluateName = expression === null ? {} : { evaluateName: expression }
    const shown = { name, value: describeValue(value), type: typeOf(value), ...evaluateName }
    if (value.objectId === undefined) return { ...shown, variablesReference: 0 }
    const length = arrayLength(value)
    const reference = refer({ kind: 'object', objectId: value.objectId, expression, length })
    return { ...shown, variablesReference: reference, ...(length === null ? {} : { indexedVariables: length }) }
  }

  const properties = async (
    objectId: string,
    nonIndexedPropertiesOnly = false,
  ): Promise<Runtime.GetPropertiesReturnType> =>
    inspector.post('Runtime.getProperties', {
      objectId,
      ownProperties: true,
      generatePreview: true,
      nonIndexedPropertiesOnly,
    })

  const call = async (
    objectId: string,
    functionDeclaration: string,
    ...values: unknown[]
  ): Promise<Runtime.RemoteObject> => {
    const { result, exceptionDetails } = await inspector.post<Runtime.CallFunctionOnReturnType>(
      'Runtime.callFunctionOn',
      {
        objectId,
        functionDeclaration,
        arguments: values.map((value) => ({ value })),
        objectGroup: OBJECT_GROUP,
        generatePreview: true,
        silent: true,
      },
    )
    if (exceptionDetails !== undefined) throw new Error(exceptionMessage(exceptionDetails))
    return result
  }

  const fields = async (objectId: string, expression: string | null, withoutElements: boolean): Promise<Variable[]> => {
    const {
      result,
      internalProperties = [],
      privateProperties = [],
    } = (await properties(objectId, withoutElements)) as Runtime.GetPropertiesReturnType & {
      privateProperties?: Runtime.PropertyDescriptor[]
    }
    const own = [...result, ...privateProperties].map((property): Variable | null => {
      const { name, symbol, value } = property
      if (isMark(name)) return null
      const path = symbol !== undefined || name.startsWith('#') ? null : memberPath(expression, name)
      if (value !== undefined) return variable(name, value, path)
      if (property.get?.objectId === undefined) return null
      const reference = refer({ kind: 'getter', objectId, name, expression: path })
      return { name, value: '(…)', type: 'getter', variablesReference: reference, presentationHint: { lazy: true } }
    })
    const inner = internalProperties
      .filter(({ name, value }) => value !== undefined && !UNINTERESTING.has(name))
      .map(({ name, value }) => ({
        ...variable(name, value as Runtime.RemoteObject, null),
        presentationHint: { kind: 'virtual' },
      }))
    return [...own.filter((one) => one !== null), ...inner]
  }

  const elements = async (
    objectId: string,
    expression: string | null,
    start: number,
    count: number,
  ): Promise<Variable[]> => {
    // The elements with their own keys, and holes left out.
    const slice = await call(objectId, COPY_ELEMENTS, start, count)
    if (slice.objectId === undefined) return []
    const { result } = await properties(slice.objectId)
    return result.flatMap(({ name, value }) =>
      value === undefined ? [] : [variable(name, value, memberPath(expression, name))],
    )
  }

  const slices = (container: Container & { kind: 'object' }, length: number): Variable[] =>
    Array.from({ length: Math.ceil(length / SLICE) }, (_, at) => {
      const start = at * SLICE
      const count = Math.min(SLICE, length - start)
      const { objectId, expression } = container
      const reference = refer({ kind: 'slice', objectId, expression, start, count })
      const name = `[${start} … ${start + count - 1}]`
      return { name, value: '', type: '', variablesReference: reference, indexedVariables: count }
    })

  const object = async (
    container: Container & { kind: 'object' },
    { filter, start = 0, count }: Page,
  ): Promise<Variable[]> => {
    const { objectId, expression, length } = container
    if (length === null)
      return filter === 'indexed' ? [] : paged(await fields(objectId, expression, false), start, count)
    const wanted = Math.min(count || length - start, length - start)
    if (filter === 'indexed') return elements(objectId, expression, start, wanted)
    const named = await fields(objectId, expression, true)
    if (filter === 'named') return paged(named, start, count)
    const items = length > SLICE ? slices(container, length) : await elements(objectId, expression, 0, length)
    return [...items, ...named.filter((one) => one.name !== 'length')]
  }

  return {
    refer,
    variable,
    container(reference) {
      const container = containers.get(reference)
      if (container !== undefined) return container
      throw new Error(`Expected a reference of the present stop, got ${reference}: the program has moved on`)
    },
    async list(reference, page) {
      const container = this.container(reference)
      const { start = 0, count } = page
      switch (container.kind) {
        case 'object':
          return object(container, page)
        case 'slice': {
          const from = Math.min(start, container.count)
          const wanted = Math.min(count || container.count, container.count - from)
          return elements(container.objectId, container.expression, container.start + from, wanted)
        }
        case 'getter':
          return [
            variable(
              container.name,
              await call(container.objectId, 'function (k) { return this[k] }', container.name),
              container.expression,
            ),
          ]
        case 'scope':
        case 'notebook': {
          const { result } = await properties(container.objectId)
          const own = result.flatMap(({ name, value }) => {
            if (value === undefined || isCompilerName(name)) return []
            return [variable(plainName(name), value, plainName(name))]
          })
          return page.filter === 'indexed' ? [] : paged(own, start, count)
        }
      }
    },
    clear: () => containers.clear(),
  }
}

const COPY_ELEMENTS = `function (start, count) {
  const copy = Object.create(null)
  for (let i = start; i < start + count; i++) {
    const own = Object.getOwnPropertyDescriptor(this, i)
    if (own !== undefined) Object.defineProperty(copy, i, own)
  }
  return copy
}`

const paged = (all: Variable[], start: number, count: number | undefined): Variable[] =>
  all.slice(start, count ? start + count : undefined)

function memberPath(expression: string | null, name: string): string | null {
  if (expression === null) return null
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return `${expression}.${name}`
  return /^(0|[1-9]\d*)$/.test(name) ? `${expression}[${name}]` : `${expression}[${JSON.stringify(name)}]`
}
