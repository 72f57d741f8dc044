// Bytes inside a widget's state: they travel beside the JSON, each with the path of where it belongs. As ipywidgets does.

export type State = Record<string, unknown>
export type Path = (string | number)[]

/** A state without its bytes. Example: { a: { b: bytes } } gives { a: {} }, paths [['a', 'b']], buffers [bytes]. */
export function takeBuffers(state: State): { state: State; paths: Path[]; buffers: Uint8Array[] } {
  const paths: Path[] = []
  const buffers: Uint8Array[] = []
  const taken = (value: unknown, path: Path): unknown => {
    if (value instanceof Uint8Array) {
      paths.push(path)
      buffers.push(value)
      return null
    }
    if (Array.isArray(value)) return value.map((one, i) => taken(one, [...path, i]))
    if (value === null || typeof value !== 'object') return value
    const fields = Object.entries(value).map(([key, one]) => [key, taken(one, [...path, key]), one] as const)
    return Object.fromEntries(fields.filter(([, , one]) => !(one instanceof Uint8Array)))
  }
  return { state: taken(state, []) as State, paths, buffers }
}

/** Puts bytes back where they belong, in place. */
export function putBuffers(state: State, paths: readonly Path[], buffers: readonly Uint8Array[]): void {
  for (const [i, path] of paths.entries()) {
    const owner = path.slice(0, -1).reduce<unknown>((value, key) => (value as State)[key], state) as State
    owner[path.at(-1) as string] = buffers[i]
  }
}
