// Shares with their uncertainty: Wilson intervals, alone and by band of difficulty. Pure arithmetic. Assumes that the
// cases are independent; cases that share a problem (several pairs of one tree) make the true interval wider.

/** A share of cases with its interval. */
export interface Measure {
  /** The share itself, in [0, 1]. */
  readonly value: number
  /** Cases counted. Minimum: 1. */
  readonly n: number
  /** Lower end of the interval, in [0, value]. */
  readonly low: number
  /** Upper end of the interval, in [value, 1]. */
  readonly high: number
}

/** The bands of difficulty that reports tell apart. */
export const BANDS = ['easy', 'medium', 'hard'] as const
export type Band = (typeof BANDS)[number]

/** One share over all cases, and one for each band that has cases. */
export interface BandMeasures {
  readonly all: Measure
  readonly easy?: Measure
  readonly medium?: Measure
  readonly hard?: Measure
}

/**
 * Wilson score interval: `(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)` with `p = successes / n` (Wilson,
 * 1927), by default at 95 % (z = 1.96). `successes` may be a fraction: a sum of probabilities such as pass@k. Without
 * cases there is no share: `n = 0` gives undefined.
 * Errors: a RangeError unless `n` is an integer from 0 up and `successes` is in [0, n].
 * @example
 * wilson(8, 10) // { value: 0.8, n: 10, low: 0.49015684672072335, high: 0.9433190520193067 }
 * wilson(0, 0) // undefined
 */
export function wilson(successes: number, n: number, z = 1.96): Measure | undefined {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`Expected \`n\` to be an integer from 0 up, got \`${n}\``)
  if (!(successes >= 0 && successes <= n))
    throw new RangeError(`Expected \`successes\` to be from 0 to ${n}, got \`${successes}\``)
  if (n === 0) return undefined
  const p = successes / n
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n)
  // Rounding can leave an end a last bit inside the share when all or none succeed.
  return { value: p, n, low: Math.max(0, Math.min(p, centre - half)), high: Math.min(1, Math.max(p, centre + half)) }
}

/**
 * The share of `items` that are `right`, over all of them and by band, with 95 % Wilson intervals. A band without items
 * is absent; undefined when there are no items. `level` may be any word: those that name no band count in `all` only.
 * Errors: only those of `level` and `right`.
 * @example
 * const answers = [{ level: 'easy', right: true }, { level: 'hard', right: false }]
 * const share = bands(answers, ({ level }) => level, ({ right }) => right)
 * share?.all.value // 0.5
 * share?.medium // undefined
 */
export function bands<T>(
  items: Iterable<T>,
  level: (item: T) => string,
  right: (item: T) => boolean,
): BandMeasures | undefined {
  const counts = new Map<string, { n: number; right: number }>()
  const count = (name: string, isRight: boolean) => {
    const known = counts.get(name) ?? { n: 0, right: 0 }
    counts.set(name, { n: known.n + 1, right: known.right + Number(isRight) })
  }
  for (const item of items) {
    const isRight = right(item)
    const band = BANDS.find((name) => name === level(item))
    count('all', isRight)
    if (band) count(band, isRight)
  }
  const share = (name: string) => wilson(counts.get(name)?.right ?? 0, counts.get(name)?.n ?? 0)
  const all = share('all')
  if (all === undefined) return undefined
  const measured: { all: Measure } & { [band in Band]?: Measure } = { all }
  for (const band of BANDS) {
    const measure = share(band)
    if (measure !== undefined) measured[band] = measure
  }
  return measured
}

/** Two ways of answering compared problem by problem. */
export interface NetGain {
  /** Problems compared. */
  readonly n: number
  /** Problems that the first way answers wrong. */
  readonly missed: number
  /** Wrong the first way, right the second. */
  readonly gained: number
  /** Right the first way, wrong the second. */
  readonly lost: number
  /** `(gained - lost) / missed`, 0 when nothing was missed. Negative when more is lost than gained. */
  readonly net: number
}

/**
 * What the second way solves of the problems that the first misses, less what it breaks. Both lists: [problems], the
 * same problems in the same order.
 * Errors: a RangeError for lists of different lengths.
 * @example
 * netGain([true, false, false, false], [false, true, true, false]).net // 0.3333333333333333
 */
export function netGain(first: readonly boolean[], second: readonly boolean[]): NetGain {
  if (first.length !== second.length)
    throw new RangeError(`Expected two results of each problem, got ${first.length} and ${second.length}`)
  const missed = first.filter((right) => !right).length
  const gained = first.filter((right, i) => !right && second[i]!).length
  const lost = first.filter((right, i) => right && !second[i]!).length
  return { n: first.length, missed, gained, lost, net: missed === 0 ? 0 : (gained - lost) / missed }
}
