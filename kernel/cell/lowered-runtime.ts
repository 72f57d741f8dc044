// What lowered code calls at run time: `using`, and decorators from before the standard. The names and what they take are
// those that oxc-transform writes as `babelHelpers.…`.

type Disposable = Record<symbol, unknown>
type Step = { dispose: () => unknown; isAsync: boolean }

const NONE = Symbol('no error')

/** One block with `using`: `u` and `a` take resources, `e` the block's error, `d` disposes in reverse order. */
export function usingCtx(): {
  e: unknown
  u: (value: unknown) => unknown
  a: (value: unknown) => unknown
  d(): unknown
} {
  const steps: Step[] = []
  const using = (isAsync: boolean) => (value: unknown) => {
    if (value === null || value === undefined) {
      if (isAsync) steps.push({ dispose: () => undefined, isAsync })
      return value
    }
    if (Object(value) !== value) throw new TypeError(`Expected an object with Symbol.dispose, got ${typeof value}`)
    const resource = value as Disposable
    const dispose = (isAsync ? resource[Symbol.asyncDispose] : undefined) ?? resource[Symbol.dispose]
    if (typeof dispose !== 'function') {
      throw new TypeError(`Expected a method Symbol.${isAsync ? 'asyncDispose' : 'dispose'} in the value of \`using\``)
    }
    steps.push({ dispose: () => dispose.call(resource), isAsync })
    return value
  }
  return {
    e: NONE,
    u: using(false),
    a: using(true),
    d() {
      let error = this.e
      const fail = (next: unknown): void => {
        error = error === NONE ? next : suppressed(next, error)
      }
      const unwind = (): unknown => {
        for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
          try {
            const result = step.dispose()
            if (step.isAsync) return Promise.resolve(result).catch(fail).then(unwind)
          } catch (thrown) {
            fail(thrown)
          }
        }
        if (error !== NONE) throw error
      }
      return unwind()
    },
  }
}

/** As SuppressedError, which Node 20 has not. */
function suppressed(error: unknown, earlier: unknown): Error {
  const message = 'An error was suppressed during disposal'
  return Object.assign(new Error(message), { name: 'SuppressedError', error, suppressed: earlier })
}

type Decorator = (target: unknown, key?: unknown, descriptor?: unknown) => unknown

/** Applies experimental decorators, the last one first, as TypeScript does. */
export function decorate(decorators: Decorator[], target: object, key?: PropertyKey, described?: null): unknown {
  if (key === undefined) return decorators.reduceRight((made, one) => one(made) ?? made, target as unknown)
  const own = described === null ? Object.getOwnPropertyDescriptor(target, key) : undefined
  const descriptor = decorators.reduceRight((made: unknown, one) => one(target, key, made) ?? made, own as unknown)
  if (described === null && descriptor) Object.defineProperty(target, key, descriptor)
  return descriptor
}

/** The decorator of a parameter as one of its method or class. */
export const decorateParam =
  (index: number, decorator: (target: unknown, key: unknown, index: number) => void): Decorator =>
  (target, key) =>
    void decorator(target, key, index)

/** Metadata for whoever installed `Reflect.metadata`. */
export function decorateMetadata(key: string, value: unknown): Decorator {
  const { metadata } = Reflect as { metadata?: (key: string, value: unknown) => Decorator }
  return metadata === undefined ? () => undefined : metadata(key, value)
}
