// `--set key=value`: changes one setting of a nested object by its dotted path, typed by the value that is there.
// Pure; settings are plain data (numbers, booleans, strings, null, arrays, objects).

/**
 * A copy of `settings` with each assignment applied. Example: `assign(settings, ['rounds.0.passes.0.rollouts=8'])`.
 * Errors: an unknown key (names the known ones and the nearest), a value of another type.
 */
export function assign<T>(settings: T, assignments: readonly string[]): T {
  const copy = structuredClone(settings)
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=')
    if (equals < 1) throw new Error(`Expected --set key=value, got "${assignment}"`)
    const key = assignment.slice(0, equals)
    const path = key.split('.')
    const holder = path.slice(0, -1).reduce<unknown>((at, part) => child(at, part, key), copy) as Record<
      string,
      unknown
    >
    const last = path.at(-1)!
    holder[last] = parse(assignment.slice(equals + 1), child(holder, last, key), key)
  }
  return copy
}

function child(at: unknown, part: string, key: string): unknown {
  if (typeof at === 'object' && at !== null && Object.hasOwn(at, part)) return (at as Record<string, unknown>)[part]
  const known = typeof at === 'object' && at !== null ? Object.keys(at) : []
  const nearest = known.map((name) => ({ name, d: distance(name, part) })).sort((a, b) => a.d - b.d)[0]
  const hint = nearest && nearest.d <= 3 ? ` Did you mean "${nearest.name}"?` : ''
  throw new Error(
    `Unknown setting "${part}" in --set ${key}.${hint} Known here: ${known.join(', ') || 'nothing (a plain value)'}`,
  )
}

function parse(text: string, current: unknown, key: string): unknown {
  const expected = Array.isArray(current) ? 'array' : current === null ? 'number' : typeof current
  let value: unknown = text
  if (expected !== 'string') {
    try {
      value = JSON.parse(text === 'Infinity' ? '1e999' : text)
    } catch (error) {
      throw new Error(`Expected a ${expected} for --set ${key}, got "${text}"`, { cause: error })
    }
  }
  const got = Array.isArray(value) ? 'array' : typeof value
  const fits = got === expected || (current === null && value === null)
  if (!fits) throw new Error(`Expected a ${expected} for --set ${key} (now ${JSON.stringify(current)}), got "${text}"`)
  return value
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}
