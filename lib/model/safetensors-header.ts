// The header of a safetensors file, a JSON object: number format, shape and byte range of each tensor. Whatever the format
// forbids is refused: of a file whose parts contradict each other nobody can say which of them is right.

/** One tensor of a file. */
export interface Entry {
  readonly name: string
  readonly dtype: 'F32' | 'F16' | 'BF16'
  readonly dims: number[]
  /** Bytes from the start of the file. */
  readonly start: number
  readonly end: number
}

const bytesOf = { F32: 4, F16: 2, BF16: 2 } as const

/**
 * The tensors of a header, in the order of their names.
 * @param bytes the JSON text
 * @param base where the tensors' bytes begin in the file
 * @param size of the file in bytes
 * @param path names the file in errors
 * Errors: no JSON object, a name that stands there twice, a number format that is not read, a range that does not fit
 * the shape, the file or its neighbours, bytes that belong to no tensor.
 */
export function parseHeader(bytes: Uint8Array, base: number, size: number, path: string): Entry[] {
  const json = parseJson(bytes, path)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error(`${path}: expected a JSON object as header, got ${JSON.stringify(json).slice(0, 40)}`)
  const notes: unknown = (json as Record<string, unknown>).__metadata__ ?? {}
  if (typeof notes !== 'object' || Object.values(notes as object).some((note) => typeof note !== 'string'))
    throw new Error(`${path}: expected __metadata__ to be texts by name, got ${JSON.stringify(notes).slice(0, 40)}`)
  const entries = Object.entries(json as Record<string, unknown>)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => entryOf(name, value as Record<string, unknown>, base, size, path))
  checkPlaces(entries, base, size, path)
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function entryOf(name: string, value: Record<string, unknown>, base: number, size: number, path: string): Entry {
  const { dtype, shape, data_offsets: range } = value ?? {}
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0)
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16')
    throw new Error(
      `${path}: expected ${name} as F32, F16 or BF16 numbers, got ${JSON.stringify(dtype)}, not supported`,
    )
  if (!whole(shape) || !whole(range) || range.length !== 2)
    throw new Error(
      `${path}: expected ${name} to have a shape and a byte range, got ${JSON.stringify(value).slice(0, 80)}`,
    )
  const [start, end] = range as [number, number]
  const wanted = shape.reduce((product, dim) => product * dim, 1) * bytesOf[dtype]
  if (end - start !== wanted)
    throw new Error(`${path}: expected ${wanted} bytes for ${name} of shape [${shape}] in ${dtype}, got ${end - start}`)
  if (base + end > size) throw cutOff(path, base + end, size, name)
  return { name, dtype, dims: shape, start: base + start, end: base + end }
}

/** Tensors lie one behind the other, from the header to the end of the file. */
function checkPlaces(entries: readonly Entry[], base: number, size: number, path: string): void {
  let [at, before] = [base, 'the header']
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at)
      throw new Error(
        `${path}: expected ${name} to begin at byte ${at}, where ${before} ends, got ${start}: ` +
          `${start < at ? 'they overlap' : 'the bytes between belong to no tensor'}. Write or download the file again.`,
      )
    ;[at, before] = [end, name]
  }
  if (at !== size)
    throw new Error(
      `${path}: expected the file to end at byte ${at}, where ${before} ends, got ${size - at} bytes more that belong to ` +
        'no tensor. Write or download the file again.',
    )
}

/** The error of a file that ends too early; `what` was expected to end at byte `expected`. */
export const cutOff = (path: string, expected: number, got: number, what: string): Error =>
  new Error(
    `${path}: expected at least ${expected} bytes, got ${got}: the file is cut off before the end of ${what}. ` +
      'Copy or download it again.',
  )

/** A file's JSON. Errors: other text, with its beginning; a name that stands in one object twice. */
export function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const json: unknown = JSON.parse(text)
    const twice = repeatedKey(text)
    if (twice === undefined) return json
    throw new Error(`${path}: expected each name once, got ${twice} twice. Write or download the file again.`)
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error
    const got = JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 40)))
    throw new Error(`${path}: expected a JSON header, got ${got}. Copy or download it again.`, { cause: error })
  }
}

/** A name that one object of a JSON text has twice: JSON.parse keeps the last and says nothing. */
function repeatedKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  let expectsKey = false
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (token.startsWith('"') && expectsKey) {
      const key = JSON.parse(token) as string
      if (open.at(-1)!.has(key)) return key
      open.at(-1)!.add(key)
    }
    expectsKey = token === '{' || (token === ',' && open.at(-1) !== undefined)
  }
  return undefined
}
