// `--set key=value`: changes one setting of a nested object by its dotted path, typed by the value that is there.
// Pure; settings are plain data (numbers, booleans, strings, null, arrays, objects).
import { nearestName } from '../options/nearest-name.ts'

/**
 * What changes of nested settings, in their own shape: absent fields stay. In the place of a list whose elements are objects
 * may stand an object, which changes all of them, or a list, which changes the elements in its places.
 */
export type Changes<T> = T extends readonly (infer Element extends object)[]
  ? Changes<Element> | readonly Changes<Element>[]
  : T extends readonly unknown[]
    ? T
    : T extends object
      ? { readonly [K in keyof T]?: Changes<T[K]> }
      : T

const isList = (value: unknown): value is readonly string[] => Array.isArray(value)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Changes in the settings' shape as assignments. */
function spelled(changes: unknown, current: unknown, path: string): string[] {
  const ofObjects = Array.isArray(current) && isObject(current[0])
  if (isObject(changes) && isObject(current) && (ofObjects || !Array.isArray(current))) {
    const inside = (name: string, at: unknown, value: unknown): string[] =>
      value === undefined ? [] : spelled(value, at, path === '' ? name : `${path}.${name}`)
    if (ofObjects && !Array.isArray(changes)) return inside('*', current[0], changes)
    return Object.entries(changes).flatMap(([name, value]) => inside(name, (current as Holder)[name], value))
  }
  return [`${path}=${typeof changes === 'string' ? changes : JSON.stringify(changes)}`]
}

/**
 * A copy of `settings` with each assignment applied; `*` stands for every element of a list.
 * Examples: `assign(settings, ['rounds.0.passes.0.rollouts=8'])`, `assign(settings, ['rounds.*.passes.0.width=4'])`,
 * `assign(settings, { heldOut: 4, rounds: { passes: { width: 4 } } })`.
 * Errors: an unknown key (names the known ones and the nearest), a value of another type, a number that is not finite.
 */
export function assign<T>(settings: T, changes: readonly string[] | Changes<NoInfer<T>>): T {
  const assignments = isList(changes) ? changes : spelled(changes, settings, '')
  // Through JSON, because two rounds may share one object, and a structured clone would keep them sharing it.
  const copy = JSON.parse(JSON.stringify(settings)) as T
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=')
    if (equals < 1) throw new Error(`Expected --set key=value, got "${assignment}"`)
    const key = assignment.slice(0, equals)
    const path = key.split('.')
    const last = path.pop()!
    const holders = path.reduce<readonly unknown[]>(
      (all, part) => all.flatMap((at) => names(at, part, key).map((name) => (at as Holder)[name])),
      [copy],
    )
    for (const holder of holders as Holder[])
      for (const name of names(holder, last, key)) holder[name] = parse(assignment.slice(equals + 1), holder[name], key)
  }
  return copy
}

type Holder = Record<string, unknown>

/** The keys that a part of a path means: itself, or all of a list. */
function names(at: unknown, part: string, key: string): string[] {
  const known = typeof at === 'object' && at !== null ? Object.keys(at) : []
  if (part === '*' && Array.isArray(at)) return known
  if (known.includes(part)) return [part]
  const nearest = nearestName(known, part)
  const hint = nearest === null ? '' : ` Did you mean "${nearest}"?`
  const place = known.length > 0 ? `Known here: ${known.join(', ')}` : 'There is nothing below a plain value'
  throw new Error(`Unknown setting "${part}" in --set ${key}.${hint} ${place}`)
}

function parse(text: string, current: unknown, key: string): unknown {
  const now = JSON.stringify(current)
  const told = `Expected ${described(current)} for --set ${key} (now ${now.length > 60 ? `${now.slice(0, 60)}…` : now})`
  if (typeof current === 'string') return text
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`${told}, got "${text}"`, { cause: error })
  }
  if (!fits(value, current)) throw new Error(`${told}, got "${text}"`)
  return value
}

/** Whether a value can stand where another one does: same types all the way down, same keys, lists of any length. */
function fits(value: unknown, current: unknown): boolean {
  const kind = kindOf(current)
  if (current === null) return value === null || typeof value === 'number'
  if (value === null) return kind === 'object' // a part that is switched off
  if (kindOf(value) !== kind) return false
  if (kind === 'number') return Number.isFinite(value)
  if (kind === 'array') {
    const [first] = current as unknown[]
    return first === undefined || (value as unknown[]).every((item) => item !== null && fits(item, first))
  }
  if (kind !== 'object') return true
  const [given, known] = [value as Record<string, unknown>, current as Record<string, unknown>]
  return (
    Object.keys(given).length === Object.keys(known).length &&
    Object.keys(known).every((name) => Object.hasOwn(given, name) && fits(given[name], known[name]))
  )
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value)

function described(current: unknown): string {
  if (current === null) return 'a number or null'
  switch (kindOf(current)) {
    case 'array':
      return 'a JSON list like the present one'
    case 'object':
      return 'null, or a JSON object with the same keys'
    default:
      return `a ${typeof current}`
  }
}
