// Own parts that are misspelt, or are none, are refused before anything runs: people bring them from JavaScript too.
import { nearestName } from '../options/nearest-name.ts'

/** What each part must be able to do, by the names of its functions. */
const FUNCTIONS = {
  policy: ['propose', 'dispose'],
  ppm: ['score', 'dispose'],
  annotator: ['initial', 'reward'],
  grader: ['equivalent'],
  selection: ['select'],
  strategies: ['answer'],
} as const

export type PartKind = keyof typeof FUNCTIONS

/** Parts that may be a function which gives them. */
const MADE: ReadonlySet<string> = new Set<PartKind>(['policy', 'annotator'])
/** Parts that serve batches. */
const BATCHED: ReadonlySet<string> = new Set<PartKind>(['policy', 'ppm'])
/** What stages take beside own parts. */
const OTHERS = ['engine', 'verifier', 'onProgress', 'onStage', 'signal', 'rounds', 'page']

/**
 * Errors: a TypeError for a name that no stage takes (with the nearest one that it does), for strategies that are no list
 * or share a name, and those of `checkPart`.
 */
export function checkOwnParts(given: object): void {
  const known = [...Object.keys(FUNCTIONS), ...OTHERS]
  for (const [key, part] of Object.entries(given)) {
    if (!known.includes(key)) {
      const nearest = nearestName(known, key)
      const hint = nearest === null ? '' : ` Did you mean "${nearest}"?`
      throw new TypeError(`Unknown part "${key}".${hint} Known: ${known.join(', ')}`)
    }
    if (part === undefined || OTHERS.includes(key) || (typeof part === 'function' && MADE.has(key))) continue
    if (key === 'strategies' && !Array.isArray(part))
      throw new TypeError(`Expected \`strategies\` to be a list, got ${typeof part}`)
    for (const one of key === 'strategies' ? part : [part]) checkPart(key as PartKind, one)
    const names = key === 'strategies' ? part.map(({ name }: { name: string }) => name) : []
    const twice = names.find((name: string, i: number) => names.indexOf(name) < i)
    if (twice !== undefined) throw new TypeError(`Expected strategies of different names, got "${twice}" twice`)
  }
}

/**
 * Errors: a TypeError for what lacks a function of its contract or a name, which the run's files keep; for a policy or a PPM
 * that does not say how many requests it serves at once.
 */
export function checkPart(kind: PartKind, part: unknown): void {
  const members = Object(part) as Record<string, unknown>
  const missing = FUNCTIONS[kind].filter((name) => typeof members[name] !== 'function')
  if (missing.length > 0)
    throw new TypeError(`Expected \`${kind}\` to have the function ${missing.join(' and ')}, which it lacks`)
  const { name, batchSize } = members
  const isNamed = typeof name === 'string' && name.trim() !== '' && name !== '__proto__'
  if (!isNamed && !(kind === 'grader' && name === undefined))
    throw new TypeError(`Expected \`${kind}\` to have a name, which the run's files keep, got ${JSON.stringify(name)}`)
  if (BATCHED.has(kind) && !(typeof batchSize === 'number' && batchSize >= 1))
    throw new TypeError(`Expected the \`batchSize\` of \`${kind}\` to be a number from 1 up, got ${String(batchSize)}`)
}
