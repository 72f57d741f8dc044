// Seeded random numbers. Every random choice in lib/ comes from here, named by what it is for, so that no choice
// depends on when or in which order other choices are made. Not for cryptography.

/** Uniform numbers in [0, 1), a new one at each call. `random` makes them from a seed. */
export type Random = () => number

/**
 * A 32-bit hash, in [0, 2^32), of a seed and the names that say what the numbers are for. Equal arguments, equal hash,
 * in every process. Of the seed, an integer, 32 bits count.
 * @example
 * seedOf(1, 'rollout', 'p1', 3) // 1940448388
 */
export function seedOf(seed: number, ...path: readonly (string | number)[]): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  for (const part of path) {
    const text = String(part)
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
    hash = Math.imul(hash ^ (hash >>> 15) ^ 0x2f, 0x2c1b3c6d) >>> 0
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39) >>> 0
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * A generator of uniform numbers (mulberry32, period 2^32) for one purpose, which the names after the seed tell. Of the
 * seed, an integer, 32 bits count. Not for cryptography.
 * @example
 * random(1, 'rollout', 'p1', 3)() // 0.11812381679192185
 */
export function random(seed: number, ...path: readonly (string | number)[]): Random {
  let state = seedOf(seed, ...path)
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A whole number in [0, n). */
export const below = (rng: Random, n: number): number => Math.floor(rng() * n)

/** One element of a list that is not empty. */
export function pick<T>(rng: Random, list: readonly T[]): T {
  if (list.length === 0)
    throw new RangeError('Expected a list with at least one element to pick from, got an empty one')
  return list[below(rng, list.length)]!
}

/** A new list in random order (Fisher-Yates). */
export function shuffled<T>(rng: Random, list: readonly T[]): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = below(rng, i + 1)
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}

/** A standard normal number (Box-Muller). */
export const normal = (rng: Random): number => Math.sqrt(-2 * Math.log(1 - rng())) * Math.cos(2 * Math.PI * rng())
